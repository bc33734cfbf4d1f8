//go:build !linux

package main

import (
	"errors"
	"os"
	"syscall"
)

// execute becomes the given program. Only Linux can tie its life to its parent's.
func execute(args []string) error {
	if len(args) == 0 {
		return errors.New("needs a program's path")
	}
	return syscall.Exec(args[0], args, os.Environ())
}
