//go:build cm1_17 || cm1_18

package main

import (
	"context"

	config "github.com/cert-manager/cert-manager/internal/apis/config/controller"
	"github.com/cert-manager/cert-manager/internal/controller/feature"
	"github.com/cert-manager/cert-manager/pkg/acme/accounts"
	"github.com/cert-manager/cert-manager/pkg/controller"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/cert-manager/cert-manager/pkg/metrics"
	utilfeature "github.com/cert-manager/cert-manager/pkg/util/feature"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/utils/clock"
)

func versionFlags(fs *pflag.FlagSet, c *config.ControllerConfiguration) {
	fs.BoolVar(&c.EnableGatewayAPI, "enable-gateway-api", c.EnableGatewayAPI, "")
}

// versionOptions supplies what the context factory did not yet make by itself.
func versionOptions(ctx context.Context, c *config.ControllerConfiguration, o *controller.ContextOptions) {
	o.Clock = clock.RealClock{}
	o.Metrics = metrics.New(logf.FromContext(ctx), clock.RealClock{})
	o.ACMEOptions.AccountRegistry = accounts.NewDefaultRegistry()
	o.ConfigOptions.EnableGatewayAPI = c.EnableGatewayAPI
}

func setupCollectors(*controller.Context, sets.Set[string]) {}

func applyGlobals(*config.ControllerConfiguration) {}

func gatewayEnabled(c *config.ControllerConfiguration) bool {
	return c.EnableGatewayAPI && utilfeature.DefaultFeatureGate.Enabled(feature.ExperimentalGatewayAPISupport)
}

func newLock(namespace string, base *controller.Context, lock resourcelock.ResourceLockConfig) (resourcelock.Interface, error) {
	return resourcelock.New(resourcelock.LeasesResourceLock, namespace, leaseName, base.Client.CoreV1(), base.Client.CoordinationV1(), lock)
}
