//go:build cm1_21

package main

import (
	"k8s.io/apimachinery/pkg/util/sets"

	controllerpkg "github.com/cert-manager/cert-manager/pkg/controller"
)

func options(flags Flags) controllerpkg.IngressShimOptions {
	return controllerpkg.IngressShimOptions{
		DefaultIssuerName:                 flags.DefaultIssuerName,
		DefaultIssuerKind:                 flags.DefaultIssuerKind,
		DefaultIssuerGroup:                flags.DefaultIssuerGroup,
		DefaultAutoCertificateAnnotations: flags.AutoCertificateAnnotations,
		ExtraCertificateAnnotations:       flags.ExtraCertificateAnnotations,
		GatewayAPIExtraProtocols:          sets.New(flags.GatewayExtraProtocols...),
	}
}
