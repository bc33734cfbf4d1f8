package main

import (
	"strconv"
	"strings"
	"time"
)

// flag is the value of the last --name=value among the controller's arguments. cert-manager's own options are in a module
// that cannot be imported; only this spelling occurs in the cases.
func flag(flags []string, name string) (string, bool) {
	for i := len(flags) - 1; i >= 0; i-- {
		if value, found := strings.CutPrefix(flags[i], "--"+name+"="); found {
			return value, true
		}
	}
	return "", false
}

func durationFlag(flags []string, name string, otherwise time.Duration) time.Duration {
	text, found := flag(flags, name)
	if !found {
		return otherwise
	}
	duration, err := time.ParseDuration(text)
	must(err)
	return duration
}

func intFlag(flags []string, name string, otherwise int) int {
	text, found := flag(flags, name)
	if !found {
		return otherwise
	}
	number, err := strconv.Atoi(text)
	must(err)
	return number
}
