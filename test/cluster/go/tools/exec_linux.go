package main

import (
	"errors"
	"os"
	"runtime"
	"strconv"
	"syscall"
)

// execute becomes the given program, which Linux then kills as soon as the process that started it ends,
// however that happens. CERTKEEP_PARENT is that process's id: when it is gone already, nothing is started.
func execute(args []string) error {
	if len(args) == 0 {
		return errors.New("needs a program's path")
	}
	runtime.LockOSThread() // the setting belongs to this thread, and exec keeps it for the calling thread only
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_PDEATHSIG, uintptr(syscall.SIGKILL), 0); errno != 0 {
		return errno
	}
	if parent := os.Getenv("CERTKEEP_PARENT"); parent != strconv.Itoa(os.Getppid()) {
		return errors.New("the parent process is gone")
	}
	return syscall.Exec(args[0], args, os.Environ())
}
