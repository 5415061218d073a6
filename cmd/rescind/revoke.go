package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"rescind/shared/audit"
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// operatorReason is what a grant's revocation says where --reason was not given.
const operatorReason = "operator"

type revokeFlags struct {
	token, grant, subject, client string
	reason                        string
	dryRun                        bool
}

func (a *app) revokeCommand() *cobra.Command {
	var f revokeFlags
	cmd := &cobra.Command{
		Use:   "revoke --token - | --grant ID | --subject SUB | --client ID",
		Short: "End a grant, or all grants of a user or a client",
		Long: `End a grant with all its tokens, named by one of its tokens or by its id, or end
all grants that a user or a client has until now. When this command says that
something has ended, no server of this store accepts any of those tokens again.
Ending what has ended already changes nothing, and is no failure; nor is a token
or grant that nobody knows.

With --dry-run it only counts what it would end: the grants that are alive, up to
10,000, by client. For a client that reads the whole table of grants, which takes
time, and capacity, in proportion to all that it holds. A grant made a moment ago
may be missing from the count, never from the revocation.

A token is read from standard input. On the command line it would stay in the
shell's history, and every user of the machine could see it.`,
		Example: "  rescind revoke --token - < token.txt\n  rescind revoke --subject alice --reason \"laptop stolen\"",
		Args:    exactly(0, ""),
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.token, "token", "", "`-`: read an access token or refresh token from standard input, and end its grant")
	flags.StringVar(&f.grant, "grant", "", "end the grant with this `ID`")
	flags.StringVar(&f.subject, "subject", "", "end all grants of this user, `SUB`")
	flags.StringVar(&f.client, "client", "", "end all grants of the client with this `ID`; it stays on")
	flags.StringVar(&f.reason, "reason", operatorReason, "a `TEXT` for the audit, and kept with the grant")
	flags.BoolVar(&f.dryRun, "dry-run", false, "count what it would end, and change nothing")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		t, err := a.target(cmd, &f)
		if err != nil {
			return err
		}
		act := a.revocation(t, f)
		return a.withStore(func(ctx context.Context, store operatorStore, _ []string) error {
			if f.dryRun {
				return a.previewed(ctx, store, t)
			}
			ended, err := act(ctx, store)
			switch {
			case isRefusal(err):
				return err
			case err != nil:
				return fmt.Errorf("nobody knows whether it has ended, run this again: %w", err)
			}
			return a.print(ended, func(w io.Writer) { fmt.Fprintln(w, ended.text) })
		})(cmd, args)
	}
	return cmd
}

// endedView is what a revocation ended: "grant", "subject", "client" or
// "nothing". Times are seconds since 1970.
type endedView struct {
	Ended    string `json:"ended"`
	Why      string `json:"why,omitempty"` // for nothing: "unknown" or "already_revoked"
	GrantID  string `json:"grant_id,omitempty"`
	ClientID string `json:"client_id,omitempty"`
	Subject  string `json:"sub,omitempty"`
	At       int64  `json:"revoked_at,omitempty"` // of the grant, the first revocation's
	Reason   string `json:"reason,omitempty"`     // likewise
	Epoch    int64  `json:"epoch,omitempty"`      // of the subject or client, after it was raised

	text string // for people
}

// target is what a command line names, checked.
type target struct {
	kind            string // "token", "grant", "subject" or "client"
	token           token.Value
	isToken         bool // else what was given is none of ours
	grant           token.GrantID
	subject, client string
}

// target checks the command line whole before anything is opened. It reads the
// token: whoever types it in holds nothing open meanwhile.
func (a *app) target(cmd *cobra.Command, f *revokeFlags) (t target, err error) {
	var given []string
	for _, name := range []string{"token", "grant", "subject", "client"} {
		if cmd.Flags().Changed(name) {
			given = append(given, name)
		}
	}
	if len(given) != 1 {
		return t, usagef("name exactly one of --token -, --grant, --subject and --client; see `%s --help`", cmd.CommandPath())
	}
	if f.reason == "" {
		f.reason = operatorReason
	}
	if err := checkWord("--reason", f.reason, maxReason); err != nil {
		return t, err
	}
	t = target{kind: given[0], subject: f.subject, client: f.client}
	switch t.kind {
	case "token":
		if f.token != "-" {
			return t, usagef("a token on the command line stays in the shell's history: write `--token -` and give it on standard input")
		}
		text, err := a.readToken()
		if err != nil {
			return t, err
		}
		t.token, t.isToken = token.Parse(text.Reveal())
	case "grant":
		t.grant, err = parseGrant(f.grant)
	case "subject":
		err = checkSubject(f.subject)
	default:
		err = checkClientID(f.client)
	}
	return t, err
}

type revocation func(context.Context, grant.Store) (endedView, error)

// revocation gives what ends the target.
func (a *app) revocation(t target, f revokeFlags) revocation {
	switch t.kind {
	case "token":
		return a.endToken(t, f)
	case "grant":
		return func(ctx context.Context, store grant.Store) (endedView, error) {
			return a.endGrant(ctx, store, t.grant, f.reason, whose(ctx, store, t.grant))
		}
	case "subject":
		return a.endSubject(f)
	}
	return a.endClient(f)
}

// whose says in an audit event whose grant it is. That it cannot be read must
// not keep it from being ended.
func whose(ctx context.Context, store grant.Finder, id token.GrantID) (e audit.Event) {
	rows, err := store.Find(ctx, grant.Keys{Grants: []token.GrantID{id}})
	if err == nil && rows.Grants[0] != nil {
		e.ClientID, e.Subject = rows.Grants[0].ClientID, rows.Grants[0].Subject
	}
	return e
}

