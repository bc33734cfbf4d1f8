//go:build cm1_18 || cm1_19 || cm1_20

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
		ExtraCertificateAnnotations:       flags.ExtraCertificateAnnotations,
	}
}
