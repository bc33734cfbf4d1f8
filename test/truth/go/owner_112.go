//go:build cm1_12 || noowner

package main

import (
	"context"

	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
)

// Before 1.13.2 every Certificate owned its Secret.
func ownsSecret(context.Context, *world, secretFactory, *cmapi.Certificate) bool { return true }
