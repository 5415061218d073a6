package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) manCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "man",
		Short: "Print the manual page, or write one for each command",
		Long: `Print the manual page of all commands, for "man -l -"; or, with --dir, write a page
for each command into DIR/man1 and one for the help topics into DIR/man7. Where DIR
is on man's path, such as /usr/local/share/man, man finds them. A date stands in them only where SOURCE_DATE_EPOCH
gives one, so that the same program always makes the same pages.`,
		Example: "  rescind man | man -l -\n  rescind man --dir /usr/local/share/man",
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			date, err := a.pageDate()
			if err != nil {
				return err
			}
			if dir == "" {
				page := wholePage(cmd.Root(), date)
				return a.print(map[string]string{"page": page}, func(w io.Writer) { _, _ = io.WriteString(w, page) })
			}
			files, err := writePages(cmd.Root(), dir, date)
			if err != nil {
				return err
			}
			return a.print(map[string]any{"files": files}, func(w io.Writer) {
				fmt.Fprintf(w, "%d pages were written to %s.\n", len(files), dir)
			})
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "write a page for each command into man1 below `DIR`, and the topics' into man7; both\nare made if they are not there")
	return cmd
}

// pageDate is the date of the pages, of SOURCE_DATE_EPOCH
// (reproducible-builds.org); empty without.
func (a *app) pageDate() (string, error) {
	text := a.env("SOURCE_DATE_EPOCH")
	if text == "" {
		return "", nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return "", usagef("SOURCE_DATE_EPOCH must be a number of seconds since 1970")
	}
	return time.Unix(seconds, 0).UTC().Format(time.DateOnly), nil
}

func writePages(root *cobra.Command, dir, date string) ([]string, error) {
	for _, section := range []string{"man1", "man7"} {
		if err := os.MkdirAll(filepath.Join(dir, section), 0o755); err != nil {
			return nil, fmt.Errorf("cannot make the folder %s: %w; choose one that you may write to", filepath.Join(dir, section), err)
		}
	}
	pages := map[string]string{"rescind-topics.7": topicsPage(date)}
	var names []string
	eachCommand(root, func(cmd *cobra.Command) {
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
		pages[name] = commandPage(cmd, date)
		names = append(names, name)
	})
	names = append(names, "rescind-topics.7")
	for i, name := range names {
		names[i] = filepath.Join(dir, "man"+name[len(name)-1:], name)
		if err := os.WriteFile(names[i], []byte(pages[name]), 0o644); err != nil {
			return nil, fmt.Errorf("cannot write the page %s: %w; choose a folder that you may write to", names[i], err)
		}
	}
	return names, nil
}

// eachCommand visits a command and all below it that the help shows.
func eachCommand(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, below := range cmd.Commands() {
		if below.IsAvailableCommand() {
			eachCommand(below, visit)
		}
	}
}
