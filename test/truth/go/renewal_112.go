//go:build cm1_12 || cm1_13 || cm1_14 || cm1_15

package main

import (
	"time"

	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	"github.com/cert-manager/cert-manager/pkg/util/pki"
)

func computeRenewalTime(notBefore, notAfter time.Time, crt *cmapi.Certificate) *time.Time {
	spec := crt.Spec
	t := pki.RenewalTime(notBefore, notAfter, spec.RenewBefore)
	if t == nil {
		return nil
	}
	return &t.Time
}
