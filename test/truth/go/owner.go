//go:build !cm1_11 && !cm1_12 && !noowner

package main

import (
	"context"

	internalcertificates "github.com/cert-manager/cert-manager/internal/controller/certificates"
	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
)

func ownsSecret(ctx context.Context, w *world, kube secretFactory, crt *cmapi.Certificate) bool {
	owner, _, err := internalcertificates.CertificateOwnsSecret(ctx, w.shared.Certmanager().V1().Certificates().Lister(), kube.Secrets().Lister(), crt)
	must(err)
	return owner
}