func (a *app) endToken(t target, f revokeFlags) revocation {
	v := t.token
	return func(ctx context.Context, store grant.Store) (endedView, error) {
		if !t.isToken {
			return a.unknownToken(ctx, audit.Event{Reason: "not_a_token"}), nil
		}
		e := audit.Event{TokenKind: v.Kind().String(), GrantID: v.GrantID().String()}
		rows, err := store.Find(ctx, grant.Keys{Grants: []token.GrantID{v.GrantID()}})
		if err != nil {
			a.record(ctx, revoking(e), err)
			return endedView{}, err
		}
		g := rows.Grants[0]
		if g == nil || !g.Recognises(v) {
			// The id in a token that is not ours is anybody's choice.
			return a.unknownToken(ctx, audit.Event{TokenKind: e.TokenKind, Reason: grant.WhyUnknown}), nil
		}
		e.ClientID, e.Subject = g.ClientID, g.Subject
		return a.endGrant(ctx, store, g.ID, f.reason, e)
	}
}

// tokenRoom is more than the longest token of ours, in bytes.
const tokenRoom = 1024

// readToken reads all of standard input but one last newline. At a terminal it
// asks, and does not show what is typed.
func (a *app) readToken() (secret.Text, error) {
	if f, ok := a.stdin.(*os.File); ok && isTerminal(f) {
		_, _ = fmt.Fprint(a.stderr, "Token (not shown): ")
		typed, err := term.ReadPassword(int(f.Fd()))
		_, _ = fmt.Fprintln(a.stderr)
		if err != nil {
			return secret.Text{}, fmt.Errorf("reading the token from the terminal: %w", err)
		}
		return tokenText(bytes.TrimSpace(typed))
	}
	b, err := io.ReadAll(io.LimitReader(a.stdin, tokenRoom+1))
	if err != nil {
		return secret.Text{}, fmt.Errorf("reading the token from standard input: %w", err)
	}
	return tokenText(bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r")))
}

func tokenText(b []byte) (secret.Text, error) {
	switch {
	case len(b) == 0:
		return secret.Text{}, usagef("standard input holds no token; give one, such as `rescind revoke --token - < token.txt`")
	case len(b) > tokenRoom || bytes.ContainsAny(b, "\n"):
		return secret.Text{}, usagef("standard input must hold one token and nothing else")
	}
	return secret.NewText(string(b)), nil
}

func revoking(e audit.Event) audit.Event {
	e.Action, e.Operation = audit.Revoke, "revoke"
	return e
}

func (a *app) unknownToken(ctx context.Context, e audit.Event) endedView {
	a.record(ctx, revoking(e), nil)
	return endedView{Ended: grant.EndedNothing, Why: grant.WhyUnknown,
		text: "Nothing was ended: this store knows no such token. It never issued it, or it ended and was cleaned away."}
}

func (a *app) endGrant(ctx context.Context, store grant.RevokeStore, id token.GrantID, reason string, e audit.Event) (endedView, error) {
	ended, err := a.rules.RevokeGrant(ctx, store, id, reason)
	e.GrantID, e.Reason = id.String(), reason
	if err == nil && ended.What == grant.EndedNothing {
		e.Reason = ended.Why
	}
	a.record(ctx, revoking(e), err)
	if err != nil {
		return endedView{}, err
	}
	v := endedView{Ended: ended.What, Why: ended.Why, GrantID: id.String(), Reason: ended.Stand.Reason}
	if !ended.Stand.At.IsZero() {
		v.At = ended.Stand.At.Unix()
	}
	switch {
	case ended.What == grant.EndedGrant:
		v.text = fmt.Sprintf("Grant %s has ended, with all its tokens, at %s.", v.GrantID, stamp(ended.Stand.At))
	case ended.Why == grant.WhyAlready:
		v.text = fmt.Sprintf("Nothing was changed: grant %s had ended already, at %s (%s).", v.GrantID, stamp(ended.Stand.At), v.Reason)
	default:
		v.text = fmt.Sprintf("Nothing was ended: this store knows no grant %s. It never was, or it ended and was cleaned away.", v.GrantID)
	}
	return v, nil
}

func (a *app) endSubject(f revokeFlags) revocation {
	return func(ctx context.Context, store grant.Store) (endedView, error) {
		epoch, err := a.rules.RevokeSubject(ctx, store, f.subject)
		a.record(ctx, revoking(audit.Event{Subject: f.subject, Reason: f.reason}), err)
		v := endedView{Ended: "subject", Subject: f.subject, Epoch: epoch,
			text: fmt.Sprintf("All grants of user %s born until %s have ended, with all their tokens (epoch %d).", f.subject, epochTime(epoch), epoch)}
		// Raised all the same: a grant may be on its way. But a mistyped name ends nothing.
		if some, listErr := store.ListGrants(ctx, f.subject, token.GrantID{}, 1); err == nil && listErr == nil && len(some) == 0 {
			v.text += "\nThis store lists no grant of that user, though: check the name."
		}
		return v, err
	}
}

func (a *app) endClient(f revokeFlags) revocation {
	return func(ctx context.Context, store grant.Store) (endedView, error) {
		c, err := a.manager(store).RaiseEpoch(ctx, f.client)
		e := audit.Event{ClientID: f.client, Reason: f.reason}
		switch {
		case errors.Is(err, client.ErrUnknown):
			e.Reason = "unknown_client"
		case errors.Is(err, client.ErrDeleted):
			e.Reason = "deleted_client"
		}
		a.record(ctx, revoking(e), err)
		if err != nil {
			return endedView{}, err
		}
		return endedView{Ended: "client", ClientID: c.ID, Epoch: c.Epoch,
			text: fmt.Sprintf("All grants of client %s born until %s have ended, with all their tokens (epoch %d).", c.ID, epochTime(c.Epoch), c.Epoch)}, nil
	}
}
