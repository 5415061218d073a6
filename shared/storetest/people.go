package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rescind/shared/authorization"
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/session"
	"rescind/shared/token"
	"rescind/shared/user"
)

func peopleChecks() []Check {
	of := group("keeping people, whatever else there is",
		check("accounts come in the order of their keys, page by page, and nothing else", func(w *world) {
			_, _, _, _ = w.filled()
			w.signedIn()
			want := map[user.Key]bool{}
			for range 7 {
				name := unique("name-")
				accounts.written(w, name, 0)
				consents.written(w, name, 0)
				want[keyOf(name)] = true
			}
			gone := unique("name-")
			w.must(w.store.PutUser(w.ctx, &user.Account{Key: keyOf(gone), Version: 1, Subject: "s", State: user.Deleted}, 0), "writing a tombstone")
			want[keyOf(gone)] = true
			for _, limit := range []int{1, 3, 8, 1000} {
				after, seen := user.Key{}, 0
				for {
					page, err := w.other.ListUsers(w.ctx, after, limit)
					w.must(err, "listing accounts")
					if len(page) > limit {
						w.Fatalf("a page of at most %d holds %d", limit, len(page))
					}
					for _, a := range page {
						if !want[a.Key] || bytes.Compare(a.Key[:], after[:]) <= 0 {
							w.Errorf("an account is another's, or out of order")
						}
						w.sameAccount(a, w.account(a.Key), "in the list")
						after, seen = a.Key, seen+1
					}
					if len(page) == 0 {
						break
					}
				}
				if seen != len(want) {
					w.Errorf("in pages of %d there are %d accounts, not %d", limit, seen, len(want))
				}
			}
			if none, err := w.store.ListUsers(w.ctx, user.Key{}, 0); err != nil || len(none) != 0 {
				w.Errorf("a page of none holds %d, %v", len(none), err)
			}
		}),
		check("lists and walks of clients, grants, denials and epochs see nothing of them", func(w *world) {
			for range 30 {
				name := unique("name-")
				accounts.written(w, name, 0)
				consents.written(w, name, 0)
				w.signedIn()
			}
			grants, epochs, denials, clients := w.filled()
			for _, n := range []int{1, 3, 500} {
				once(w, walked(w, grant.Store.WalkGrants, n, nil), grantOf, grants, "grants")
				once(w, walked(w, grant.Store.WalkSubjects, n, nil), subjectOf, keys(epochs), "subjects")
				once(w, walked(w, grant.Store.WalkDenied, n, nil), jtiOf, keys(denials), "denials")
			}
			list, err := w.store.ListClients(w.ctx, "", 1000)
			w.must(err, "listing clients")
			once(w, list, func(c *client.Client) string { return c.ID }, map[string]bool{clients[0].ID: true, clients[1].ID: true, clients[2].ID: true}, "clients")
		}),
		check("no cursor of a walk holds what a session is found by", func(w *world) {
			var ids []secret.Digest
			for range 40 {
				ids = append(ids, w.signedIn().ID)
				w.issue(w.app(), unique("subject-"), true)
			}
			for from := grant.Cursor(""); ; {
				_, next, err := w.store.WalkGrants(w.ctx, from, 1)
				w.must(err, "walking")
				for _, id := range ids {
					if holds(string(next), id) {
						w.Errorf("a cursor holds a session's digest")
					}
				}
				if from = next; from == "" {
					break
				}
			}
		}),
	)
	for i := range of {
		of[i].Alone = true // they are of the whole store
	}
	return append(of, group("keeping people",
		check("a change leaves nothing of the row before", func(w *world) {
			name := unique("name-")
			accounts.written(w, name, 0)
			bare := &user.Account{Key: keyOf(name), Version: 2, Subject: "s", State: user.Deleted, Op: newOp(w)}
			w.must(w.store.PutUser(w.ctx, bare, 1), "deleting an account")
			w.sameAccount(w.account(bare.Key), bare, "once it was deleted")
			consents.written(w, name, 0)
			none := &authorization.Consents{Subject: name, Version: 2, Op: newOp(w)}
			w.must(w.store.PutConsents(w.ctx, none, 1), "taking all back")
			got, err := w.other.FindConsents(w.ctx, name)
			w.must(err, "reading consents")
			if names := differing(got, none); len(names) > 0 {
				w.Errorf("the consents differ in %v", names)
			}
		}),
		check("subjects of every legal form have consents of their own, and no subject has none", func(w *world) {
			prefix := unique("n")
			names := []string{prefix, prefix + "#", prefix + "%23", strings.ToUpper(prefix), prefix + "'\";--", prefix + " ü\n", prefix + strings.Repeat("x", 3000)}
			var rows []*keptRow
			for _, name := range names {
				rows = append(rows, consents.written(w, name, 0))
			}
			for i, name := range names {
				consents.stands(w, name, rows[i], "beside others")
			}
			err := w.store.PutConsents(w.ctx, &authorization.Consents{Version: 1, Op: newOp(w)}, 0)
			if _, is := consents.conflict(err); err == nil || is {
				w.Errorf("the consents of no subject: %v", err)
			}
		}),
		check("what is handed out is its caller's own", func(w *world) {
			name := unique("name-")
			c := w.consented(name)
			first, err := w.store.FindConsents(w.ctx, name)
			w.must(err, "reading consents")
			first.Apps[0].Scope[0], first.Apps[0].Grants[0].ID = "changed", token.GrantID{}
			second, err := w.store.FindConsents(w.ctx, name)
			w.must(err, "reading consents")
			if names := differing(second, c); len(names) > 0 {
				w.Errorf("after a caller changed what it was handed, the consents differ in %v", names)
			}
		}),
		check("a read or write that is cut off is an error, never an absence or a conflict", cutOff),
		check("no error text holds a password, a digest or an op", peopleErrors),
	)...)
}

