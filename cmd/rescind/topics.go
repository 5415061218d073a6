package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// topic is a thing that people ask about, beyond one command.
type topic struct {
	name, short string
	text        string // paragraphs; a command stands on a line of its own after two spaces
}

type topicView struct {
	Name  string `json:"name"`
	Short string `json:"short"`
	Text  string `json:"text,omitempty"`
}

// helpCommand is cobra's, with topics, and with an end for what does not exist.
func (a *app) helpCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "help [COMMAND | TOPIC | topics]",
		Short: "Show the help of a command, or of a topic: `rescind help topics` lists those",
		Long: `Show the help of a command, or of one of the things that people ask:

` + topicLines(),
		Example: "  rescind help client create\n  rescind help topics\n  rescind help leak",
		Args:    cobra.ArbitraryArgs,
		RunE:    a.help,
	}
	for _, t := range topics {
		cmd.ValidArgs = append(cmd.ValidArgs, t.name+"\t"+t.short)
	}
	return cmd
}

func (a *app) help(cmd *cobra.Command, args []string) error {
	root := cmd.Root()
	if len(args) == 1 {
		if args[0] == "topics" {
			return a.printTopics()
		}
		for _, t := range topics {
			if t.name == args[0] {
				return a.print(topicView{t.name, t.short, t.text}, func(w io.Writer) { fmt.Fprintf(w, "%s\n\n%s\n", t.short, t.text) })
			}
		}
	}
	asked, rest, err := root.Find(args)
	if err != nil || len(rest) > 0 {
		hint := ""
		if near := suggestions(root, args); near != "" {
			hint = " (did you mean " + near + "?)"
		}
		return usagef("there is no help for %q%s; `rescind --help` lists the commands, `rescind help topics` the topics", strings.Join(args, " "), hint)
	}
	asked.InitDefaultHelpFlag()
	return asked.Help()
}

// suggestions is a command or topic whose name is near.
func suggestions(root *cobra.Command, args []string) string {
	for _, t := range topics {
		if strings.HasPrefix(t.name, args[0]) || strings.HasPrefix(args[0], t.name) {
			return t.name
		}
	}
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		return near[0]
	}
	return ""
}

func (a *app) printTopics() error {
	views := []topicView{}
	for _, t := range topics {
		views = append(views, topicView{Name: t.name, Short: t.short})
	}
	return a.print(map[string]any{"topics": views}, func(w io.Writer) {
		fmt.Fprintf(w, "%s\n\n`rescind help TOPIC` shows one.\n", topicLines())
	})
}

func topicLines() string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	for _, one := range topics {
		fmt.Fprintf(t, "  %s\t%s\n", one.name, one.short)
	}
	_ = t.Flush() // to memory: cannot fail
	return strings.TrimRight(b.String(), "\n")
}
