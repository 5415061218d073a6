package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
)

// rows are all servers, none of them measured.
func rows(peers []Peer) []Row {
	all := []Row{ourRow(ours), ourRow(oursDynamo)}
	for _, p := range peers {
		for _, v := range p.Variants {
			all = append(all, p.row(v, ""))
		}
	}
	return all
}

// known refuses names that no server has.
func known(only []string, peers []Peer) error {
	var names []string
	for _, row := range rows(peers) {
		names = append(names, row.Name)
	}
	for _, name := range only {
		peer := slices.ContainsFunc(peers, func(p Peer) bool { return p.Name == name })
		if !peer && !slices.Contains(names, name) {
			return fmt.Errorf("there is no server %q; there are %s", name, strings.Join(names, ", "))
		}
	}
	return nil
}

func list(out io.Writer, peers []Peer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(rows(peers))
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range rows(peers) {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", row.Name, strings.TrimSpace(row.Package+" "+row.Version), row.Setup, row.Durability)
	}
	return t.Flush()
}

// machine is what the figures were measured on, in words.
func machine() string {
	name := runtime.GOARCH
	info, _ := os.ReadFile("/proc/cpuinfo") // not every system has one
	for line := range strings.Lines(string(info)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			name = strings.Join(strings.Fields(value), " ")
			break
		}
	}
	return fmt.Sprintf("%s, %s, %s", name, runtime.GOOS, runtime.Version())
}
