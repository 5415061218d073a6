package dynamo

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// bench drives the rules over a recorded store, as an endpoint would.
type bench struct {
	t      *testing.T
	rec    *recorder
	store  *Store
	rules  grant.Rules
	auth   *client.Authenticator
	secret map[string]secret.Text
}

func newBench(t *testing.T) *bench {
	rec := &recorder{raw: onEngine(t)}
	b := &bench{t: t, rec: rec, store: New(rec.client(), newTables(t, rec.raw)), rules: grant.Defaults(time.Now, rand.Reader),
		auth: client.NewAuthenticator(time.Now, client.NewAttempts(10, time.Second)), secret: map[string]secret.Text{}}
	b.register("shop", client.Policy{Scope: oauth.Scope{"read", "write"}, RedirectURIs: []string{"https://shop.example/cb"}, GrantTypes: []string{oauth.GrantClientCredentials, oauth.GrantAuthorizationCode, oauth.GrantRefreshToken}})
	b.register("api", client.Policy{ResourceServer: true, Audience: []string{"https://api.example.com/"}, GrantTypes: []string{oauth.GrantClientCredentials}})
	rec.calls, rec.sent = nil, 0
	if err := b.store.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	rec.take(t, "once for a process")
	return b
}

func (b *bench) manager() client.Manager {
	return client.Manager{Store: b.store, Now: time.Now, Rand: rand.Reader}
}

func (b *bench) register(id string, p client.Policy) {
	b.t.Helper()
	p.Name, p.Type = id, client.Confidential
	_, text, err := b.manager().Create(b.t.Context(), id, p)
	if err != nil {
		b.t.Fatal(err)
	}
	b.secret[id] = text
}

// enter is the door of every endpoint: the client and the token's grant in one read.
func (b *bench) enter(id string, v token.Value) (client.Authenticated, *grant.Grant, int64) {
	b.t.Helper()
	keys := grant.Keys{Clients: []string{id}}
	if v.Kind() != 0 {
		keys.Grants = []token.GrantID{v.GrantID()}
	}
	rows, err := b.store.Find(b.t.Context(), keys)
	if err != nil {
		b.t.Fatal(err)
	}
	who, _, err := b.auth.Authenticate(b.t.Context(), client.Credentials{Method: oauth.AuthBasic, Pairs: []client.Pair{{ID: id, Secret: b.secret[id]}}}, rows.Clients)
	if err != nil {
		b.t.Fatal(err)
	}
	if v.Kind() == 0 {
		return who, nil, rows.Generation
	}
	return who, rows.Grants[0], rows.Generation
}

