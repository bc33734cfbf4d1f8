//go:build !cm1_21

package main

// None of the feature gates before 1.21 bears on the decision.
func setGates([]string) {}
