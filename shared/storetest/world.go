package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"rescind/internal/testkit/stage"
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// world is one check's: its clock, its rules, and two processes.
type world struct {
	T
	ctx          context.Context
	store, other Store
	clock        *stage.Clock
	rules        grant.Rules
	auth         *client.Authenticator
}

func newWorld(t T, env Env) *world {
	// From the real time on: a store which deletes by its own clock then has nothing to delete.
	c := stage.NewClock(time.Now().UTC().Truncate(time.Millisecond))
	return &world{
		T: t, ctx: t.Context(), store: env.Store, other: env.Other, clock: c,
		rules: grant.Defaults(c.Now, rand.Reader),
		auth:  client.NewAuthenticator(c.Now, client.NewAttempts(1_000_000, time.Second)),
	}
}

func (w *world) manager(s client.Store) client.Manager {
	return client.Manager{Store: s, Now: w.clock.Now, Rand: rand.Reader}
}

// must ends the check on an error that the check is not about.
func (w *world) must(err error, doing string) {
	w.Helper()
	if err != nil {
		w.Fatalf("%s: %v", doing, err)
	}
}

func unique(prefix string) string { return prefix + rand.Text()[:16] }

// audience is every client's, so that one resource server sees all access tokens.
const audience = "https://api.example"

// actor is a client with its secret.
type actor struct {
	id   string
	text secret.Text
}

func appPolicy() client.Policy {
	return client.Policy{
		Name: "app", Type: client.Confidential,
		GrantTypes: []string{oauth.GrantClientCredentials, oauth.GrantRefreshToken, oauth.GrantAuthorizationCode},
		Scope:      oauth.Scope{"read", "write"}, Audience: []string{audience}, RedirectURIs: []string{"https://app.example/callback"},
	}
}

// app registers a client that may do everything.
func (w *world) app(edits ...func(*client.Policy)) actor {
	w.Helper()
	p := appPolicy()
	for _, edit := range edits {
		edit(&p)
	}
	return w.register(p)
}

// server registers a resource server of the audience.
func (w *world) server() actor {
	w.Helper()
	return w.register(client.Policy{Name: "server", Type: client.Confidential, ResourceServer: true, Audience: []string{audience}})
}

func (w *world) register(p client.Policy) actor {
	w.Helper()
	c, text, err := w.manager(w.store).Create(w.ctx, unique("client-"), p)
	w.must(err, "registering a client")
	return actor{c.ID, text}
}

// proof reads the client, with a grant where v names one, and authenticates:
// the first step of every endpoint.
func (w *world) proof(s grant.Finder, a actor, v token.Value) (client.Authenticated, grant.Rows, error) {
	keys := grant.Keys{Clients: []string{a.id}, Grants: []token.GrantID{v.GrantID()}}
	return w.authenticated(s, a, keys)
}

func (w *world) authenticated(s grant.Finder, a actor, keys grant.Keys) (client.Authenticated, grant.Rows, error) {
	rows, err := s.Find(w.ctx, keys)
	if err != nil {
		return client.Authenticated{}, rows, err
	}
	cr := client.Credentials{Method: oauth.AuthBasic, Source: "test", Pairs: []client.Pair{{ID: a.id, Secret: a.text}}}
	if a.text.IsEmpty() {
		cr.Method = oauth.AuthNone
	}
	proof, _, err := w.auth.Authenticate(w.ctx, cr, rows.Clients[:1])
	return proof, rows, err
}

// birth reads what a new grant is judged by, and issues it.
func (w *world) birth(s grant.Store, a actor, subject string, refresh bool) (grant.Tokens, error) {
	keys := grant.Keys{Clients: []string{a.id}}
	if subject != "" {
		keys.Subjects = []string{subject}
	}
	proof, rows, err := w.authenticated(s, a, keys)
	if err != nil {
		return grant.Tokens{}, err
	}
	return w.rules.Issue(w.ctx, s, w.birthOf(proof, rows, subject, refresh))
}

