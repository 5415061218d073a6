package grant

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"rescind/shared/client"
	"rescind/shared/oauth"
	"rescind/shared/token"
)

// answers gives the same rows to every read.
type answers struct {
	rows Rows
	err  error
}

func (a answers) Find(context.Context, Keys) (Rows, error) { return a.rows, a.err }

func TestWhoSeesWhichToken(t *testing.T) {
	server := func(audience ...string) *client.Client {
		return &client.Client{ID: "server", State: client.On, Policy: client.Policy{Type: client.Confidential, ResourceServer: true, Audience: audience}}
	}
	marked := server("https://x.example")
	marked.Policy.ResourceServer = false
	for _, c := range []struct {
		name            string
		caller          *client.Client // nil: the owner
		access, refresh string         // why not, or "" where it is seen
	}{
		{"its own client", nil, "", ""},
		{"a resource server of the audience", server("https://y.example"), "", "another_client"},
		{"a resource server of one audience among others", server("https://z.example", "https://x.example"), "", "another_client"},
		{"a resource server of another audience", server("https://z.example"), "another_client", "another_client"},
		{"a resource server whose audience only begins so", server("https://x.example/"), "another_client", "another_client"},
		{"a client with the audience that is no resource server", marked, "another_client", "another_client"},
	} {
		f := newFixture(t)
		caller := c.caller
		if caller == nil {
			caller = f.c
		}
		for v, want := range map[*token.Value]string{&f.access[3]: c.access, &f.values[3]: c.refresh} {
			got := f.r.view(Inquiry{Token: *v, Grant: f.g}, caller, "app", f.cur())
			if got.Active != (want == "") || got.Why != want {
				t.Errorf("%s and the %s: active %t, %q", c.name, v.Kind(), got.Active, got.Why)
			}
			if !got.Active && (got.ClientID != "" || got.Subject != "" || got.Scope != nil || got.Audience != nil || !got.Expires.IsZero() || !got.Grant.IsZero()) {
				t.Errorf("%s is told more than that it is not active", c.name)
			}
		}
	}
}

func TestWhatATokenStandsFor(t *testing.T) {
	f := newFixture(t)
	f.g.Access[3].Scope, f.g.Access[3].Audience = oauth.Scope{"a"}, []string{"https://x.example"}
	see := func(v token.Value) Introspection { return f.r.view(Inquiry{Token: v, Grant: f.g}, f.c, "app", f.cur()) }
	got := see(f.access[3])
	if got.Kind != token.Access || got.Scope.String() != "a" || len(got.Audience) != 1 || !got.Issued.Equal(f.now) || !got.Expires.Equal(f.now.Add(time.Hour)) || got.Subject != "s" {
		t.Errorf("the access token stands for %+v", got)
	}
	got = see(f.values[3])
	if got.Kind != token.Refresh || got.Scope.String() != "a b" || len(got.Audience) != 2 || !got.Issued.Equal(f.now) || !got.Expires.Equal(f.now.Add(f.r.RefreshIdle)) {
		t.Errorf("the refresh token stands for %+v", got)
	}
	for i, v := range f.values[:3] {
		if got := see(v); got.Active || got.Why != "replaced" {
			t.Errorf("refresh token %d: active %t, %q", i, got.Active, got.Why)
		}
	}
	f.now = f.now.Add(time.Hour)
	if got := see(f.access[3]); got.Why != DeadExpired {
		t.Errorf("an expired access token: %q", got.Why)
	}
	f.now = f.g.IdleEnd
	if got := see(f.values[3]); got.Why != DeadExpired {
		t.Errorf("an idle refresh token: %q", got.Why)
	}
	f.g.Revoked.At = f.now
	if got := see(f.values[3]); got.Why != DeadRevoked {
		t.Errorf("a revoked one: %q", got.Why)
	}
}

// bearer makes a client_credentials grant with one access token.
func bearer(t *testing.T, f *fixture) (token.Value, *Grant) {
	t.Helper()
	id, err := token.NewGrantID(rand.Reader)
	v, err2 := token.NewAccess(id, rand.Reader)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	g := &Grant{ID: id, ClientID: "app", Scope: oauth.Scope{"introspection", "a"}, Epochs: Epochs{Client: 10, Store: 30}, AbsoluteEnd: f.now.Add(time.Hour)}
	g.Access[0] = Slot{Digest: v.Digest(), Issued: f.now, Expires: f.now.Add(time.Hour)}
	return v, g
}

