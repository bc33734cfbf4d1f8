//go:build !cm1_11 && !cm1_12 && !cm1_13 && !cm1_14 && !cm1_15

package main

import (
	"context"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	kubefake "k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/record"

	"github.com/cert-manager/cert-manager/internal/controller/certificates/policies"
	internalinformers "github.com/cert-manager/cert-manager/internal/informers"
	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	controllerpkg "github.com/cert-manager/cert-manager/pkg/controller"
	triggerpkg "github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
)

func newTrigger(w *world, flags []string, evaluate policies.Func) trigger {
	kube := secretFactory{internalinformers.NewBaseKubeInformerFactory(kubefake.NewSimpleClientset(), 0, ""), w.secrets}
	options := &controllerpkg.Context{
		RootContext:               context.Background(),
		CMClient:                  w.client,
		Recorder:                  &record.FakeRecorder{},
		KubeSharedInformerFactory: kube,
		SharedInformerFactory:     w.shared,
	}
	options.Clock = w.now
	options.FieldManager = "truth"
	setBackoff(options, flags)
	controller, _, _, err := triggerpkg.NewController(logr.Discard(), options, evaluate)
	must(err)
	v1 := w.shared.Certmanager().V1()
	gatherer := policies.Gatherer{CertificateRequestLister: v1.CertificateRequests().Lister(), SecretLister: kube.Secrets().Lister()}
	return trigger{
		process: func(ctx context.Context, crt *cmapi.Certificate) error {
			return controller.ProcessItem(ctx, types.NamespacedName{Namespace: crt.Namespace, Name: crt.Name})
		},
		gather: func(ctx context.Context, crt *cmapi.Certificate) error {
			_, err := gatherer.DataForCertificate(ctx, crt)
			return err
		},
		owns: func(ctx context.Context, crt *cmapi.Certificate) bool {
			return ownsSecret(ctx, w, kube, crt)
		},
	}
}
