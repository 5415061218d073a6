package grant

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"rescind/shared/client"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/token"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// fixture is a grant that was refreshed three times, an hour apart, and the
// rules at the moment of the last.
type fixture struct {
	r      Rules
	now    time.Time
	g      *Grant
	c      *client.Client
	proof  client.Authenticated
	values [4]token.Value // the refresh tokens, the current one last
	access [4]token.Value
}

// proofOf authenticates a client that needs no secret.
func proofOf(t *testing.T, id string) client.Authenticated {
	t.Helper()
	c := &client.Client{ID: id, State: client.On, Policy: client.Policy{Type: client.Public}}
	proof, _, err := client.NewAuthenticator(time.Now, client.NewAttempts(1, time.Second)).Authenticate(t.Context(),
		client.Credentials{Method: oauth.AuthNone, Pairs: []client.Pair{{ID: id}}}, []*client.Client{c})
	if err != nil {
		t.Fatal(err)
	}
	return proof
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{now: noon, proof: proofOf(t, "app")}
	f.r = Defaults(func() time.Time { return f.now }, rand.Reader)
	f.c = &client.Client{ID: "app", State: client.On, Epoch: 10, Policy: client.Policy{Type: client.Confidential, GrantTypes: []string{oauth.GrantRefreshToken}}}
	id, err := token.NewGrantID(rand.Reader)
	first, err2 := token.NewRefresh(id, rand.Reader)
	access, err3 := token.NewAccess(id, rand.Reader)
	if err := errors.Join(err, err2, err3); err != nil {
		t.Fatal(err)
	}
	f.g = &Grant{ID: id, ClientID: "app", Subject: "s", Scope: oauth.Scope{"a", "b"}, Audience: []string{"https://x.example", "https://y.example"},
		Epochs: Epochs{Client: 10, Subject: 20, Store: 30}, Born: f.now, AbsoluteEnd: f.now.Add(f.r.RefreshAbsolute), IdleEnd: f.now.Add(f.r.RefreshIdle),
		Family: first.Family(), Refresh: first.Digest(), Issued: 1}
	f.g.Access[0] = Slot{Digest: access.Digest(), Issued: f.now, Expires: f.now.Add(f.r.AccessLifetime)}
	f.g.ExpiresAt = expiry(time.Time{}, f.g.AbsoluteEnd)
	f.values[0], f.access[0] = first, access
	for i := 1; i < len(f.values); i++ {
		f.now = f.now.Add(time.Hour)
		tokens := f.apply(t, f.plan(t, f.values[i-1]))
		f.values[i], f.access[i] = tokens.Refresh, tokens.Access
	}
	return f
}

func (f *fixture) cur() Current { return Current{Client: f.c, Subject: 20, Store: 30} }

func (f *fixture) request(v token.Value) RefreshRequest {
	return RefreshRequest{Client: f.proof, Token: v, Grant: f.g, Generation: 30}
}

