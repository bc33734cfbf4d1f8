//go:build cm1_20

package main

import (
	"context"

	config "github.com/cert-manager/cert-manager/internal/apis/config/controller"
	"github.com/cert-manager/cert-manager/internal/controller/feature"
	"github.com/cert-manager/cert-manager/internal/pem"
	"github.com/cert-manager/cert-manager/pkg/controller"
	utilfeature "github.com/cert-manager/cert-manager/pkg/util/feature"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

func versionFlags(fs *pflag.FlagSet, c *config.ControllerConfiguration) {
	fs.BoolVar(&c.EnableGatewayAPI, "enable-gateway-api", c.EnableGatewayAPI, "")
	fs.BoolVar(&c.EnableGatewayAPIListenerSet, "enable-gateway-api-listenerset", c.EnableGatewayAPIListenerSet, "")
	fs.DurationVar(&c.CertificateRequestMinimumBackoffDuration, "certificate-request-minimum-backoff-duration", c.CertificateRequestMinimumBackoffDuration, "")
	fs.StringSliceVar(&c.IngressShimConfig.ExtraCertificateAnnotations, "extra-certificate-annotations", c.IngressShimConfig.ExtraCertificateAnnotations, "")
}

func versionOptions(_ context.Context, c *config.ControllerConfiguration, o *controller.ContextOptions) {
	o.ConfigOptions.EnableGatewayAPI = c.EnableGatewayAPI
	o.ConfigOptions.EnableGatewayAPIListenerSet = c.EnableGatewayAPIListenerSet
	o.IngressShimOptions.ExtraCertificateAnnotations = c.IngressShimConfig.ExtraCertificateAnnotations
	o.CertificateOptions.CertificateRequestMinimumBackoffDuration = c.CertificateRequestMinimumBackoffDuration
}

func setupCollectors(base *controller.Context, _ sets.Set[string]) {
	informers := base.SharedInformerFactory
	base.Metrics.SetupACMECollector(informers.Acme().V1().Challenges().Lister())
	base.Metrics.SetupCertificateCollector(informers.Certmanager().V1().Certificates().Lister())
	base.Metrics.SetupIssuerCollector(informers.Certmanager().V1().Issuers().Lister())
	base.Metrics.SetupClusterIssuerCollector(informers.Certmanager().V1().ClusterIssuers().Lister())
}

func applyGlobals(c *config.ControllerConfiguration) {
	l := c.PEMSizeLimitsConfig
	pem.SetGlobalSizeLimits(pem.NewSizeLimitsFromConfig(l.MaxCertificateSize, l.MaxPrivateKeySize, l.MaxChainLength, l.MaxBundleSize))
}

func gatewayEnabled(c *config.ControllerConfiguration) bool {
	return c.EnableGatewayAPI && utilfeature.DefaultFeatureGate.Enabled(feature.ExperimentalGatewayAPISupport)
}

func newLock(namespace string, base *controller.Context, lock resourcelock.ResourceLockConfig) (resourcelock.Interface, error) {
	return resourcelock.New(resourcelock.LeasesResourceLock, namespace, leaseName, base.Client.CoreV1(), base.Client.CoordinationV1(), lock)
}
