//go:build cm1_16 || cm1_17 || cm1_18 || cm1_19 || cm1_20

package main

import (
	"time"

	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	"github.com/cert-manager/cert-manager/pkg/util/pki"
)

func computeRenewalTime(notBefore, notAfter time.Time, crt *cmapi.Certificate) *time.Time {
	spec := crt.Spec
	t := pki.RenewalTime(notBefore, notAfter, spec.RenewBefore, spec.RenewBeforePercentage)
	if t == nil {
		return nil
	}
	return &t.Time
}
