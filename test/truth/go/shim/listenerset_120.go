//go:build cm1_20 || cm1_21

package main

import (
	"encoding/json"
	_ "unsafe" // for go:linkname

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwapi "sigs.k8s.io/gateway-api/apis/v1"

	_ "github.com/cert-manager/cert-manager/pkg/controller/certificate-shim/listenerset"
)

//go:linkname inheritAnnotations github.com/cert-manager/cert-manager/pkg/controller/certificate-shim/listenerset.inheritAnnotations
func inheritAnnotations(*gwapi.ListenerSet, *gwapi.Gateway)

// readListenerSet does what ProcessItem of the listenerset controller, which is not exported, does before the sync.
func readListenerSet(raw, parent json.RawMessage) (metav1.Object, bool) {
	var set gwapi.ListenerSet
	must(json.Unmarshal(raw, &set))
	listeners := make([]gwapi.Listener, len(set.Spec.Listeners))
	for i, listener := range set.Spec.Listeners {
		listeners[i] = gwapi.Listener(listener)
	}
	setDefaults(listeners)
	for i, listener := range listeners {
		set.Spec.Listeners[i] = gwapi.ListenerEntry(listener)
	}
	if set.DeletionTimestamp != nil || set.Spec.ParentRef.Name == "" || len(parent) == 0 || string(parent) == "null" {
		return nil, true
	}
	namespace := set.Namespace
	if set.Spec.ParentRef.Namespace != nil && string(*set.Spec.ParentRef.Namespace) != "" {
		namespace = string(*set.Spec.ParentRef.Namespace)
	}
	gateway := readGateway(parent)
	if gateway.DeletionTimestamp != nil || gateway.Namespace != namespace || gateway.Name != string(set.Spec.ParentRef.Name) {
		return nil, true
	}
	inheritAnnotations(&set, gateway)
	return &set, true
}
