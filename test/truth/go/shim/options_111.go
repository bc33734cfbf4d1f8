//go:build cm1_11 || cm1_12 || cm1_13 || cm1_14 || cm1_15 || cm1_16 || cm1_17

package main

import (
	controllerpkg "github.com/cert-manager/cert-manager/pkg/controller"
)

func options(flags Flags) controllerpkg.IngressShimOptions {
	return controllerpkg.IngressShimOptions{
		DefaultIssuerName:                 flags.DefaultIssuerName,
		DefaultIssuerKind:                 flags.DefaultIssuerKind,
		DefaultIssuerGroup:                flags.DefaultIssuerGroup,
		DefaultAutoCertificateAnnotations: flags.AutoCertificateAnnotations,
	}
}