// account reads through the other process.
func (w *world) account(key user.Key) *user.Account {
	w.Helper()
	a, err := w.other.FindUser(w.ctx, key)
	w.must(err, "reading an account")
	return a
}

func (w *world) sameAccount(got, want *user.Account, what string) {
	w.Helper()
	w.same("account", got, want, what)
}

// consented writes consents to one app that hold everything.
func (w *world) consented(subject string) *authorization.Consents {
	w.Helper()
	id, err := token.NewGrantID(w.rules.Rand)
	w.must(err, "drawing an id")
	c := &authorization.Consents{Subject: subject, Version: 1, Op: newOp(w), Updated: w.clock.Now(), Apps: []authorization.App{{
		ClientID: "app", Scope: oauth.Scope{"read", "write"}, Audience: []string{audience}, Epochs: grant.Epochs{Client: 1, Subject: 2, Store: 3},
		Since: w.clock.Now(), Withdrawn: 4, Grants: []authorization.Made{{ID: id, End: w.clock.Now().Add(time.Hour)}},
	}}}
	w.must(w.store.PutConsents(w.ctx, c, 0), "writing consents")
	return c
}

func cutOff(w *world) {
	name := unique("name-")
	accounts.written(w, name, 0)
	c, n := w.consented(name), w.signedIn()
	gone, cancel := context.WithCancel(w.ctx)
	cancel()
	_, err := w.store.FindUser(gone, keyOf(name))
	_, err2 := w.store.FindSession(gone, n.ID)
	_, err3 := w.store.FindConsents(gone, name)
	_, err4 := w.store.ListUsers(gone, user.Key{}, 1)
	c.Version = 2
	for i, err := range []error{err, err2, err3, err4, w.store.PutConsents(gone, c, 1), w.store.CreateSession(gone, n), w.store.TouchSession(gone, n.ID, n.AbsoluteEnd),
		w.store.EndSession(gone, n.ID, w.clock.Now()), w.store.PutUser(gone, &user.Account{Key: keyOf(name), Version: 2, State: user.On}, 1)} {
		var sessions *session.Conflict
		_, is := accounts.conflict(err)
		_, is2 := consents.conflict(err)
		if err == nil || is || is2 || errors.As(err, &sessions) {
			w.Errorf("call %d, cut off, answers %v", i, err)
		}
	}
}

func peopleErrors(w *world) {
	name := unique("name-")
	accounts.written(w, name, 0)
	stored, c, n := w.account(keyOf(name)), w.consented(name), w.signedIn()
	gone, cancel := context.WithCancel(w.ctx)
	cancel()
	var errs []error
	for _, ctx := range []context.Context{w.ctx, gone} {
		errs = append(errs, w.store.PutUser(ctx, stored, 0), w.store.PutConsents(ctx, c, 0), w.store.CreateSession(ctx, n), w.store.TouchSession(ctx, n.ID, n.Born))
	}
	_, err := w.store.FindSession(gone, n.ID)
	for i, err := range append(errs, err) {
		if err == nil {
			w.Errorf("call %d succeeded", i)
			continue
		}
		text := fmt.Sprintf("%v %+v", err, err)
		for _, d := range []secret.Digest{n.ID, secret.Digest(n.Op), secret.Digest(stored.Op), secret.Digest(c.Op)} {
			if holds(text, d) {
				w.Errorf("the error of call %d holds a digest", i)
			}
		}
		if slices.ContainsFunc([]string{stored.Password.Reveal(), stored.Email, n.Label}, func(s string) bool { return strings.Contains(text, s) }) {
			w.Errorf("the error of call %d holds what is in a row", i)
		}
	}
}
