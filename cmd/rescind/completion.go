package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rescind/shared/client"
)

// shells are those that a completion can be made for, each with the line that
// switches it on.
var shells = []struct {
	name, use string
	write     func(root *cobra.Command, w io.Writer) error
}{
	{"bash", "source <(rescind completion bash)", func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) }},
	{"zsh", "source <(rescind completion zsh)", func(root *cobra.Command, w io.Writer) error { return root.GenZshCompletion(w) }},
	{"fish", "rescind completion fish | source", func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) }},
	{"powershell", "rescind completion powershell | Out-String | Invoke-Expression",
		func(root *cobra.Command, w io.Writer) error { return root.GenPowerShellCompletionWithDesc(w) }},
}

func (a *app) completionCommand() *cobra.Command {
	var names, uses []string
	for _, sh := range shells {
		names = append(names, sh.name)
		uses = append(uses, fmt.Sprintf("  %-11s %s", sh.name, sh.use))
	}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print what makes a shell complete commands, flags and client ids",
		Long: `Print the script that makes a shell complete commands and flags, and the ids of
clients where the store is a SQLite file. SHELL is ` + strings.Join(names, ", ") + `.
To switch it on, put into the shell's startup file:

` + strings.Join(uses, "\n") + `

The bash one needs the package bash-completion, installed and loaded before it.`,
		Args:      exactly(1, "the shell's name"),
		ValidArgs: names,
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, sh := range shells {
				if sh.name != args[0] {
					continue
				}
				var script strings.Builder
				if err := sh.write(cmd.Root(), &script); err != nil {
					return fmt.Errorf("making the completion: %w", err)
				}
				return a.print(map[string]string{"shell": sh.name, "script": script.String()}, func(w io.Writer) { _, _ = io.WriteString(w, script.String()) })
			}
			return usagef("there is no completion for the shell %q; there is one for %s", args[0], strings.Join(names, ", "))
		},
	}
}

// completeClients has the shell complete client ids, where a command takes one.
func (a *app) completeClients(cmd *cobra.Command) {
	for _, below := range cmd.Commands() {
		a.completeClients(below)
		if below.Parent().Name() == "client" && strings.HasSuffix(below.Use, " ID") {
			below.ValidArgsFunction = a.clientIDs
		}
		if below.Flags().Lookup("client") != nil {
			_ = below.RegisterFlagCompletionFunc("client", a.clientIDs) // fails only for a flag that is not there
		}
	}
}

// completionLimit is how long a shell waits for ids, and mostCompleted how
// many it gets.
const (
	completionLimit = time.Second
	mostCompleted   = 500
)

// clientIDs gives the ids that begin so, of a SQLite store that is there.
// DynamoDB is never asked: a key pressed must not cost a scan.
func (a *app) clientIDs(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	const nothing = cobra.ShellCompDirectiveNoFileComp
	l, err := parseStore(a.storeName)
	if err != nil || !l.isFile() || !l.exists() || len(args) > 0 {
		return nil, nothing
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completionLimit)
	defer cancel()
	a.log = slog.New(slog.DiscardHandler)
	store, err := a.open(ctx, l, false)
	if err != nil {
		return nil, nothing // the command itself will say why
	}
	defer func() { _ = store.Close() }() // only read
	var ids []string
	for after := ""; len(ids) < mostCompleted; {
		page, err := store.ListClients(ctx, after, listPage)
		if err != nil {
			return nil, nothing
		}
		for _, c := range page {
			if c.State != client.Deleted && strings.HasPrefix(c.ID, begun) {
				ids = append(ids, c.ID+"\t"+c.Policy.Name)
			}
		}
		if len(page) < listPage {
			break
		}
		after = page[len(page)-1].ID
	}
	return ids, nothing
}
