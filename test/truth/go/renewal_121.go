//go:build cm1_21

package main

import (
	"time"

	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	"github.com/cert-manager/cert-manager/pkg/util/pki"
)

func computeRenewalTime(notBefore, notAfter time.Time, spec cmapi.CertificateSpec) *time.Time {
	t, err := pki.RenewalTime(notBefore, notAfter, spec.RenewBefore, spec.RenewBeforePercentage, spec.Renewal)
	if t == nil || (err != nil && t.IsZero()) {
		return nil
	}
	return &t.Time
}
