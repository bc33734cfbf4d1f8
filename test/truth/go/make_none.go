//go:build !cm1_21

package main

import "errors"

// Only the newest release makes things: it knows every field.
func makePEM(string) { fail(errors.New("make needs the build for 1.21")) }
