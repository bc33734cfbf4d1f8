//go:build cm1_20

package main

import (
	"time"

	controllerpkg "github.com/cert-manager/cert-manager/pkg/controller"
)

func setBackoff(options *controllerpkg.Context) {
	options.CertificateRequestMinimumBackoffDuration = time.Hour
}
