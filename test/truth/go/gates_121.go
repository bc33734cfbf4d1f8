//go:build cm1_21

package main

import (
	"strings"

	"github.com/cert-manager/cert-manager/internal/controller/feature"
	utilfeature "github.com/cert-manager/cert-manager/pkg/util/feature"
)

func setGates(flags []string) {
	must(utilfeature.DefaultMutableFeatureGate.SetFromMap(map[string]bool{string(feature.ACMEUseARI): false}))
	if gates, found := flag(flags, "feature-gates"); found {
		must(utilfeature.DefaultMutableFeatureGate.Set(strings.TrimSpace(gates)))
	}
}

func usesARI() bool { return utilfeature.DefaultFeatureGate.Enabled(feature.ACMEUseARI) }
