package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"rescind/shared/audit"
	"rescind/shared/client"
)

const clientArgument = "the client's id"

func (a *app) clientCommand() *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "client",
		Short: "Register and manage clients",
		Long: `Register and manage clients (RFC 6749 section 2). The members of the JSON have
RFC 7591's names where it has one. Lifetimes are in seconds there.`,
	})
	cmd.AddCommand(a.clientCreateCommand(), a.clientListCommand(), a.clientShowCommand(), a.clientUpdateCommand(),
		a.clientStateCommand(ending{"disable", client.Off, "Switch a client off, which ends all its grants for good",
			"Switch a client off. Its tokens are dead at once, and stay so when it is switched on again."}),
		a.clientEnableCommand(),
		a.clientStateCommand(ending{"delete", client.Deleted, "Delete a client, which ends all its grants for good",
			"Delete a client. Its tokens are dead at once. What is left is a tombstone: the id\ncannot be registered again."}),
		a.clientRotateCommand(), a.clientImportCommand(), a.clientExportCommand())
	return cmd
}

func (a *app) clientListCommand() *cobra.Command {
	var deleted bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the clients",
		Args:  exactly(0, ""),
		RunE: a.withStore(func(ctx context.Context, store operatorStore, _ []string) error {
			views := []clientView{}
			err := everyPage(ctx, listPage, store.ListClients, clientID, func(page []*client.Client) error {
				for _, c := range page {
					if c.State != client.Deleted || deleted {
						views = append(views, view(c))
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
			return a.print(map[string]any{"clients": views}, func(w io.Writer) { writeClients(w, views) })
		}),
	}
	cmd.Flags().BoolVar(&deleted, "deleted", false, "list the deleted ones too")
	return cmd
}

func writeClients(w io.Writer, views []clientView) {
	if len(views) == 0 {
		fmt.Fprintln(w, "There are no clients; register one with `rescind client create`.")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "CLIENT_ID\tNAME\tTYPE\tSTATE\tGRANT_TYPES\tSCOPES\tREGISTERED")
	for _, v := range views {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", v.ID, v.Name, v.Type, v.State,
			strings.Join(v.GrantTypes, ","), v.Scope, stamp(time.Unix(v.IssuedAt, 0)))
	}
	_ = t.Flush() // print looks at the writer below
}

func (a *app) clientShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Show one client",
		Args:  exactly(1, clientArgument),
		RunE: a.withStore(func(ctx context.Context, store operatorStore, args []string) error {
			c, err := findClient(ctx, store, args[0])
			if err != nil {
				return err
			}
			return a.printClient(view(c), "")
		}),
	}
}

// findClient reads a client; one that was deleted is there too.
func findClient(ctx context.Context, store client.Finder, id string) (*client.Client, error) {
	if err := checkClientID(id); err != nil {
		return nil, err
	}
	c, err := store.FindClient(ctx, id)
	if err == nil && c == nil {
		err = client.ErrUnknown
	}
	return c, err
}

// ending is a command that ends all a client's grants.
type ending struct {
	name        string
	state       client.State
	short, long string
}

func (a *app) clientStateCommand(e ending) *cobra.Command {
	return &cobra.Command{
		Use:   e.name + " ID",
		Short: e.short,
		Long:  e.long,
		Args:  exactly(1, clientArgument),
		RunE: a.withStore(func(ctx context.Context, store operatorStore, args []string) error {
			before, err := findClient(ctx, store, args[0])
			if err != nil {
				return err
			}
			act := a.manager(store).Disable
			if e.state == client.Deleted {
				act = a.manager(store).Delete
			}
			after, err := act(ctx, before.ID)
			a.record(ctx, audit.Event{Action: audit.Client, Operation: "client " + e.name, ClientID: before.ID, Reason: "ended_all_grants"}, err)
			if err != nil {
				return fmt.Errorf("the client may be half-way to %s, run this again: %w", e.state, err)
			}
			return a.printClient(view(after), endingSentence(e, before, after))
		}),
	}
}

func endingSentence(e ending, before, after *client.Client) string {
	was := ""
	if before.State == e.state {
		was = "already "
	}
	sentence := fmt.Sprintf("Client %s is %s%s. All its grants born until %s have ended, with all their tokens.",
		after.ID, was, e.state, epochTime(after.Epoch))
	if e.state == client.Deleted {
		sentence += " Its id cannot be registered again."
	}
	return sentence
}

func (a *app) clientEnableCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "enable ID",
		Short: "Switch a client on again; its earlier grants stay ended",
		Args:  exactly(1, clientArgument),
		RunE: a.withStore(func(ctx context.Context, store operatorStore, args []string) error {
			before, err := findClient(ctx, store, args[0])
			if err != nil {
				return err
			}
			c, err := a.manager(store).Enable(ctx, before.ID)
			a.record(ctx, audit.Event{Action: audit.Client, Operation: "client enable", ClientID: before.ID}, err)
			if err != nil {
				return err
			}
			sentence := fmt.Sprintf("Client %s is on. Its grants from before %s stay ended.", c.ID, epochTime(c.Epoch))
			if before.State == client.On {
				sentence = fmt.Sprintf("Client %s was on already. Nothing was changed.", c.ID)
			}
			return a.printClient(view(c), sentence)
		}),
	}
}

func (a *app) clientRotateCommand() *cobra.Command {
	var drop bool
	cmd := &cobra.Command{
		Use:   "rotate-secret ID",
		Short: "Give a client a new secret beside the old one",
		Long: `Give a confidential client a new secret, shown this once. The newest of the old
ones works beside it, until --drop-old leaves the client its newest secret only.`,
		Args: exactly(1, clientArgument),
		RunE: a.withStore(func(ctx context.Context, store operatorStore, args []string) error {
			before, err := findClient(ctx, store, args[0])
			if err != nil {
				return err
			}
			if drop {
				return a.dropSecret(ctx, store, before)
			}
			return a.rotateSecret(ctx, store, before)
		}),
	}
	cmd.Flags().BoolVar(&drop, "drop-old", false, "make no new secret: end the old one")
	return cmd
}

func (a *app) rotateSecret(ctx context.Context, store client.Store, before *client.Client) error {
	c, text, err := a.manager(store).RotateSecret(ctx, before.ID)
	a.record(ctx, audit.Event{Action: audit.Client, Operation: "client rotate-secret", ClientID: before.ID, Reason: "new_secret"}, err)
	if err != nil {
		return err
	}
	sentence := fmt.Sprintf("The new secret is shown this once. The old one works beside it until `rescind client rotate-secret %s --drop-old`.", c.ID)
	if len(before.Secrets) > 1 {
		sentence += " The one before that has stopped working."
	}
	v := view(c)
	v.reveal(text)
	return a.printClient(v, sentence)
}

func (a *app) dropSecret(ctx context.Context, store client.Store, before *client.Client) error {
	c, err := a.manager(store).DropOldSecret(ctx, before.ID)
	a.record(ctx, audit.Event{Action: audit.Client, Operation: "client rotate-secret", ClientID: before.ID, Reason: "old_secret_dropped"}, err)
	if err != nil {
		return err
	}
	sentence := fmt.Sprintf("Client %s has its newest secret only; the old one has stopped working.", c.ID)
	if len(before.Secrets) < 2 {
		sentence = fmt.Sprintf("Client %s had one secret only. Nothing was changed.", c.ID)
	}
	return a.printClient(view(c), sentence)
}
