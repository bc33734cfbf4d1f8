//go:build cm1_21

package main

import (
	"context"

	config "github.com/cert-manager/cert-manager/internal/apis/config/controller"
	"github.com/cert-manager/cert-manager/internal/controller/feature"
	"github.com/cert-manager/cert-manager/internal/pem"
	"github.com/cert-manager/cert-manager/pkg/controller"
	"github.com/cert-manager/cert-manager/pkg/controller/clusterissuers"
	utilfeature "github.com/cert-manager/cert-manager/pkg/util/feature"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

func versionFlags(fs *pflag.FlagSet, c *config.ControllerConfiguration) {
	fs.BoolVar(&c.GatewayAPIConfig.Enabled, "enable-gateway-api", c.GatewayAPIConfig.Enabled, "")
	fs.BoolVar(&c.GatewayAPIConfig.EnableListenerSet, "enable-gateway-api-listenerset", c.GatewayAPIConfig.EnableListenerSet, "")
	fs.DurationVar(&c.CertificateRequestMinimumBackoffDuration, "certificate-request-minimum-backoff-duration", c.CertificateRequestMinimumBackoffDuration, "")
	fs.DurationVar(&c.CertificateRequestMaximumBackoffDuration, "certificate-request-maximum-backoff-duration", c.CertificateRequestMaximumBackoffDuration, "")
	fs.StringSliceVar(&c.IngressShimConfig.ExtraCertificateAnnotations, "extra-certificate-annotations", c.IngressShimConfig.ExtraCertificateAnnotations, "")
}

func versionOptions(_ context.Context, c *config.ControllerConfiguration, o *controller.ContextOptions) {
	o.ConfigOptions.EnableGatewayAPI = c.GatewayAPIConfig.Enabled
	o.ConfigOptions.EnableGatewayAPIListenerSet = c.GatewayAPIConfig.EnableListenerSet
	o.IngressShimOptions.ExtraCertificateAnnotations = c.IngressShimConfig.ExtraCertificateAnnotations
	o.CertificateOptions.CertificateRequestMinimumBackoffDuration = c.CertificateRequestMinimumBackoffDuration
	o.CertificateOptions.CertificateRequestMaximumBackoffDuration = c.CertificateRequestMaximumBackoffDuration
}

func setupCollectors(base *controller.Context, enabled sets.Set[string]) {
	informers := base.SharedInformerFactory
	base.Metrics.SetupACMECollector(informers.Acme().V1().Challenges().Lister())
	base.Metrics.SetupCertificateCollector(informers.Certmanager().V1().Certificates().Lister())
	base.Metrics.SetupIssuerCollector(informers.Certmanager().V1().Issuers().Lister())
	if enabled.Has(clusterissuers.ControllerName) {
		base.Metrics.SetupClusterIssuerCollector(informers.Certmanager().V1().ClusterIssuers().Lister())
	}
}

func applyGlobals(c *config.ControllerConfiguration) {
	l := c.PEMSizeLimitsConfig
	pem.SetGlobalSizeLimits(pem.NewSizeLimitsFromConfig(l.MaxCertificateSize, l.MaxPrivateKeySize, l.MaxChainLength, l.MaxBundleSize))
}

func gatewayEnabled(c *config.ControllerConfiguration) bool {
	return c.GatewayAPIConfig.Enabled && utilfeature.DefaultFeatureGate.Enabled(feature.ExperimentalGatewayAPISupport)
}

func newLock(namespace string, base *controller.Context, lock resourcelock.ResourceLockConfig) (resourcelock.Interface, error) {
	return resourcelock.NewWithLabels(resourcelock.LeasesResourceLock, namespace, leaseName, base.Client.CoreV1(), base.Client.CoordinationV1(), lock,
		map[string]string{"app.kubernetes.io/managed-by": "cert-manager"})
}
