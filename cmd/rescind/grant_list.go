package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"rescind/cmd/rescind/census"
	"rescind/shared/grant"
	"rescind/shared/token"
)

// Pages of grants for the operator, and how many are read at a time. A page
// with its clients and subjects is three reads of either store.
const (
	listedGrants = 100
	mostListed   = 1000
	grantPage    = 90
)

type listFlags struct {
	subject, client string
	machine         bool
	limit           int
	after           string
	all             bool
}

func (a *app) grantListCommand() *cobra.Command {
	var f listFlags
	cmd := &cobra.Command{
		Use:   "list --subject SUB | --client ID [--machine]",
		Short: "List the grants of a user or of a client, alive and dead",
		Long: `List the grants of a user, or those that a client has for users, alive and dead,
in the order of their ids. Dead ones stay for a day after their end. TOKENS is
how many access tokens are alive. Times are UTC.

A page has 100 grants, or --limit. Where more follow, the last line is the
command that lists them, and in JSON "next" is what to give to --after.

The grants that a client has for itself, by client_credentials, are in no list:
with --machine they are found by reading the whole table of grants, which takes
time, and capacity, in proportion to all that it holds. --limit then ends the
reading where that many were found, and whether more follow turns out after it.`,
		Example: "  rescind grant list --subject alice\n  rescind grant list --client phone --limit 20\n  rescind grant list --client billing --machine --all --json",
		Args:    exactly(0, ""),
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.subject, "subject", "", "the user: the `SUB` the grants were made for")
	flags.StringVar(&f.client, "client", "", "the client with this `ID`")
	flags.BoolVar(&f.machine, "machine", false, "the client's own grants instead, by reading the whole table")
	flags.IntVar(&f.limit, "limit", listedGrants, "a page's size, `N` grants up to 1000")
	flags.StringVar(&f.after, "after", "", "go on after this `CURSOR`, which the page before ended with")
	flags.BoolVar(&f.all, "all", false, "all pages at once")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		list, err := a.grantList(cmd, f)
		if err != nil {
			return err
		}
		return a.withStore(func(ctx context.Context, store operatorStore, _ []string) error {
			if f.client != "" {
				if _, err := findClient(ctx, store, f.client); err != nil {
					return err
				}
			}
			page, err := list(ctx, store)
			if err != nil {
				return err
			}
			return a.print(page, func(w io.Writer) { writeGrantPage(w, page, f, nextCommand(cmd, f, page.Next)) })
		})(cmd, args)
	}
	return cmd
}

// grantPageView is a page. Next is the cursor of the next one, if there is one.
type grantPageView struct {
	Grants []grantView `json:"grants"`
	Next   string      `json:"next,omitempty"`
}

type grantLister func(context.Context, grant.Store) (grantPageView, error)

// grantList checks the command line before anything is opened.
func (a *app) grantList(cmd *cobra.Command, f listFlags) (grantLister, error) {
	given := cmd.Flags().Changed
	switch {
	case given("subject") && given("client"):
		return nil, usagef("--subject and --client are both there; list a user's grants or a client's")
	case !given("subject") && !given("client"):
		return nil, usagef("--subject is missing, and so is --client; name a user or a client")
	case f.limit < 1 || f.limit > mostListed:
		return nil, usagef("--limit is a number from 1 to %d; --all lists all", mostListed)
	case f.all && given("limit"):
		return nil, usagef("--all and --limit contradict each other; give one of them")
	case f.machine && !given("client"):
		return nil, usagef("--machine lists a client's own grants; name it with --client")
	}
	if given("client") {
		if err := checkClientID(f.client); err != nil {
			return nil, err
		}
	} else if err := checkSubject(f.subject); err != nil {
		return nil, err
	}
	if f.machine {
		return a.machineGrants(f), nil
	}
	after := token.GrantID{}
	if f.after != "" {
		var ok bool
		if after, ok = token.ParseGrantID(f.after); !ok {
			return nil, usagef("--after takes what the page before ended with: \"next\" in its JSON, or its last line")
		}
	}
	return a.indexedGrants(f, after), nil
}

