package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"rescind/shared/authorization"
	"rescind/shared/dynamo"
	"rescind/shared/grant"
	"rescind/shared/session"
	"rescind/shared/sqlite"
	"rescind/shared/user"
)

// location is a parsed --store: a SQLite file, or two tables.
type location struct {
	path   string // of the file; empty for DynamoDB
	tables dynamo.Tables
}

// tableNames is what DynamoDB allows in a table's name, with room for the
// longer suffix of ours in its 255 characters.
var tableNames = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,240}$`)

func parseStore(s string) (location, error) {
	kind, rest, _ := strings.Cut(s, ":")
	switch {
	case kind == "sqlite" && rest != "" && !strings.ContainsRune(rest, 0):
		return location{path: rest}, nil
	case kind == "dynamodb" && tableNames.MatchString(rest):
		return location{tables: dynamo.Tables{Tokens: rest + "-tokens", Principals: rest + "-principals"}}, nil
	}
	return location{}, usagef("--store must be sqlite:PATH, such as %s, or dynamodb:PREFIX, where PREFIX has letters, digits, dots, hyphens and underscores", defaultStore)
}

// operatorStore is all that a store keeps, as the commands open it.
type operatorStore interface {
	grant.Store
	user.Store
	session.Store
	authorization.ConsentStore
}

func (l location) isFile() bool { return l.path != "" }

// open opens the store. A SQLite file that is missing is made only where create
// says so: a command given a wrong path must not find an empty store and call
// everything unknown.
func (a *app) open(ctx context.Context, l location, create bool) (operatorStore, error) {
	if l.isFile() {
		return a.openFile(ctx, l, sqlite.Options{MustExist: !create})
	}
	api, err := newDynamoDB(ctx)
	if err != nil {
		return nil, err
	}
	store := dynamo.New(api, l.tables)
	if err := store.Warm(ctx); err != nil {
		return nil, err
	}
	return store, nil
}

func (a *app) openFile(ctx context.Context, l location, o sqlite.Options) (operatorStore, error) {
	if o.MustExist && !l.exists() {
		return nil, missingFile(l)
	}
	o.Now, o.Logger = a.rules.Now, a.log
	store, err := sqlite.Open(ctx, l.path, o)
	if err != nil { // and no *sqlite.Store that is nil in an interface that is not
		return nil, err
	}
	return store, nil
}

func missingFile(l location) error {
	if err := sqlite.Unfinished(l.path); err != nil { // a restore moved it aside
		return err
	}
	return errors.New("there is no store at " + l.path + "; name another with --store, or make it with `rescind store create` or by starting `rescind serve`")
}

// exists tells whether the file is there. What cannot be looked at counts as
// there: opening it says why.
func (l location) exists() bool {
	_, err := os.Stat(l.path)
	return !errors.Is(err, fs.ErrNotExist)
}

// withStore gives a cobra command the store, open, and closes it after.
func (a *app) withStore(do func(ctx context.Context, store operatorStore, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		l, err := parseStore(a.storeName)
		if err != nil {
			return err
		}
		store, err := a.open(cmd.Context(), l, false)
		if err != nil {
			return err
		}
		return errors.Join(do(cmd.Context(), store, args), store.Close())
	}
}
