package main

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestTheTopicsAreListedAndEachIsShown(t *testing.T) {
	list := run(t, "", "help", "topics").stdout
	if len(topics) != 6 {
		t.Errorf("%d topics", len(topics))
	}
	for _, one := range topics {
		expect(t, list, "  "+one.name+" ", one.short)
		expect(t, run(t, "", "help", one.name).stdout, one.short, one.text)
		if v := object(t, run(t, "", "help", one.name, "--json").stdout); text(t, v, "text") != one.text {
			t.Errorf("%s: %v", one.name, v)
		}
		for line := range strings.Lines(one.text) {
			if len(strings.TrimRight(line, "\n")) > 100 {
				t.Errorf("%s has a long line: %s", one.name, line)
			}
		}
	}
	if n := len(object(t, run(t, "", "help", "topics", "--json").stdout)["topics"].([]any)); n != 6 {
		t.Errorf("%d topics in JSON", n)
	}
}

func TestHelpShowsCommandsToo(t *testing.T) {
	for _, name := range []string{"client create", "stats", "help"} {
		words := strings.Fields(name)
		if got, want := run(t, "", append([]string{"help"}, words...)...), run(t, "", append(words, "--help")...); got.stdout != want.stdout || got.status != exitOK {
			t.Errorf("help %s: %s", name, got.stdout)
		}
	}
	if got, want := run(t, "", "help").stdout, run(t, "", "--help").stdout; got != want {
		t.Errorf("help: %s", got)
	}
}

var (
	commandLine = regexp.MustCompile(`(?m)^  (?:[^\n]*\| |\(umask 077; )?(rescind [^\n|<>)]*)`)
	inBackticks = regexp.MustCompile("`(rescind [^`]*)`")
	argument    = regexp.MustCompile(`"[^"]*"|\S+`)
)

// checkLine finds the command of a command line and parses its flags.
func checkLine(t *testing.T, where, line string) {
	t.Helper()
	var args []string
	for _, word := range argument.FindAllString(line, -1) {
		args = append(args, strings.Trim(word, `"`))
	}
	a := newApp(strings.NewReader(""), io.Discard, io.Discard, noEnvironment)
	root := a.rootCommand()
	cmd, rest, err := root.Find(args[1:])
	if err == nil && cmd == root && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") && rest[0] != "COMMAND" && rest[0] != "help" {
		t.Errorf("%s: there is no %q", where, line)
		return
	}
	if err != nil || cmd == root {
		return
	}
	cmd.InitDefaultHelpFlag()
	if err := cmd.ParseFlags(rest); err != nil {
		t.Errorf("%s: %q: %v", where, line, err)
		return
	}
	if cmd.HasSubCommands() && cmd.Flags().NArg() > 0 && cmd.Name() != "restore" && cmd.Name() != "help" {
		t.Errorf("%s: %q: no such command", where, line)
	}
	if cmd.Args != nil && strings.Contains(where, "topic") {
		if err := cmd.Args(cmd, cmd.Flags().Args()); err != nil {
			t.Errorf("%s: %q: %v", where, line, err)
		}
	}
}

// What a topic, an example or a text tells people to type is a command there
// is, with flags there are.
func TestEveryCommandInHelpExists(t *testing.T) {
	n := 0
	for _, one := range topics {
		for _, found := range append(commandLine.FindAllStringSubmatch(one.text, -1), inBackticks.FindAllStringSubmatch(one.text, -1)...) {
			checkLine(t, "topic "+one.name, found[1])
			n++
		}
	}
	if n < 30 {
		t.Errorf("the topics show %d commands", n)
	}
	for _, cmd := range tree() {
		text := cmd.Example
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { text += "\n" + f.Usage })
		for _, found := range slices.Concat(commandLine.FindAllStringSubmatch(text, -1), inBackticks.FindAllStringSubmatch(text, -1)) {
			checkLine(t, "the help of "+cmd.CommandPath(), found[1])
		}
	}
}
