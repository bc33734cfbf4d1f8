//go:build !cm1_20 && !cm1_21

package main

// Before 1.20 the limits of PEM sizes were fixed.
func setLimits([]string) {}
