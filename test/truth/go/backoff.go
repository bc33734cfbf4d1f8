//go:build !cm1_11 && !cm1_20 && !cm1_21

package main

import controllerpkg "github.com/cert-manager/cert-manager/pkg/controller"

// Before 1.20 the back-off was fixed.
func setBackoff(*controllerpkg.Context, []string) {}
