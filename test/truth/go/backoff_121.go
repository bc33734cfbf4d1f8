//go:build cm1_21

package main

import (
	"time"

	controllerpkg "github.com/cert-manager/cert-manager/pkg/controller"
)

func setBackoff(options *controllerpkg.Context, flags []string) {
	options.CertificateRequestMinimumBackoffDuration = durationFlag(flags, "certificate-request-minimum-backoff-duration", time.Hour)
	options.CertificateRequestMaximumBackoffDuration = durationFlag(flags, "certificate-request-maximum-backoff-duration", 32*time.Hour)
}
