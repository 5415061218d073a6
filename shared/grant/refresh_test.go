package grant

import (
	"crypto/rand"
	"reflect"
	"slices"
	"testing"
	"time"

	"rescind/shared/client"
	"rescind/shared/oauth"
	"rescind/shared/token"
)

func TestWhatEachGenerationGetsAndWhen(t *testing.T) {
	for _, c := range []struct {
		name  string
		token int
		after time.Duration // since the last rotation
		grace time.Duration
		want  string // "rotate", "replay", "reuse", or the refusal's reason
	}{
		{"the current token rotates", 3, 0, 30 * time.Second, "rotate"},
		{"the current token rotates until it is idle too long", 3, 30*24*time.Hour - time.Millisecond, 30 * time.Second, "rotate"},
		{"the current token expires idle", 3, 30 * 24 * time.Hour, 30 * time.Second, DeadExpired},
		{"the predecessor replays at once", 2, 0, 30 * time.Second, "replay"},
		{"the predecessor replays to the grace's end", 2, 30*time.Second - time.Millisecond, 30 * time.Second, "replay"},
		{"the predecessor is a reuse after the grace", 2, 30 * time.Second, 30 * time.Second, "reuse"},
		{"the predecessor is a reuse where there is no grace", 2, 0, 0, "reuse"},
		{"the second predecessor is a reuse after its own grace", 1, 0, 30 * time.Second, "reuse"},
		{"the second predecessor is refused within its own grace", 1, 0, 2 * time.Hour, "second_predecessor_in_grace"},
		{"an older one is a reuse however long the grace", 0, 0, 100 * time.Hour, "reuse"},
	} {
		f := newFixture(t)
		f.r.Grace, f.now = c.grace, f.now.Add(c.after)
		p, err := f.r.planRefresh(f.g, f.cur(), f.request(f.values[c.token]))
		got := reasonOf(err)
		switch {
		case err != nil:
		case p.reuse == "refresh_token_reuse":
			got = "reuse"
		case p.change == nil && p.tokens.Replayed:
			got = "replay"
		case p.change != nil && p.change.Rotation != nil:
			got = "rotate"
		}
		if got != c.want {
			t.Errorf("%s: %s, %v", c.name, got, err)
		}
	}
}