func (w *world) birthOf(proof client.Authenticated, rows grant.Rows, subject string, refresh bool) grant.Birth {
	b := grant.Birth{Client: proof.Client(), Generation: rows.Generation, Subject: subject, Refresh: refresh,
		Scope: oauth.Scope{"read", "write"}, Audience: []string{audience}}
	if subject != "" {
		b.Epoch = rows.Subjects[0]
	}
	return b
}

func (w *world) issue(a actor, subject string, refresh bool) grant.Tokens {
	w.Helper()
	t, err := w.birth(w.store, a, subject, refresh)
	w.must(err, "issuing")
	return t
}

func (w *world) refresh(s grant.Store, a actor, v token.Value, scope ...string) (grant.Tokens, error) {
	proof, rows, err := w.proof(s, a, v)
	if err != nil {
		return grant.Tokens{}, err
	}
	return w.rules.Refresh(w.ctx, s, grant.RefreshRequest{Client: proof, Token: v, Grant: rows.Grants[0], Generation: rows.Generation, Scope: scope})
}

func (w *world) refreshed(a actor, v token.Value) grant.Tokens {
	w.Helper()
	t, err := w.refresh(w.store, a, v)
	w.must(err, "refreshing")
	return t
}

func (w *world) revoke(s grant.Store, a actor, v token.Value) (grant.Ended, error) {
	proof, rows, err := w.proof(s, a, v)
	if err != nil {
		return grant.Ended{}, err
	}
	return w.rules.Revoke(w.ctx, s, grant.RevokeRequest{Client: proof, Token: v, Grant: rows.Grants[0], Reason: "asked"})
}

func (w *world) introspect(s grant.Store, a actor, v token.Value) (grant.Introspection, error) {
	proof, rows, err := w.proof(s, a, v)
	if err != nil {
		return grant.Introspection{}, err
	}
	return w.rules.Introspect(w.ctx, s, grant.Inquiry{Caller: proof, Token: v, Grant: rows.Grants[0], Generation: rows.Generation})
}

// grant reads a grant through the other process.
func (w *world) grant(id token.GrantID) *grant.Grant {
	w.Helper()
	rows, err := w.other.Find(w.ctx, grant.Keys{Grants: []token.GrantID{id}})
	w.must(err, "reading the grant")
	return rows.Grants[0]
}

// client reads a client through the other process.
func (w *world) client(id string) *client.Client {
	w.Helper()
	c, err := w.other.FindClient(w.ctx, id)
	w.must(err, "reading the client")
	return c
}

// active tells, through both processes, whether a token is. A client that
// cannot authenticate any more can learn nothing, which counts as no.
func (w *world) active(a actor, v token.Value) bool {
	w.Helper()
	var seen [2]bool
	for i, s := range []grant.Store{w.store, w.other} {
		got, err := w.introspect(s, a, v)
		if err != nil && !isCode(err, oauth.InvalidClient) {
			w.Fatalf("introspecting: %v", err)
		}
		seen[i] = got.Active
	}
	if seen[0] != seen[1] {
		w.Errorf("one process finds the %s active and the other does not", v.Kind())
	}
	return seen[0]
}

func (w *world) alive(a actor, v token.Value, what string) {
	w.Helper()
	if !w.active(a, v) {
		w.Errorf("%s is dead and should be alive", what)
	}
}

func (w *world) dead(a actor, v token.Value, what string) {
	w.Helper()
	if w.active(a, v) {
		w.Errorf("%s is alive and should be dead", what)
	}
}

// isCode tells whether an error is the protocol's answer with this code.
func isCode(err error, code oauth.Code) bool {
	var answer *oauth.Error
	return errors.As(err, &answer) && answer.Code == code
}

// refusedAs checks that an error is a refusal for one reason.
func (w *world) refusedAs(err error, reason string) {
	w.Helper()
	var refused *grant.Refused
	if !errors.As(err, &refused) {
		w.Errorf("the answer is %v, not a refusal for %s", err, reason)
	} else if refused.Reason != reason {
		w.Errorf("refused for %s, not for %s", refused.Reason, reason)
	}
}
