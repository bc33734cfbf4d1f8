//go:build cm1_11

package main

import (
	"time"

	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates"
)

func computeRenewalTime(notBefore, notAfter time.Time, crt *cmapi.Certificate) *time.Time {
	spec := crt.Spec
	t := certificates.RenewalTime(notBefore, notAfter, spec.RenewBefore)
	if t == nil {
		return nil
	}
	return &t.Time
}