func TestWhoHoldsNoTokenOfTheClientChangesNothing(t *testing.T) {
	f := newFixture(t)
	junk, err := token.NewRefresh(f.g.ID, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range f.values {
		req := f.request(v)
		req.Client = proofOf(t, "another")
		if p, err := f.r.planRefresh(f.g, f.cur(), req); reasonOf(err) != "another_client" || p.change != nil || p.reuse != "" {
			t.Errorf("another client with token %d: %v", i, err)
		}
		req.Client = client.Authenticated{}
		if p, err := f.r.planRefresh(f.g, f.cur(), req); reasonOf(err) != "another_client" || p.change != nil || p.reuse != "" {
			t.Errorf("nobody with token %d: %v", i, err)
		}
	}
	for _, v := range []token.Value{junk, f.access[3], {}} {
		if p, err := f.r.planRefresh(f.g, f.cur(), f.request(v)); reasonOf(err) != "forged" || p.change != nil || p.reuse != "" {
			t.Errorf("a forgery: %v", err)
		}
	}
}

func TestARotationIsConditionalOnAllThatItRead(t *testing.T) {
	f := newFixture(t)
	p := f.plan(t, f.values[3])
	ch := p.change
	refresh, access, err := f.values[3].Successors(ch.Op[:])
	if err != nil {
		t.Fatal(err)
	}
	if p.tokens.Refresh.Digest() != refresh.Digest() || p.tokens.Access.Digest() != access.Digest() || ch.Slot.Slot.Digest != access.Digest() {
		t.Error("the tokens are not derived from the op of this write")
	}
	want := Rotated{Refresh: refresh.Digest(), Previous: [2]Predecessor{{f.values[3].Digest(), f.now}, f.g.Previous[0]}, Rotation: 4, Request: f.request(f.values[3]).digest()}
	if *ch.Rotation != want {
		t.Error("the line after the rotation is wrong")
	}
	if ch.If.Refresh != f.values[3].Digest() || *ch.If.Issued != 4 || ch.Slot.N != 4 || ch.Slot.Issued != 5 || ch.ID != f.g.ID {
		t.Error("the change is not conditional on the token and the count")
	}
	again := f.plan(t, f.values[3])
	if again.change.Op == ch.Op || again.tokens.Access.Digest() == p.tokens.Access.Digest() {
		t.Error("two rotations of one token derive the same")
	}
}

func TestAReplayIsIdenticalOrNewAndNeverDead(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(f *fixture, req *RefreshRequest)
		same bool
	}{
		{"the same request", func(*fixture, *RefreshRequest) {}, true},
		{"another scope", func(_ *fixture, req *RefreshRequest) { req.Scope = oauth.Scope{"a"} }, false},
		{"another resource", func(_ *fixture, req *RefreshRequest) { req.Resource = []string{"https://x.example"} }, false},
		{"an access token that was revoked", func(f *fixture, _ *RefreshRequest) { f.g.Access[3] = Slot{} }, false},
		{"an access token that was displaced", func(f *fixture, _ *RefreshRequest) { f.g.Access[3].Digest[0]++ }, false},
		{"an access token that expired", func(f *fixture, _ *RefreshRequest) { f.g.Access[3].Expires = f.now }, false},
	} {
		f := newFixture(t)
		f.now = f.now.Add(10 * time.Second)
		req := f.request(f.values[2])
		c.edit(f, &req)
		p, err := f.r.planRefresh(f.g, f.cur(), req)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		same := p.tokens.Access.Digest() == f.access[3].Digest()
		if same != c.same || (p.change == nil) != c.same || p.tokens.Refresh.Digest() != f.values[3].Digest() || !p.tokens.Replayed {
			t.Errorf("%s: same access token %t, a change %t", c.name, same, p.change != nil)
		}
		if ch := p.change; ch != nil && (ch.If.Previous != f.values[2].Digest() || ch.If.Op != f.g.Op || *ch.If.Issued != 4 || ch.Rotation != nil || !ch.Op.IsZero() || !ch.IdleEnd.IsZero()) {
			t.Errorf("%s: the change does more than fill a slot under the last rotation", c.name)
		}
		if c.same && p.tokens.ExpiresIn != 3590 {
			t.Errorf("%s: %d seconds are left", c.name, p.tokens.ExpiresIn)
		}
	}
}

func TestTheSameRequestInAnotherOrderIsTheSame(t *testing.T) {
	a := RefreshRequest{Scope: oauth.Scope{"a", "b"}, Resource: []string{"x", "y"}}
	b := RefreshRequest{Scope: oauth.Scope{"b", "a"}, Resource: []string{"y", "x"}}
	if a.digest() != b.digest() || (RefreshRequest{}).digest() != (RefreshRequest{Scope: oauth.Scope{}}).digest() {
		t.Error("the order of scopes or resources counts")
	}
	seen := map[string]bool{}
	for _, req := range []RefreshRequest{{}, {Scope: oauth.Scope{"a"}}, {Resource: []string{"a"}}, {Scope: oauth.Scope{"a", "b"}}, {Scope: oauth.Scope{"ab"}}, a} {
		d := req.digest()
		seen[string(d[:])] = true
	}
	if len(seen) != 6 {
		t.Errorf("six requests have %d digests", len(seen))
	}
}

