//go:build !linux

package main

import (
	"fmt"
	"runtime"
)

// pin cannot choose cores on this system: the figures are those of all.
func pin(n int) error {
	if runtime.NumCPU() > n {
		return fmt.Errorf("this system does not let a program keep to %d cores; give --cores %d", n, runtime.NumCPU())
	}
	return nil
}

// settle does nothing where the system has no such call.
func settle() {}
