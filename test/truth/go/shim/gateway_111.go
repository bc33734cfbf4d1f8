//go:build cm1_11 || cm1_12 || cm1_13

package main

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwapi "sigs.k8s.io/gateway-api/apis/v1beta1"
)

func readGateway(raw []byte) *gwapi.Gateway {
	var gateway gwapi.Gateway
	must(json.Unmarshal(raw, &gateway))
	setDefaults(gateway.Spec.Listeners)
	return &gateway
}

// setDefaults fills in what the API server does, as the Gateway API's CRDs say; the shim crashes without.
func setDefaults(listeners []gwapi.Listener) {
	for _, listener := range listeners {
		if listener.TLS == nil {
			continue
		}
		if listener.TLS.Mode == nil {
			mode := gwapi.TLSModeType("Terminate")
			listener.TLS.Mode = &mode
		}
		for i := range listener.TLS.CertificateRefs {
			ref := &listener.TLS.CertificateRefs[i]
			if ref.Group == nil {
				group := gwapi.Group("")
				ref.Group = &group
			}
			if ref.Kind == nil {
				kind := gwapi.Kind("Secret")
				ref.Kind = &kind
			}
		}
	}
}

func readListenerSet(json.RawMessage, json.RawMessage) (metav1.Object, bool) { return nil, false }
