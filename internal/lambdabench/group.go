package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// period is the scheduler's, in microseconds: Lambda's own is not told.
const period = 20_000

// group is a control group whose processes share part of a core.
type group struct{ dir string }

// newGroup makes one under the first hierarchy that allows it, version 2 or 1.
func newGroup(cores float64) (*group, error) {
	quota := strconv.Itoa(int(cores * period))
	for _, h := range []struct {
		under string
		files map[string]string
	}{
		{"/sys/fs/cgroup", map[string]string{"cpu.max": quota + " " + strconv.Itoa(period)}},
		{"/sys/fs/cgroup/cpu", map[string]string{"cpu.cfs_period_us": strconv.Itoa(period), "cpu.cfs_quota_us": quota}},
	} {
		g := &group{filepath.Join(h.under, fmt.Sprintf("rescind-lambdabench-%d", os.Getpid()))}
		if err := os.Mkdir(g.dir, 0o755); err != nil {
			continue
		}
		ok := true
		for _, name := range []string{"cpu.max", "cpu.cfs_period_us", "cpu.cfs_quota_us"} {
			if text, has := h.files[name]; has && set(filepath.Join(g.dir, name), text) != nil {
				ok = false
			}
		}
		if ok {
			return g, nil
		}
		g.remove()
	}
	return nil, errors.New("no control group can be made here (it takes root, and a hierarchy with the cpu controller)")
}

// set writes into a file that the kernel made: in a folder that is no control
// group there is none.
func set(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// wrap gives a program that enters the group and becomes the given one.
func (g *group) wrap(program string) (string, error) {
	dir := program + "-slow"
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "bootstrap")
	script := fmt.Sprintf("#!/bin/sh\necho $$ >'%s/cgroup.procs'\nexec '%s'\n", g.dir, program)
	return path, os.WriteFile(path, []byte(script), 0o755)
}

// remove takes the group away; its processes have ended.
func (g *group) remove() { _ = os.Remove(g.dir) }