// indexedGrants lists the grants of a user, or of a client for users.
func (a *app) indexedGrants(f listFlags, first token.GrantID) grantLister {
	return func(ctx context.Context, store grant.Store) (grantPageView, error) {
		list := func(ctx context.Context, after token.GrantID, limit int) ([]token.GrantID, error) {
			if f.client != "" {
				return store.ListClientGrants(ctx, f.client, after, limit)
			}
			return store.ListGrants(ctx, f.subject, after, limit)
		}
		page := grantPageView{Grants: []grantView{}}
		progress := a.every("read %s grants so far")
		for after, left := first, f.limit; ; {
			size := grantPage
			if !f.all {
				size = min(size, left)
			}
			ids, err := list(ctx, after, size+1) // one more tells whether a page follows
			if err != nil {
				return page, err
			}
			more := len(ids) > size
			if more {
				ids = ids[:size]
			}
			views, err := a.viewGrants(ctx, store, ids)
			if err != nil {
				return page, err
			}
			page.Grants = append(page.Grants, views...)
			progress(len(page.Grants))
			if !more {
				return page, nil
			}
			after = ids[size-1]
			if left -= size; !f.all && left == 0 {
				page.Next = after.String()
				return page, nil
			}
		}
	}
}

// machineGrants finds a client's own grants by walking through all.
func (a *app) machineGrants(f listFlags) grantLister {
	return func(ctx context.Context, store grant.Store) (grantPageView, error) {
		progress := a.readsAll("a client's own grants are in no list")
		page, read := grantPageView{Grants: []grantView{}}, 0
		for from, size := grant.Cursor(f.after), census.WalkPage; ; {
			some, next, err := store.WalkGrants(ctx, from, size)
			if err != nil {
				return page, err
			}
			own, at := ownGrants(some, f.client)
			if left := f.limit - len(page.Grants); !f.all && len(own) > left {
				size = at[left-1] + 1 // again, so that the cursor stands after the last that is shown
				continue
			}
			size = census.WalkPage
			views, err := a.judged(ctx, store, own)
			if err != nil {
				return page, err
			}
			page.Grants = append(page.Grants, views...)
			read += len(some)
			progress(read)
			if next == "" {
				return page, nil
			}
			if from = next; !f.all && len(page.Grants) >= f.limit {
				page.Next = string(next)
				return page, nil
			}
		}
	}
}

// ownGrants are those of a page that are the client's own, and where each stands in it.
func ownGrants(page []*grant.Grant, clientID string) (own []*grant.Grant, at []int) {
	for i, g := range page {
		if g.ClientID == clientID && g.Subject == "" {
			own, at = append(own, g), append(at, i)
		}
	}
	return own, at
}

func writeGrantPage(w io.Writer, page grantPageView, f listFlags, next string) {
	switch {
	case len(page.Grants) > 0:
		for i := range page.Grants {
			page.Grants[i].Tokens = nil
		}
		writeGrants(w, page.Grants)
	case f.after != "":
		fmt.Fprintln(w, "No more grants.")
	case f.machine:
		fmt.Fprintf(w, "Client %s has no grants of its own.\n", f.client)
	case f.client != "":
		fmt.Fprintf(w, "Client %s has no grants for users. Its own are found by --machine, which reads the whole table.\n", f.client)
	default:
		fmt.Fprintln(w, "This user has no grants.")
	}
	if next != "" {
		fmt.Fprintf(w, "\nMore follow:\n  %s\n", next)
	}
}

// nextCommand is the command line that lists the next page.
func nextCommand(cmd *cobra.Command, f listFlags, next string) string {
	if next == "" {
		return ""
	}
	words := []string{cmd.CommandPath()}
	add := func(name, value string) { words = append(words, "--"+name, quoted(value)) }
	if f.client != "" {
		add("client", f.client)
	} else {
		add("subject", f.subject)
	}
	if f.machine {
		words = append(words, "--machine")
	}
	if f.limit != listedGrants {
		add("limit", strconv.Itoa(f.limit))
	}
	if store := cmd.Flags().Lookup("store"); store.Changed {
		add("store", store.Value.String())
	}
	add("after", next)
	return strings.Join(words, " ")
}

// quoted is a word for a shell.
func quoted(s string) string {
	plain := func(r rune) bool {
		return r > 127 || !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/@%+=,", r)
	}
	if s != "" && !strings.ContainsFunc(s, plain) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
