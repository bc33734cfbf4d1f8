//go:build cm1_20 || cm1_21

package main

import "github.com/cert-manager/cert-manager/internal/pem"

func setLimits(flags []string) {
	limits := pem.DefaultSizeLimits()
	pem.SetGlobalSizeLimits(pem.NewSizeLimitsFromConfig(
		intFlag(flags, "max-certificate-size", limits.MaxCertificateSize),
		intFlag(flags, "max-private-key-size", limits.MaxPrivateKeySize),
		intFlag(flags, "max-certificate-chain-length", limits.MaxChainLength),
		intFlag(flags, "max-certificate-bundle-size", limits.MaxBundleSize),
	))
}
