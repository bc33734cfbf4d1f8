// Command certmanager runs one of cert-manager's three programs (controller, webhook, cainjector) in one binary.
//
// The upstream commands are Go modules of their own that the module proxy does not serve, so this is a short main
// over the same library packages. It takes the arguments that the Helm chart gives the containers and uses
// upstream's own defaults. It is part of the tests and never shipped.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	logf "github.com/cert-manager/cert-manager/pkg/logs"
	utilfeature "github.com/cert-manager/cert-manager/pkg/util/feature"
	"github.com/spf13/pflag"
	logsapi "k8s.io/component-base/logs/api/v1"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("usage: certmanager controller|webhook|cainjector [flags]"))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	component, args := os.Args[1], os.Args[2:]
	logf.InitLogs()
	ctx = logf.NewContext(ctx, logf.Log, component)

	var err error
	switch component {
	case "controller":
		err = runController(ctx, args)
	case "webhook":
		err = runWebhook(ctx, args)
	case "cainjector":
		err = runCAInjector(ctx, args)
	default:
		err = fmt.Errorf("unknown component %q", component)
	}
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "certmanager:", err)
	os.Exit(1)
}

// parseFlags reads the arguments, then switches on the feature gates and the logging that they ask for.
func parseFlags(flags *pflag.FlagSet, args []string, gates *map[string]bool, logging *logsapi.LoggingConfiguration) error {
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := utilfeature.DefaultMutableFeatureGate.SetFromMap(*gates); err != nil {
		return err
	}
	return logf.ValidateAndApply(logging)
}
