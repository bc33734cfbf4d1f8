//go:build cm1_21

package main

import (
	"time"

	controllerpkg "github.com/cert-manager/cert-manager/pkg/controller"
)

func setBackoff(options *controllerpkg.Context) {
	options.CertificateRequestMinimumBackoffDuration = time.Hour
	options.CertificateRequestMaximumBackoffDuration = 32 * time.Hour
}