func TestARequestMayNarrowAndNeverWiden(t *testing.T) {
	for _, c := range []struct {
		name     string
		scope    oauth.Scope
		resource []string
		refused  string
		got      Slot // scope and audience
	}{
		{"nothing", nil, nil, "", Slot{}},
		{"all, in another order", oauth.Scope{"b", "a"}, []string{"https://y.example", "https://x.example"}, "", Slot{}},
		{"nothing, twice", oauth.Scope{}, []string{}, "", Slot{}},
		{"one scope", oauth.Scope{"b"}, nil, "", Slot{Scope: oauth.Scope{"b"}}},
		{"one resource", nil, []string{"https://x.example"}, "", Slot{Audience: []string{"https://x.example"}}},
		{"one resource, repeated", nil, []string{"https://x.example", "https://x.example"}, "", Slot{Audience: []string{"https://x.example"}}},
		{"a wider scope", oauth.Scope{"a", "c"}, nil, "scope_wider_than_granted", Slot{}},
		{"another resource", nil, []string{"https://z.example"}, "resource_not_granted", Slot{}},
		{"one resource more", nil, []string{"https://x.example", "https://z.example"}, "resource_not_granted", Slot{}},
	} {
		f := newFixture(t)
		req := f.request(f.values[3])
		req.Scope, req.Resource = c.scope, c.resource
		p, err := f.r.planRefresh(f.g, f.cur(), req)
		if reasonOf(err) != c.refused {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if c.refused != "" {
			continue
		}
		if s := p.change.Slot.Slot; !reflect.DeepEqual(s.Scope, c.got.Scope) || !slices.Equal(s.Audience, c.got.Audience) {
			t.Errorf("%s: the slot has scope %q and audience %q", c.name, s.Scope, s.Audience)
		}
	}
}

func TestOnlyAClientThatMayKeepItKeepsItsRefreshToken(t *testing.T) {
	f := newFixture(t)
	f.c.Policy.RefreshRotation = client.RotateNever
	p := f.plan(t, f.values[3])
	ch := p.change
	if ch.Rotation != nil || !ch.Op.IsZero() || ch.If.Refresh != f.values[3].Digest() || p.tokens.Refresh.Digest() != f.values[3].Digest() {
		t.Error("a client that keeps its refresh token has it replaced, or the line's op changed")
	}
	if !ch.IdleEnd.Equal(f.now.Add(f.r.RefreshIdle)) {
		t.Error("using it does not keep it from being idle")
	}
	f.c.Policy.Type = client.Public
	if p := f.plan(t, f.values[3]); p.change.Rotation == nil {
		t.Error("a public client keeps its refresh token")
	}
}

func TestTheNinthAccessTokenTakesTheOldestsPlace(t *testing.T) {
	f := newFixture(t)
	v := f.values[3]
	for n := 4; n < 20; n++ {
		p := f.plan(t, v)
		if p.change.Slot.N != n%Slots {
			t.Fatalf("access token %d goes into slot %d", n, p.change.Slot.N)
		}
		// Tokens 0 to 2 expired before; from the twelfth on each displaces a live one.
		if want := n >= 11; p.tokens.Displaced != want {
			t.Errorf("access token %d displaces: %t", n, p.tokens.Displaced)
		}
		oldest := f.g.Access[n%Slots].Digest
		v = f.apply(t, p).Refresh
		if !oldest.IsZero() && f.g.FindAccess(oldest) >= 0 {
			t.Errorf("the oldest is still there after access token %d", n)
		}
	}
}

func TestNothingOutlivesTheGrant(t *testing.T) {
	f := newFixture(t)
	f.c.Policy.AccessTokenLifetime, f.c.Policy.RefreshIdleLifetime = 1000*time.Hour, 2000*time.Hour
	f.g.IdleEnd = f.g.AbsoluteEnd
	f.now = f.g.AbsoluteEnd.Add(-90 * time.Minute)
	p := f.plan(t, f.values[3])
	if ch := p.change; !ch.Slot.Slot.Expires.Equal(f.g.AbsoluteEnd) || !ch.IdleEnd.Equal(f.g.AbsoluteEnd) || p.tokens.ExpiresIn != 5400 {
		t.Errorf("the access token ends at %v, the refresh token at %v", ch.Slot.Slot.Expires, ch.IdleEnd)
	}
	f.apply(t, p) // checks that the item's deletion moves on only
	f.now = f.g.AbsoluteEnd
	if _, err := f.r.planRefresh(f.g, f.cur(), f.request(p.tokens.Refresh)); reasonOf(err) != DeadExpired {
		t.Errorf("at the grant's end: %v", err)
	}
}

func TestAnItemChangedByOtherMeansIsAnOutage(t *testing.T) {
	f := newFixture(t)
	f.g.Op[0]++
	if _, err := f.r.planRefresh(f.g, f.cur(), f.request(f.values[2])); err == nil || reasonOf(err) != "" {
		t.Errorf("a replay that cannot be derived: %v", err)
	}
}