func (b *bench) issue(subject string) grant.Tokens {
	b.t.Helper()
	who, _, generation := b.enter("shop", token.Value{})
	out, err := b.rules.Issue(b.t.Context(), b.store, grant.Birth{Client: who.Client(), Generation: generation, Subject: subject,
		Scope: oauth.Scope{"read", "write"}, Audience: []string{"https://api.example.com/"}, Refresh: subject != ""})
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

func (b *bench) refresh(v token.Value) grant.Tokens {
	b.t.Helper()
	who, g, generation := b.enter("shop", v)
	out, err := b.rules.Refresh(b.t.Context(), b.store, grant.RefreshRequest{Client: who, Token: v, Grant: g, Generation: generation})
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

func (b *bench) revoke(v token.Value) {
	b.t.Helper()
	who, g, _ := b.enter("shop", v)
	ended, err := b.rules.Revoke(b.t.Context(), b.store, grant.RevokeRequest{Client: who, Token: v, Grant: g, Reason: "revocation_request"})
	if err != nil || ended.What != grant.EndedGrant {
		b.t.Fatalf("ended %s, error %v", ended.What, err)
	}
}

func (b *bench) introspect(caller string, v token.Value) grant.Introspection {
	b.t.Helper()
	who, g, generation := b.enter(caller, v)
	seen, err := b.rules.Introspect(b.t.Context(), b.store, grant.Inquiry{Caller: who, Token: v, Grant: g, Generation: generation})
	if err != nil {
		b.t.Fatal(err)
	}
	return seen
}

// redeem makes a grant with a code and exchanges it; only the exchange is measured.
func (b *bench) redeem(subject string) (do func()) {
	ctx := b.t.Context()
	verifier := "verifier-verifier-verifier-verifier-verifier"
	sum := sha256.Sum256([]byte(verifier))
	who, _, generation := b.enter("shop", token.Value{})
	code, err := b.rules.IssueCode(ctx, b.store, grant.Birth{Client: who.Client(), Generation: generation, Subject: subject, Scope: oauth.Scope{"read"}},
		grant.CodeRequest{Challenge: base64.RawURLEncoding.EncodeToString(sum[:]), RedirectURI: digest("https://shop.example.com/")})
	if err != nil {
		b.t.Fatal(err)
	}
	return func() {
		who, g, generation := b.enter("shop", code)
		if _, err := b.rules.Redeem(ctx, b.store, grant.RedeemRequest{Client: who, Code: code, Grant: g, Generation: generation,
			Verifier: secret.NewText(verifier), RedirectURI: digest("https://shop.example.com/")}); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *bench) expect(what string, want spent, do func()) {
	b.t.Helper()
	b.rec.mu.Lock()
	b.rec.calls, b.rec.sent, b.rec.lax = nil, 0, nil
	b.rec.mu.Unlock()
	do()
	if got := b.rec.take(b.t, what); got != want {
		b.t.Errorf("%s: %s; the budget is %s", what, got, want)
	}
}

func (b *bench) revokeSubject(subject string) {
	if _, err := b.rules.RevokeSubject(b.t.Context(), b.store, subject); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) revokeClient(id string) {
	if _, err := b.manager().RaiseEpoch(b.t.Context(), id); err != nil {
		b.t.Fatal(err)
	}
}

// The budget is data-model.md's.
func TestBudget(t *testing.T) {
	b := newBench(t)
	b.expect("issue", spent{2, 1, 1}, func() { b.issue("") })
	b.expect("issue, with a subject and so two index entries", spent{2, 1, 3}, func() { b.issue("bob") })
	b.expect("redeem a code, with a subject", spent{3, 3, 1}, b.redeem("alice"))
	young := b.issue("alice")
	b.expect("refresh, with a subject", spent{3, 3, 1}, func() { young = b.refresh(young.Refresh) })
	b.expect("introspect as its client", spent{2, 3, 0}, func() {
		if !b.introspect("shop", young.Access).Active {
			t.Error("the token is not active")
		}
	})
	b.expect("introspect as a resource server", spent{2, 4, 0}, func() {
		if !b.introspect("api", young.Access).Active {
			t.Error("the token is not active")
		}
	})
	b.expect("a wrong value: only the client is read", spent{1, 1, 0}, func() { b.enter("shop", token.Value{}) })
	b.expect("revoke", spent{2, 2, 1}, func() { b.revoke(young.Refresh) })
	b.expect("introspect what was revoked", spent{2, 4, 0}, func() {
		if b.introspect("api", young.Access).Active {
			t.Error("a revoked token is active")
		}
	})
	b.expect("revoke a subject", spent{2, 1, 1}, func() { b.revokeSubject("alice") })
	b.expect("revoke a subject again", spent{2, 1, 1}, func() { b.revokeSubject("alice") })
	b.expect("revoke a client", spent{2, 1, 1}, func() { b.revokeClient("shop") })
}

// A grant that holds all it can, eight access tokens and two predecessors,
// stays under 1 KB until its names are long.
func TestBudgetOfAFullGrant(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		what, subject string
		writes        int
	}{
		{"with ordinary names", "0199b1f2-5c3e-7d44-9a6b-2f1e8c7d6a5b", 1},
		{"with long names", strings.Repeat("long", 50), 2},
	} {
		full := b.issue(c.subject)
		for range grant.Slots {
			full = b.refresh(full.Refresh)
		}
		b.expect("refresh a full grant "+c.what, spent{3, 3, c.writes}, func() { full = b.refresh(full.Refresh) })
		b.expect("introspect a full grant "+c.what, spent{2, 4, 0}, func() { b.introspect("api", full.Access) })
		b.expect("revoke a full grant "+c.what, spent{2, 2, c.writes}, func() { b.revoke(full.Refresh) })
	}
}

// The reading of the META rows costs no request of its own.
func TestBudgetWhenTheGenerationIsReadAgain(t *testing.T) {
	b := newBench(t)
	b.store.now = func() time.Time { return time.Now().Add(2 * MetaInterval) }
	b.expect("issue, the first in an interval", spent{2, 3, 1}, func() { b.issue("") })
	b.expect("issue, the second in an interval", spent{2, 1, 1}, func() { b.issue("") })
}
