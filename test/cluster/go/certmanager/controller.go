package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	config "github.com/cert-manager/cert-manager/internal/apis/config/controller"
	configscheme "github.com/cert-manager/cert-manager/internal/apis/config/controller/scheme"
	"github.com/cert-manager/cert-manager/internal/apis/config/controller/validation"
	configv1alpha1 "github.com/cert-manager/cert-manager/pkg/apis/config/controller/v1alpha1"
	"github.com/cert-manager/cert-manager/pkg/controller"
	"github.com/cert-manager/cert-manager/pkg/healthz"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/acme"
	dnsutil "github.com/cert-manager/cert-manager/pkg/issuer/acme/dns/util"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/vault"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/venafi"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/resource"
)

func runController(ctx context.Context, args []string) error {
	cfg := &config.ControllerConfiguration{}
	if err := controllerDefaults(cfg); err != nil {
		return err
	}
	flags := pflag.NewFlagSet("controller", pflag.ContinueOnError)
	controllerFlags(flags, cfg)
	versionFlags(flags, cfg)
	if err := parseFlags(flags, args, &cfg.FeatureGates, &cfg.Logging); err != nil {
		return err
	}
	if errs := validation.ValidateControllerConfiguration(cfg, nil); len(errs) > 0 {
		return errs.ToAggregate()
	}
	applyGlobals(cfg)
	options, err := contextOptions(cfg)
	if err != nil {
		return err
	}
	return serve(ctx, cfg, options)
}

// serve holds the servers, waits for the lease and then runs the enabled controllers until the context ends.
func serve(ctx context.Context, cfg *config.ControllerConfiguration, options controller.ContextOptions) error {
	group, ctx := errgroup.WithContext(ctx)
	versionOptions(ctx, cfg, &options)
	factory, err := controller.NewContextFactory(ctx, options)
	if err != nil {
		return err
	}
	base, err := factory.Build()
	if err != nil {
		return err
	}
	enabled := enabledControllers(cfg)
	setupCollectors(base, enabled)

	metricsListener, err := net.Listen("tcp", cfg.MetricsListenAddress)
	if err != nil {
		return fmt.Errorf("metrics address: %w", err)
	}
	metrics := base.Metrics.NewServer(metricsListener)
	group.Go(func() error {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		return metrics.Shutdown(end)
	})
	group.Go(func() error {
		if err := metrics.Serve(metricsListener); err != http.ErrServerClosed {
			return err
		}
		return nil
	})

	healthListener, err := net.Listen("tcp", cfg.HealthzListenAddress)
	if err != nil {
		return fmt.Errorf("healthz address: %w", err)
	}
	health := healthz.NewServer(cfg.LeaderElectionConfig.HealthzTimeout)
	group.Go(func() error { return health.Start(ctx, healthListener) })

	elected := make(chan struct{})
	if cfg.LeaderElectionConfig.Enabled {
		electionContext, err := factory.Build("leader-election")
		if err != nil {
			return err
		}
		group.Go(func() error { return lead(ctx, cfg, electionContext, health.LeaderHealthzAdaptor, elected) })
	} else {
		close(elected)
	}
	select {
	case <-ctx.Done():
		return group.Wait()
	case <-elected:
	}

	log := logf.FromContext(ctx)
	for name, construct := range controller.Known() {
		if !enabled.Has(name) {
			continue
		}
		one, err := construct(factory)
		if err != nil {
			return fmt.Errorf("controller %s: %w", name, err)
		}
		log.V(logf.InfoLevel).Info("starting controller", "controller", name)
		group.Go(func() error { return one.Run(cfg.NumberOfConcurrentWorkers, ctx) })
	}
	base.SharedInformerFactory.Start(ctx.Done())
	base.KubeSharedInformerFactory.Start(ctx.Done())
	base.HTTP01ResourceMetadataInformersFactory.Start(ctx.Done())
	if gatewayEnabled(cfg) {
		base.GWShared.Start(ctx.Done())
	}
	return group.Wait()
}

