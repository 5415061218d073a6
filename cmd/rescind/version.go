package main

import (
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// released is the version that a release was built as; the linker writes it.
var released string

type versionView struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Go       string `json:"go"`
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print which rescind this is",
		Args:  exactly(0, ""),
		RunE:  func(*cobra.Command, []string) error { return a.printVersion() },
	}
}

func (a *app) printVersion() error {
	v := version()
	return a.print(v, func(w io.Writer) {
		text := "rescind " + v.Version
		if v.Revision != "" {
			text += " (" + v.Revision + ")"
		}
		fmt.Fprintf(w, "%s, built with %s\n", text, v.Go)
	})
}

// version is what the release says or else the go command left in the program.
func version() versionView {
	v := versionView{Version: "unknown", Go: "an unknown Go"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Go = info.GoVersion
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			v.Revision = s.Value + v.Revision
		case s.Key == "vcs.modified" && s.Value == "true":
			v.Revision += "+changed"
		}
	}
	if released != "" {
		v.Version = released
	}
	return v
}
