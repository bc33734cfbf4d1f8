package main

import (
	"context"
	"errors"
	"os"

	config "github.com/cert-manager/cert-manager/internal/apis/config/controller"
	"github.com/cert-manager/cert-manager/pkg/controller"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

const leaseName = "cert-manager-controller"

// lead takes part in the election for the lease cert-manager-controller, closes elected when it is won, and gives
// the lease back when the context ends. In a Pod the hostname is the Pod's name; here POD_NAME stands for it.
func lead(ctx context.Context, cfg *config.ControllerConfiguration, base *controller.Context, health *leaderelection.HealthzAdaptor, elected chan<- struct{}) error {
	host := os.Getenv("POD_NAME")
	if host == "" {
		var err error
		if host, err = os.Hostname(); err != nil {
			return err
		}
	}
	lock, err := newLock(cfg.LeaderElectionConfig.Namespace, base, resourcelock.ResourceLockConfig{
		Identity:      host + "-external-cert-manager-controller",
		EventRecorder: base.Recorder,
	})
	if err != nil {
		return err
	}
	lost := make(chan error, 1)
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock:            lock,
		LeaseDuration:   cfg.LeaderElectionConfig.LeaseDuration,
		RenewDeadline:   cfg.LeaderElectionConfig.RenewDeadline,
		RetryPeriod:     cfg.LeaderElectionConfig.RetryPeriod,
		ReleaseOnCancel: true,
		WatchDog:        health,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { close(elected) },
			OnStoppedLeading: func() {
				if ctx.Err() == nil {
					lost <- errors.New("leader election lost")
				}
			},
		},
	})
	if err != nil {
		return err
	}
	elector.Run(ctx)
	select {
	case err := <-lost:
		return err
	default:
		return nil
	}
}
