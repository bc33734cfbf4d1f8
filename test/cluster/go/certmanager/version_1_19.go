//go:build cm1_19

package main

import (
	"context"

	config "github.com/cert-manager/cert-manager/internal/apis/config/controller"
	"github.com/cert-manager/cert-manager/internal/controller/feature"
	"github.com/cert-manager/cert-manager/pkg/controller"
	utilfeature "github.com/cert-manager/cert-manager/pkg/util/feature"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

func versionFlags(fs *pflag.FlagSet, c *config.ControllerConfiguration) {
	fs.BoolVar(&c.EnableGatewayAPI, "enable-gateway-api", c.EnableGatewayAPI, "")
}

func versionOptions(_ context.Context, c *config.ControllerConfiguration, o *controller.ContextOptions) {
	o.ConfigOptions.EnableGatewayAPI = c.EnableGatewayAPI
	o.IngressShimOptions.ExtraCertificateAnnotations = c.IngressShimConfig.ExtraCertificateAnnotations
}

func setupCollectors(base *controller.Context, _ sets.Set[string]) {
	base.Metrics.SetupACMECollector(base.SharedInformerFactory.Acme().V1().Challenges().Lister())
	base.Metrics.SetupCertificateCollector(base.SharedInformerFactory.Certmanager().V1().Certificates().Lister())
}

func applyGlobals(*config.ControllerConfiguration) {}

func gatewayEnabled(c *config.ControllerConfiguration) bool {
	return c.EnableGatewayAPI && utilfeature.DefaultFeatureGate.Enabled(feature.ExperimentalGatewayAPISupport)
}

func newLock(namespace string, base *controller.Context, lock resourcelock.ResourceLockConfig) (resourcelock.Interface, error) {
	return resourcelock.New(resourcelock.LeasesResourceLock, namespace, leaseName, base.Client.CoreV1(), base.Client.CoordinationV1(), lock)
}