func TestWhichBearerMayAsk(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(f *fixture, q *Inquiry)
		want string
	}{
		{"a client's own token with the scope", func(*fixture, *Inquiry) {}, ""},
		{"none", func(_ *fixture, q *Inquiry) { q.BearerGrant = nil }, DeadUnknown},
		{"a forgery", func(f *fixture, q *Inquiry) { q.Bearer = f.access[3] }, DeadUnknown},
		{"a refresh token", func(f *fixture, q *Inquiry) { q.Bearer, q.BearerGrant = f.values[3], f.g }, DeadUnknown},
		{"an expired one", func(_ *fixture, q *Inquiry) { q.BearerGrant.Access[0].Expires = q.BearerGrant.Access[0].Issued }, DeadExpired},
		{"a subject's", func(_ *fixture, q *Inquiry) { q.BearerGrant.Subject = "s" }, "not_client_credentials"},
		{"one beside a refresh token", func(_ *fixture, q *Inquiry) { q.BearerGrant.Family[0] = 1 }, "not_client_credentials"},
		{"one of a code", func(_ *fixture, q *Inquiry) { q.BearerGrant.Code.Digest[0] = 1 }, "not_client_credentials"},
		{"one without the scope", func(_ *fixture, q *Inquiry) { q.BearerGrant.Scope = oauth.Scope{"a"} }, "scope_lacks_introspection"},
		{"one narrowed to another scope", func(_ *fixture, q *Inquiry) { q.BearerGrant.Access[0].Scope = oauth.Scope{"a"} }, "scope_lacks_introspection"},
		{"a revoked one", func(_ *fixture, q *Inquiry) { q.BearerGrant.Revoked.At = noon }, DeadRevoked},
		{"one whose client was revoked", func(f *fixture, _ *Inquiry) { f.c.Epoch = 11 }, DeadClientEpoch},
		{"one whose client is off", func(f *fixture, _ *Inquiry) { f.c.State = client.Off }, DeadClient},
		{"one of a public client", func(f *fixture, _ *Inquiry) { f.c.Policy.Type = client.Public }, "public_client"},
		{"one from before a restore", func(_ *fixture, q *Inquiry) { q.Generation = 31 }, DeadRestored},
	} {
		f := newFixture(t)
		q := Inquiry{Token: f.access[3], Grant: f.g, Generation: 30}
		q.Bearer, q.BearerGrant = bearer(t, f)
		c.edit(f, &q)
		got, err := f.r.Introspect(t.Context(), answers{rows: Rows{Clients: []*client.Client{f.c, f.c}, Subjects: []int64{20}, Generation: 30}}, q)
		if reasonOf(err) != c.want || got.Active != (c.want == "") {
			t.Errorf("%s: active %t, %v", c.name, got.Active, err)
		}
		if answer := (*oauth.Error)(nil); c.want != "" && (!errors.As(err, &answer) || answer.Code != oauth.InvalidToken || answer.Challenge != "Bearer") {
			t.Errorf("%s is answered %v", c.name, err)
		}
	}
}

func TestABearerDoesNotSeeItself(t *testing.T) {
	f := newFixture(t)
	v, g := bearer(t, f)
	got, err := f.r.Introspect(t.Context(), answers{rows: Rows{Clients: []*client.Client{f.c, f.c}, Generation: 30}},
		Inquiry{Bearer: v, BearerGrant: g, Token: v, Grant: g, Generation: 30})
	if err != nil || got.Active || got.Why != "the_bearer_itself" || got.Caller != "app" {
		t.Errorf("the bearer's own token: active %t, %q, %v", got.Active, got.Why, err)
	}
}

func TestAReadThatFailsIsNoAnswer(t *testing.T) {
	f := newFixture(t)
	v, g := bearer(t, f)
	outage := errors.New("down")
	got, err := f.r.Introspect(t.Context(), answers{err: outage}, Inquiry{Bearer: v, BearerGrant: g, Token: f.access[3], Grant: f.g})
	if !errors.Is(err, outage) || got.Active || reasonOf(err) != "" {
		t.Errorf("a failed read: active %t, %v", got.Active, err)
	}
	q := Inquiry{Caller: proofOf(t, "app"), Token: f.access[3], Grant: f.g}
	if _, err := f.r.Introspect(t.Context(), answers{err: outage}, q); reasonOf(err) != "public_client" {
		t.Errorf("a public client asks: %v", err)
	}
}

func TestARevocationSaysNothingOfSomebodyElses(t *testing.T) {
	f := newFixture(t)
	ended := func(who string, v token.Value) (Ended, error) {
		// No store: nothing may be written, or read.
		return f.r.Revoke(t.Context(), nil, RevokeRequest{Client: proofOf(t, who), Token: v, Grant: f.g})
	}
	for _, edit := range []func(){func() {}, func() { f.g.Revoked.At = noon }, func() { f.now = f.g.AbsoluteEnd.Add(time.Hour) }} {
		edit()
		for _, v := range []token.Value{f.values[3], f.values[0], f.access[3]} {
			_, err := ended("another", v)
			if answer := (*oauth.Error)(nil); reasonOf(err) != "another_client" || !errors.As(err, &answer) || answer.Code != oauth.InvalidGrant {
				t.Errorf("another client's: %v", err)
			}
		}
	}
	if got, err := ended("app", f.values[3]); err != nil || got.Why != WhyAlready || !got.Stand.At.Equal(noon) {
		t.Errorf("revoked before: %q, %v", got.Why, err)
	}
	f.g.Revoked = Revocation{}
	if got, err := ended("app", f.values[3]); err != nil || got.Why != WhyExpired {
		t.Errorf("expired: %q, %v", got.Why, err)
	}
	junk, err := token.NewRefresh(f.g.ID, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []token.Value{junk, {}} {
		if got, err := ended("app", v); err != nil || got.Why != WhyUnknown {
			t.Errorf("a forgery: %q, %v", got.Why, err)
		}
	}
}

func TestARefusalSaysLessThanItKnows(t *testing.T) {
	want := ""
	for _, reason := range []string{"forged", "another_client", DeadRevoked, DeadExpired, DeadUnknown} {
		err := invalidGrant(reason)
		answer := (*oauth.Error)(nil)
		if !errors.As(err, &answer) || answer.Code != oauth.InvalidGrant {
			t.Fatalf("%s is answered %v", reason, err)
		}
		if want == "" {
			want = answer.Description
		}
		if answer.Description != want {
			t.Errorf("%s is told apart on the wire", reason)
		}
	}
	if err := (*Refused)(nil); !errors.As(reuse("x"), &err) || !err.Reuse || err.Answer.Error() != invalidGrant("y").(*Refused).Answer.Error() {
		t.Error("a reuse is told apart on the wire, or not in the log")
	}
}
