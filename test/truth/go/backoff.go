//go:build !cm1_11 && !cm1_20 && !cm1_21

package main

import controllerpkg "github.com/cert-manager/cert-manager/pkg/controller"

func setBackoff(*controllerpkg.Context) {}
