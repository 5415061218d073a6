// Package process reads from /proc what a process and its children take:
// memory, descriptors and threads. It is for Linux, starts nothing, and knows
// nothing of what the process does.
package process

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// Sample is what a process and all its descendants take at one moment.
type Sample struct {
	Processes   int   `json:"processes"`
	Resident    int64 `json:"resident_bytes"`      // summed; a page that two share counts twice
	Peak        int64 `json:"resident_peak_bytes"` // summed peaks of those alive now
	Descriptors int   `json:"descriptors"`
	Threads     int   `json:"threads"`
}

// Tree samples the process pid and its descendants. A descendant that ends
// meanwhile is left out; if pid itself is gone, that is an error.
func Tree(pid int) (Sample, error) {
	return add(descendants(pid))
}

// One samples the process pid alone.
func One(pid int) (Sample, error) { return add([]int{pid}) }

func add(pids []int) (Sample, error) {
	var total Sample
	for i, p := range pids {
		s, err := one(p)
		if err != nil && i == 0 {
			return Sample{}, err
		}
		if err != nil {
			continue
		}
		total.Processes++
		total.Resident += s.Resident
		total.Peak += s.Peak
		total.Descriptors += s.Descriptors
		total.Threads += s.Threads
	}
	return total, nil
}

// Proportional is the memory of pid and its descendants in bytes where a page
// that several processes share counts once: the fair sum for a server of
// forked workers. It walks page tables and is not for each second.
func Proportional(pid int) (int64, error) {
	var total int64
	for i, p := range descendants(pid) {
		b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p), "smaps_rollup"))
		if err != nil && i == 0 {
			return 0, fmt.Errorf("reading the memory of process %d: %w", p, err)
		}
		if err == nil {
			total += field(b, "Pss") << 10
		}
	}
	return total, nil
}

func one(pid int) (Sample, error) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	b, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return Sample{}, fmt.Errorf("reading the status of process %d: %w", pid, err)
	}
	if field(b, "VmRSS") == 0 {
		return Sample{}, fmt.Errorf("process %d has ended: %w", pid, fs.ErrNotExist)
	}
	names, err := os.ReadDir(filepath.Join(dir, "fd"))
	if err != nil && !errors.Is(err, fs.ErrPermission) {
		return Sample{}, fmt.Errorf("counting the descriptors of process %d: %w", pid, err)
	}
	return Sample{Processes: 1, Resident: field(b, "VmRSS") << 10, Peak: field(b, "VmHWM") << 10,
		Descriptors: len(names), Threads: int(field(b, "Threads"))}, nil
}

// descendants lists pid and all below it, pid first.
func descendants(pid int) []int {
	children := map[int][]int{}
	paths, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			continue // it has ended
		}
		// The name stands in parentheses and may hold anything: proc(5).
		fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(p)))
		if err != nil || len(fields) < 2 {
			continue
		}
		if parent, err := strconv.Atoi(string(fields[1])); err == nil {
			children[parent] = append(children[parent], child)
		}
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// field is a number from a file of /proc with a name and a colon in each line.
func field(b []byte, name string) int64 {
	for line := range bytes.Lines(b) {
		key, value, ok := bytes.Cut(line, []byte(":"))
		words := bytes.Fields(value)
		if ok && string(key) == name && len(words) > 0 {
			n, _ := strconv.ParseInt(string(words[0]), 10, 64)
			return n
		}
	}
	return 0
}
