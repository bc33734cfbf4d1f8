//go:build cm1_11

package main

import (
	"context"

	"github.com/go-logr/logr"
	"k8s.io/client-go/informers"
	kubefake "k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/record"

	"github.com/cert-manager/cert-manager/internal/controller/certificates/policies"
	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	triggerpkg "github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
)

// One factory for all triggers, so that they share the index that we fill.
var kube = informers.NewSharedInformerFactory(kubefake.NewSimpleClientset(), 0)

func newTrigger(w *world, _ []string, evaluate policies.Func) trigger {
	secrets := kube.Core().V1().Secrets()
	w.secrets = secrets.Informer().GetIndexer()
	controller, _, _ := triggerpkg.NewController(logr.Discard(), w.client, kube, w.shared, &record.FakeRecorder{}, w.now, evaluate, "truth")
	gatherer := policies.Gatherer{CertificateRequestLister: w.shared.Certmanager().V1().CertificateRequests().Lister(), SecretLister: secrets.Lister()}
	return trigger{
		process: func(ctx context.Context, crt *cmapi.Certificate) error {
			return controller.ProcessItem(ctx, crt.Namespace+"/"+crt.Name)
		},
		gather: func(ctx context.Context, crt *cmapi.Certificate) error {
			_, err := gatherer.DataForCertificate(ctx, crt)
			return err
		},
		owns: func(context.Context, *cmapi.Certificate) bool { return true },
	}
}