func (f *fixture) plan(t *testing.T, v token.Value) plan {
	t.Helper()
	p, err := f.r.planRefresh(f.g, f.cur(), f.request(v))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// apply makes a planned change as a store would.
func (f *fixture) apply(t *testing.T, p plan) Tokens {
	t.Helper()
	ch, g := p.change, *f.g
	if ch == nil {
		t.Fatal("there is no change to make")
	}
	if ch.Rotation != nil {
		g.Refresh, g.Previous, g.Rotation, g.Request = ch.Rotation.Refresh, ch.Rotation.Previous, ch.Rotation.Rotation, ch.Rotation.Request
	}
	if !ch.Op.IsZero() {
		g.Op = ch.Op
	}
	if !ch.Family.IsZero() {
		g.Family = ch.Family
	}
	if !ch.IdleEnd.IsZero() {
		g.IdleEnd = ch.IdleEnd
	}
	if ch.ExpiresAt.Before(g.ExpiresAt) {
		t.Errorf("the item's deletion moves from %v to %v", g.ExpiresAt, ch.ExpiresAt)
	}
	g.ExpiresAt = ch.ExpiresAt
	g.Access[ch.Slot.N], g.Issued, g.Code.Used = ch.Slot.Slot, ch.Slot.Issued, g.Code.Used || ch.UseCode
	f.g = &g
	return p.tokens
}

func reasonOf(err error) string {
	if refused := (*Refused)(nil); errors.As(err, &refused) {
		return refused.Reason
	}
	return ""
}

func TestGenerationsAreToldApart(t *testing.T) {
	f := newFixture(t)
	for i, want := range []generation{older, second, predecessor, current} {
		if got := f.g.generationOf(f.values[i]); got != want {
			t.Errorf("token %d is of generation %d, not %d", i, got, want)
		}
	}
	junk, err := token.NewRefresh(f.g.ID, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for what, v := range map[string]token.Value{"a forgery": junk, "an access token": f.access[3], "nothing": {}} {
		if got := f.g.generationOf(v); got != forged {
			t.Errorf("%s is of generation %d", what, got)
		}
	}
	if (&Grant{}).generationOf(f.values[3]) != forged || (&Grant{}).generationOf(token.Value{}) != forged {
		t.Error("a grant without a family has tokens")
	}
	// The digest alone is not enough: an item that somebody else filled in does not lend its family.
	other := *f.g
	other.Family = secret.Digest{1}
	if other.generationOf(f.values[3]) != forged {
		t.Error("a current digest of another family is taken")
	}
}

func TestAGrantRecognisesWhatItIssued(t *testing.T) {
	f := newFixture(t)
	for i := range f.values {
		if !f.g.Recognises(f.values[i]) || !f.g.Recognises(f.access[i]) {
			t.Errorf("the tokens of generation %d are not recognised", i)
		}
	}
	code, err := token.NewCode(f.g.ID, rand.Reader)
	junk, err2 := token.NewAccess(f.g.ID, rand.Reader)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	f.g.Code.Digest = code.Digest()
	if f.g.Recognises(code) || f.g.Recognises(junk) || f.g.Recognises(token.Value{}) {
		t.Error("a code, a forgery or nothing is recognised as a token")
	}
	if f.g.FindAccess(secret.Digest{}) >= 0 {
		t.Error("an empty slot is found by the empty digest")
	}
}

func TestEveryReasonToBeDead(t *testing.T) {
	for _, c := range []struct {
		want string
		edit func(f *fixture, cur *Current)
	}{
		{"", func(*fixture, *Current) {}},
		{"", func(_ *fixture, cur *Current) { cur.Subject, cur.Store = 0, 0 }},
		{"", func(_ *fixture, cur *Current) { cur.Client.Epoch = 9 }},
		{DeadRevoked, func(f *fixture, _ *Current) { f.g.Revoked.At = noon }},
		{DeadClient, func(_ *fixture, cur *Current) { cur.Client = nil }},
		{DeadClient, func(_ *fixture, cur *Current) { cur.Client.State = client.Off }},
		{DeadClient, func(_ *fixture, cur *Current) { cur.Client.State = client.Deleted }},
		{DeadClientEpoch, func(_ *fixture, cur *Current) { cur.Client.Epoch = 11 }},
		{DeadSubjectEpoch, func(_ *fixture, cur *Current) { cur.Subject = 21 }},
		{DeadRestored, func(_ *fixture, cur *Current) { cur.Store = 31 }},
		{"", func(f *fixture, _ *Current) { f.now = f.g.AbsoluteEnd.Add(-time.Millisecond) }},
		{DeadExpired, func(f *fixture, _ *Current) { f.now = f.g.AbsoluteEnd }},
		{DeadUnknown, func(f *fixture, _ *Current) { f.g = nil }},
	} {
		f := newFixture(t)
		cur := f.cur()
		c.edit(f, &cur)
		if got := f.g.Dead(cur, f.now); got != c.want {
			t.Errorf("dead is %q, not %q", got, c.want)
		}
		if f.g == nil || c.want == "" || c.want == DeadUnknown {
			continue
		}
		// A dead grant refuses every genuine token for the same reason, and reuse ends nothing more.
		for i, v := range f.values {
			if p, err := f.r.planRefresh(f.g, cur, f.request(v)); reasonOf(err) != c.want || p.change != nil || p.reuse != "" {
				t.Errorf("token %d of a grant dead by %s: %v", i, c.want, err)
			}
		}
	}
}
