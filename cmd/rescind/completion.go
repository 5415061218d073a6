package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rescind/shared/client"
	"rescind/shared/user"
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
		Short: "Print what makes a shell complete commands, flags, client ids and users",
		Long: `Print the script that makes a shell complete commands and flags, and the ids of
clients and the users where the store is a SQLite file. SHELL is ` + strings.Join(names, ", ") + `.
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

// completeClients has the shell complete client ids and users, where a command
// takes one.
func (a *app) completeClients(cmd *cobra.Command) {
	for _, below := range cmd.Commands() {
		a.completeClients(below)
		if below.Parent().Name() == "client" && strings.HasSuffix(below.Use, " ID") {
			below.ValidArgsFunction = a.clientIDs
		}
		if below.Parent().Name() == "user" && strings.HasSuffix(below.Use, " USER") {
			below.ValidArgsFunction = a.userNames
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

// clientIDs gives the ids of clients that begin so.
func (a *app) clientIDs(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	return a.complete(cmd, args, func(ctx context.Context, store operatorStore) (ids []string, err error) {
		err = everyPage(ctx, listPage, store.ListClients, clientID, func(page []*client.Client) error {
			for _, c := range page {
				if c.State != client.Deleted && strings.HasPrefix(c.ID, begun) {
					ids = append(ids, c.ID+"\t"+c.Policy.Name)
				}
			}
			return enough(ids)
		})
		return ids, err
	})
}

// userNames gives the emails of built-in accounts that begin so, and the
// subjects of the others.
func (a *app) userNames(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	return a.complete(cmd, args, func(ctx context.Context, store operatorStore) (names []string, err error) {
		err = everyPage(ctx, listPage, store.ListUsers, userKey, func(page []*user.Account) error {
			for _, u := range page {
				name, about := u.Email, u.Subject
				if u.Issuer != "" {
					name, about = u.Subject, u.Email
				}
				if u.State != user.Deleted && strings.HasPrefix(name, begun) {
					names = append(names, name+"\t"+about)
				}
			}
			return enough(names)
		})
		return names, err
	})
}

var errEnough = errors.New("enough")

func enough(found []string) error {
	if len(found) >= mostCompleted {
		return errEnough
	}
	return nil
}

// complete gives what list finds in a SQLite store that is there, for the first
// argument. DynamoDB is never asked: a key pressed must not cost a scan.
func (a *app) complete(cmd *cobra.Command, args []string, list func(context.Context, operatorStore) ([]string, error)) ([]string, cobra.ShellCompDirective) {
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
	found, err := list(ctx, store)
	if err != nil && !errors.Is(err, errEnough) {
		return nil, nothing
	}
	return found, nothing
}
