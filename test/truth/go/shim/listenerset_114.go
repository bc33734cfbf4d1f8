//go:build cm1_14 || cm1_15 || cm1_16 || cm1_17 || cm1_18 || cm1_19

package main

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func readListenerSet(json.RawMessage, json.RawMessage) (metav1.Object, bool) { return nil, false }
