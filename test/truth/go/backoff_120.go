//go:build cm1_20

package main

import (
	"time"

	controllerpkg "github.com/cert-manager/cert-manager/pkg/controller"
)

func setBackoff(options *controllerpkg.Context, flags []string) {
	options.CertificateRequestMinimumBackoffDuration = durationFlag(flags, "certificate-request-minimum-backoff-duration", time.Hour)
}
