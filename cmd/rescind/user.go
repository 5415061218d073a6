package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rescind/shared/audit"
	"rescind/shared/grant"
	"rescind/shared/user"
)

const userArgument = "the user's email or subject"

func (a *app) userCommand() *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "user",
		Short: "Make and manage the accounts that people sign in with",
		Long: `Make and manage the accounts that people sign in with: built-in ones, with an
email and a password, and those of an upstream OpenID provider, which are made at
the first sign-in. USER is a built-in account's email, or any account's subject:
that is what tokens and logs name a user by, and ` + "`rescind user list`" + ` shows it.

Switching a user off, deleting one and a new password end all that user's grants
and sessions for good.`,
	})
	cmd.AddCommand(a.userCreateCommand(), a.userListCommand(),
		a.userStateCommand(userEnding{"disable", user.Off, "Switch a user off, which ends all their grants and sessions for good",
			"Switch a user off. Their tokens and sessions are dead at once, and stay so when\nthey are switched on again. Until then they cannot sign in."}),
		a.userEnableCommand(),
		a.userStateCommand(userEnding{"delete", user.Deleted, "Delete a user, which ends all their grants and sessions for good",
			"Delete a user. Their tokens and sessions are dead at once. What is left is the\nsubject, without email, name and password. Who is created with the same email is\nsomebody new, with a new subject; so is who comes again from an upstream provider."}),
		a.userPasswordCommand())
	return cmd
}

// accounts manages users of a store. The throttle in it is not used here.
func (a *app) accounts(store operatorStore) *user.Accounts {
	return user.NewAccounts(store, grant.SubjectEnder{Rules: a.rules, Store: store}, a.rules.Now, a.rules.Rand)
}

func (a *app) userListCommand() *cobra.Command {
	var deleted bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the users",
		Long: `List the users, built-in ones and those of an upstream provider that have signed
in. On DynamoDB that reads the whole table of clients, subjects and users.`,
		Args: exactly(0, ""),
		RunE: a.withStore(func(ctx context.Context, store operatorStore, _ []string) error {
			views := []userView{}
			err := everyPage(ctx, listPage, store.ListUsers, userKey, func(page []*user.Account) error {
				for _, u := range page {
					if u.State != user.Deleted || deleted {
						views = append(views, viewUser(u))
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
			slices.SortFunc(views, func(a, b userView) int {
				return cmp.Or(strings.Compare(a.Email, b.Email), strings.Compare(a.Subject, b.Subject))
			})
			return a.print(map[string]any{"users": views}, func(w io.Writer) { writeUsers(w, views) })
		}),
	}
	cmd.Flags().BoolVar(&deleted, "deleted", false, "list the deleted ones too")
	return cmd
}

func userKey(u *user.Account) user.Key { return u.Key }

// findUser reads a user by the email of a built-in account, or by the subject of
// any, which is looked for among all. One that was deleted is there too.
func findUser(ctx context.Context, store user.Store, name string) (*user.Account, error) {
	if err := checkWord("the user", name, maxSubject); err != nil {
		return nil, err
	}
	if strings.Contains(name, "@") {
		key, err := user.KeyOfEmail(name)
		if err != nil {
			return nil, usagef("%w", err)
		}
		found, err := store.FindUser(ctx, key)
		if err == nil && found == nil {
			err = user.ErrUnknown
		}
		return found, err
	}
	if !user.IsSubject(name) {
		return nil, usagef("%q is neither an email nor a subject; `rescind user list` shows both", name)
	}
	var found *user.Account
	err := everyPage(ctx, listPage, store.ListUsers, userKey, func(page []*user.Account) error {
		for _, u := range page {
			if u.Subject == name {
				found = u
			}
		}
		return nil
	})
	if err == nil && found == nil {
		err = errNoSubject
	}
	return found, err
}

// userEnding is a command that ends all a user has.
type userEnding struct {
	name        string
	state       user.State
	short, long string
}

func (a *app) userStateCommand(e userEnding) *cobra.Command {
	return &cobra.Command{
		Use:   e.name + " USER",
		Short: e.short,
		Long:  e.long,
		Args:  exactly(1, userArgument),
		RunE: a.withStore(func(ctx context.Context, store operatorStore, args []string) error {
			before, err := findUser(ctx, store, args[0])
			if err != nil {
				return err
			}
			act := a.accounts(store).DisableKey
			if e.state == user.Deleted {
				act = a.accounts(store).DeleteKey
			}
			err = act(ctx, before.Key)
			a.recordUser(ctx, "user "+e.name, before.Subject, "ended_all_grants", err)
			if err != nil {
				return halfWay(fmt.Sprintf("the user may be half-way to %s", e.state), err)
			}
			was := ""
			if before.State == e.state {
				was = "already "
			}
			sentence := fmt.Sprintf("User %s is %s%s. All their grants and sessions until now have ended, with all tokens.", before.Subject, was, e.state)
			return a.printUser(viewChanged(ctx, store, before, e.state), sentence)
		}),
	}
}

func (a *app) userEnableCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "enable USER",
		Short: "Switch a user on again; their earlier grants and sessions stay ended",
		Args:  exactly(1, userArgument),
		RunE: a.withStore(func(ctx context.Context, store operatorStore, args []string) error {
			before, err := findUser(ctx, store, args[0])
			if err != nil {
				return err
			}
			err = a.accounts(store).EnableKey(ctx, before.Key)
			a.recordUser(ctx, "user enable", before.Subject, "", err)
			if err != nil {
				return err
			}
			sentence := fmt.Sprintf("User %s is on. What they had before stays ended.", before.Subject)
			if before.State == user.On {
				sentence = fmt.Sprintf("User %s was on already. Nothing was changed.", before.Subject)
			}
			return a.printUser(viewChanged(ctx, store, before, user.On), sentence)
		}),
	}
}

// recordUser writes the audit event of a change of a user, who is named by the
// subject only: an email has no business in a log.
func (a *app) recordUser(ctx context.Context, operation, subject, reason string, err error) {
	a.record(ctx, audit.Event{Action: audit.User, Operation: operation, Subject: subject, Reason: reason}, err)
}

// halfWay says what an outage may have left; a refusal has left nothing.
func halfWay(what string, err error) error {
	if isRefusal(err) {
		return err
	}
	return fmt.Errorf("%s, run this again: %w", what, err)
}
