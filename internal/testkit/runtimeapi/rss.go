package runtimeapi

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
)

// PeakRSS is the most memory that the process has had resident, in bytes, from
// VmHWM in /proc/PID/status. Call it before Stop. Where there is no /proc it
// is errors.ErrUnsupported.
func (f *Function) PeakRSS() (int64, error) {
	if runtime.GOOS != "linux" {
		return 0, fmt.Errorf("runtimeapi: resident memory on %s: %w", runtime.GOOS, errors.ErrUnsupported)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("runtimeapi: resident memory can be read only before Stop: %w", err)
	}
	for line := range bytes.Lines(status) {
		rest, found := bytes.CutPrefix(line, []byte("VmHWM:"))
		if !found {
			continue
		}
		kib, err := strconv.ParseInt(string(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte(" kB"))), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("runtimeapi: VmHWM: %w", err)
		}
		return kib << 10, nil
	}
	return 0, errors.New("runtimeapi: resident memory can be read only while the function runs")
}
