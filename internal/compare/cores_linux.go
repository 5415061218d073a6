package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// pinnedBy marks a process that was started again on fewer cores.
const pinnedBy = "RESCIND_COMPARE_PINNED"

// pin starts this program again on the first n of the cores that it may use, if
// there are more: what it starts inherits that. It returns where there is
// nothing to do.
func pin(n int) error {
	if runtime.NumCPU() <= n || os.Getenv(pinnedBy) != "" {
		return nil
	}
	runtime.LockOSThread() // the mask is the thread's, and exec keeps it
	var all, few unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return fmt.Errorf("asking for the cores: %w", err)
	}
	for cpu := 0; few.Count() < n; cpu++ {
		if all.IsSet(cpu) {
			few.Set(cpu)
		}
	}
	if err := unix.SchedSetaffinity(0, &few); err != nil {
		return fmt.Errorf("keeping to %d cores: %w", n, err)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return syscall.Exec(self, os.Args, append(os.Environ(), pinnedBy+"=1"))
}

// settle waits until what others wrote is on the disk.
func settle() { unix.Sync() }
