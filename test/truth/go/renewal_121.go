//go:build cm1_21

package main

import (
	"time"

	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	"github.com/cert-manager/cert-manager/pkg/util/pki"
)

func computeRenewalTime(notBefore, notAfter time.Time, crt *cmapi.Certificate) *time.Time {
	spec := crt.Spec
	disabled := looksAtDisabled && spec.Renewal != nil && spec.Renewal.Policy == cmapi.CertificateRenewalPolicyDisabled
	if acme := crt.Status.ACME; usesARI() && !disabled && acme != nil && acme.ARI != nil && acme.ARI.SuggestedWindow != nil {
		if start := acme.ARI.SuggestedWindow.Start; start != nil && !start.IsZero() && start.After(notBefore) {
			return &start.Time
		}
	}
	t, err := pki.RenewalTime(notBefore, notAfter, spec.RenewBefore, spec.RenewBeforePercentage, spec.Renewal)
	if t == nil || (err != nil && t.IsZero()) {
		return nil
	}
	return &t.Time
}