// controllerDefaults fills in upstream's own defaults.
func controllerDefaults(cfg *config.ControllerConfiguration) error {
	scheme, _, err := configscheme.NewSchemeAndCodecs()
	if err != nil {
		return err
	}
	versioned := &configv1alpha1.ControllerConfiguration{}
	scheme.Default(versioned)
	return scheme.Convert(versioned, cfg, nil)
}

// contextOptions turns the configuration into what every version's controllers take.
func contextOptions(cfg *config.ControllerConfiguration) (controller.ContextOptions, error) {
	quantities := map[string]*resource.Quantity{}
	for _, text := range []string{
		cfg.ACMEHTTP01Config.SolverResourceRequestCPU, cfg.ACMEHTTP01Config.SolverResourceRequestMemory,
		cfg.ACMEHTTP01Config.SolverResourceLimitsCPU, cfg.ACMEHTTP01Config.SolverResourceLimitsMemory,
	} {
		quantity, err := resource.ParseQuantity(text)
		if err != nil {
			return controller.ContextOptions{}, fmt.Errorf("solver resource %q: %w", text, err)
		}
		quantities[text] = &quantity
	}
	nameservers := cfg.ACMEDNS01Config.RecursiveNameservers
	if len(nameservers) == 0 {
		nameservers = dnsutil.RecursiveNameservers
	}
	return controller.ContextOptions{
		Kubeconfig:         cfg.KubeConfig,
		APIServerHost:      cfg.APIServerHost,
		KubernetesAPIQPS:   cfg.KubernetesAPIQPS,
		KubernetesAPIBurst: cfg.KubernetesAPIBurst,
		Namespace:          cfg.Namespace,
		ACMEOptions: controller.ACMEOptions{
			HTTP01SolverImage:                 cfg.ACMEHTTP01Config.SolverImage,
			HTTP01SolverResourceRequestCPU:    *quantities[cfg.ACMEHTTP01Config.SolverResourceRequestCPU],
			HTTP01SolverResourceRequestMemory: *quantities[cfg.ACMEHTTP01Config.SolverResourceRequestMemory],
			HTTP01SolverResourceLimitsCPU:     *quantities[cfg.ACMEHTTP01Config.SolverResourceLimitsCPU],
			HTTP01SolverResourceLimitsMemory:  *quantities[cfg.ACMEHTTP01Config.SolverResourceLimitsMemory],
			ACMEHTTP01SolverRunAsNonRoot:      cfg.ACMEHTTP01Config.SolverRunAsNonRoot,
			HTTP01SolverNameservers:           cfg.ACMEHTTP01Config.SolverNameservers,
			DNS01Nameservers:                  nameservers,
			DNS01CheckRetryPeriod:             cfg.ACMEDNS01Config.CheckRetryPeriod,
			DNS01CheckAuthoritative:           !cfg.ACMEDNS01Config.RecursiveNameserversOnly,
		},
		IssuerOptions: controller.IssuerOptions{
			ClusterResourceNamespace:        cfg.ClusterResourceNamespace,
			ClusterIssuerAmbientCredentials: cfg.ClusterIssuerAmbientCredentials,
			IssuerAmbientCredentials:        cfg.IssuerAmbientCredentials,
		},
		IngressShimOptions: controller.IngressShimOptions{
			DefaultIssuerName:                 cfg.IngressShimConfig.DefaultIssuerName,
			DefaultIssuerKind:                 cfg.IngressShimConfig.DefaultIssuerKind,
			DefaultIssuerGroup:                cfg.IngressShimConfig.DefaultIssuerGroup,
			DefaultAutoCertificateAnnotations: cfg.IngressShimConfig.DefaultAutoCertificateAnnotations,
		},
		CertificateOptions: controller.CertificateOptions{
			EnableOwnerRef:           cfg.EnableCertificateOwnerRef,
			CopiedAnnotationPrefixes: cfg.CopiedAnnotationPrefixes,
		},
		SchedulerOptions: controller.SchedulerOptions{MaxConcurrentChallenges: cfg.MaxConcurrentChallenges},
	}, nil
}
