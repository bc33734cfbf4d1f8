package main

import (
	"strings"

	config "github.com/cert-manager/cert-manager/internal/apis/config/controller"
	defaults "github.com/cert-manager/cert-manager/internal/apis/config/controller/v1alpha1"
	"github.com/cert-manager/cert-manager/internal/controller/feature"
	gateways "github.com/cert-manager/cert-manager/pkg/controller/certificate-shim/gateways"
	"github.com/cert-manager/cert-manager/pkg/controller/clusterissuers"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	utilfeature "github.com/cert-manager/cert-manager/pkg/util/feature"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/sets"
	cliflag "k8s.io/component-base/cli/flag"
)

// controllerFlags defines the flags that every supported version has.
func controllerFlags(fs *pflag.FlagSet, c *config.ControllerConfiguration) {
	fs.StringVar(&c.KubeConfig, "kubeconfig", c.KubeConfig, "")
	fs.StringVar(&c.APIServerHost, "master", c.APIServerHost, "")
	fs.Float32Var(&c.KubernetesAPIQPS, "kube-api-qps", c.KubernetesAPIQPS, "")
	fs.IntVar(&c.KubernetesAPIBurst, "kube-api-burst", c.KubernetesAPIBurst, "")
	fs.StringVar(&c.Namespace, "namespace", c.Namespace, "")
	fs.StringVar(&c.ClusterResourceNamespace, "cluster-resource-namespace", c.ClusterResourceNamespace, "")
	fs.StringSliceVar(&c.Controllers, "controllers", c.Controllers, "")
	fs.BoolVar(&c.EnableCertificateOwnerRef, "enable-certificate-owner-ref", c.EnableCertificateOwnerRef, "")
	fs.StringSliceVar(&c.CopiedAnnotationPrefixes, "copied-annotation-prefixes", c.CopiedAnnotationPrefixes, "")
	fs.IntVar(&c.NumberOfConcurrentWorkers, "concurrent-workers", c.NumberOfConcurrentWorkers, "")
	fs.IntVar(&c.MaxConcurrentChallenges, "max-concurrent-challenges", c.MaxConcurrentChallenges, "")
	fs.StringVar(&c.MetricsListenAddress, "metrics-listen-address", c.MetricsListenAddress, "")
	fs.StringVar(&c.HealthzListenAddress, "internal-healthz-listen-address", c.HealthzListenAddress, "")
	fs.BoolVar(&c.ClusterIssuerAmbientCredentials, "cluster-issuer-ambient-credentials", c.ClusterIssuerAmbientCredentials, "")
	fs.BoolVar(&c.IssuerAmbientCredentials, "issuer-ambient-credentials", c.IssuerAmbientCredentials, "")

	election := &c.LeaderElectionConfig
	fs.BoolVar(&election.Enabled, "leader-elect", election.Enabled, "")
	fs.StringVar(&election.Namespace, "leader-election-namespace", election.Namespace, "")
	fs.DurationVar(&election.LeaseDuration, "leader-election-lease-duration", election.LeaseDuration, "")
	fs.DurationVar(&election.RenewDeadline, "leader-election-renew-deadline", election.RenewDeadline, "")
	fs.DurationVar(&election.RetryPeriod, "leader-election-retry-period", election.RetryPeriod, "")

	http01 := &c.ACMEHTTP01Config
	fs.StringVar(&http01.SolverImage, "acme-http01-solver-image", http01.SolverImage, "")
	fs.StringVar(&http01.SolverResourceRequestCPU, "acme-http01-solver-resource-request-cpu", http01.SolverResourceRequestCPU, "")
	fs.StringVar(&http01.SolverResourceRequestMemory, "acme-http01-solver-resource-request-memory", http01.SolverResourceRequestMemory, "")
	fs.StringVar(&http01.SolverResourceLimitsCPU, "acme-http01-solver-resource-limits-cpu", http01.SolverResourceLimitsCPU, "")
	fs.StringVar(&http01.SolverResourceLimitsMemory, "acme-http01-solver-resource-limits-memory", http01.SolverResourceLimitsMemory, "")
	fs.BoolVar(&http01.SolverRunAsNonRoot, "acme-http01-solver-run-as-non-root", http01.SolverRunAsNonRoot, "")
	fs.StringSliceVar(&http01.SolverNameservers, "acme-http01-solver-nameservers", http01.SolverNameservers, "")

	dns01 := &c.ACMEDNS01Config
	fs.StringSliceVar(&dns01.RecursiveNameservers, "dns01-recursive-nameservers", dns01.RecursiveNameservers, "")
	fs.BoolVar(&dns01.RecursiveNameserversOnly, "dns01-recursive-nameservers-only", dns01.RecursiveNameserversOnly, "")
	fs.DurationVar(&dns01.CheckRetryPeriod, "dns01-check-retry-period", dns01.CheckRetryPeriod, "")

	shim := &c.IngressShimConfig
	fs.StringVar(&shim.DefaultIssuerName, "default-issuer-name", shim.DefaultIssuerName, "")
	fs.StringVar(&shim.DefaultIssuerKind, "default-issuer-kind", shim.DefaultIssuerKind, "")
	fs.StringVar(&shim.DefaultIssuerGroup, "default-issuer-group", shim.DefaultIssuerGroup, "")
	fs.StringSliceVar(&shim.DefaultAutoCertificateAnnotations, "auto-certificate-annotations", shim.DefaultAutoCertificateAnnotations, "")

	fs.Var(cliflag.NewMapStringBool(&c.FeatureGates), "feature-gates", "")
	logf.AddFlags(&c.Logging, fs)
}

// enabledControllers reads --controllers as upstream does: "*" stands for the default ones, "-name" takes one away,
// and a list of removals alone implies "*".
func enabledControllers(cfg *config.ControllerConfiguration) sets.Set[string] {
	enabled, removed := sets.New[string](), []string{}
	for _, name := range cfg.Controllers {
		switch {
		case name == "*":
			enabled.Insert(defaults.DefaultEnabledControllers...)
		case strings.HasPrefix(name, "-"):
			removed = append(removed, strings.TrimPrefix(name, "-"))
		default:
			enabled.Insert(name)
		}
	}
	if enabled.Len() == 0 && len(removed) > 0 {
		enabled.Insert(defaults.DefaultEnabledControllers...)
	}
	if utilfeature.DefaultFeatureGate.Enabled(feature.ExperimentalCertificateSigningRequestControllers) {
		enabled.Insert(defaults.ExperimentalCertificateSigningRequestControllers...)
	}
	if gatewayEnabled(cfg) {
		enabled.Insert(gateways.ControllerName)
	}
	if cfg.Namespace != "" {
		enabled.Delete(clusterissuers.ControllerName)
	}
	return enabled.Delete(removed...)
}
