package storetest

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// roundTrips writes random rows in one process and reads them in the other.
func roundTrips(t *testing.T, env Env) {
	t.Run("every member of any grant", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			g := randomGrant(rt)
			if err := env.Store.Create(t.Context(), g); err != nil {
				rt.Fatalf("creating: %v", err)
			}
			rows, err := env.Other.Find(t.Context(), grant.Keys{Grants: []token.GrantID{g.ID}})
			if err != nil {
				rt.Fatalf("finding: %v", err)
			}
			if names := differing(rows.Grants[0], g); len(names) > 0 {
				rt.Fatalf("the grant differs in %v", names)
			}
		})
	})
	t.Run("every member of any client", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			c := randomClient(rt)
			if err := env.Store.CreateClient(t.Context(), c); err != nil {
				rt.Fatalf("creating: %v", err)
			}
			rows, err := env.Other.Find(t.Context(), grant.Keys{Clients: []string{c.ID}})
			if err != nil {
				rt.Fatalf("finding: %v", err)
			}
			got, err := env.Other.FindClient(t.Context(), c.ID)
			if err != nil {
				rt.Fatalf("finding: %v", err)
			}
			for _, row := range []*client.Client{rows.Clients[0], got} {
				if names := differing(row, c); len(names) > 0 {
					rt.Fatalf("the client differs in %v", names)
				}
			}
		})
	})
}

// wholeRows are of people: each with every member set, and each set or absent.
func wholeRows(t *testing.T, env Env) {
	for name, run := range map[string]func(w *world, rt *rapid.T) (got, want any){
		"every member of any account": func(w *world, rt *rapid.T) (got, want any) {
			a := randomAccount(rt)
			w.must(w.store.PutUser(w.ctx, a, 0), "writing")
			return w.account(a.Key), a
		},
		"every member of any session": func(w *world, rt *rapid.T) (got, want any) {
			n := randomSession(rt)
			w.must(w.store.CreateSession(w.ctx, n), "creating")
			return w.session(n.ID), n
		},
		"every member of any consents": func(w *world, rt *rapid.T) (got, want any) {
			c := randomConsents(rt)
			w.must(w.store.PutConsents(w.ctx, c, 0), "writing")
			got, err := w.other.FindConsents(w.ctx, c.Subject)
			w.must(err, "reading")
			return got, c
		},
	} {
		t.Run(name, func(t *testing.T) {
			ever := map[string]bool{}
			rapid.Check(t, func(rt *rapid.T) {
				got, want := run(newWorld(drawn{rt, t}, env), rt)
				if names := differing(got, want); len(names) > 0 {
					rt.Fatalf("the row differs in %v", names)
				}
				members(want, func(path string, set bool) { ever[path] = ever[path] || set })
			})
			for path, set := range ever {
				if !set {
					t.Errorf("no row had %s: the generator must draw it", path)
				}
			}
		})
	}
}

// drawn is a T over rapid's, with the test's context.
type drawn struct {
	*rapid.T
	t *testing.T
}

func (d drawn) Context() context.Context { return d.t.Context() }

// present draws a value, or its zero: absent.
func present[V any](rt *rapid.T, draw func() V) (v V) {
	if rapid.Bool().Draw(rt, "present") {
		v = draw()
	}
	return v
}

func bytes32(rt *rapid.T) (b [32]byte) {
	copy(b[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(rt, "bytes"))
	b[0] |= 1 // all zeros is none
	return b
}

func randomTime(rt *rapid.T) time.Time {
	return time.UnixMilli(rapid.Int64Range(1, 4_102_444_800_000).Draw(rt, "time")).UTC()
}

var (
	randomToken    = rapid.StringMatching(`[!#-\[\]-~]{1,20}`)
	randomResource = rapid.StringMatching(`https://[a-z]{1,10}\.example/[a-zA-Z0-9%?=&._~-]{0,20}`)
	randomText     = rapid.StringN(0, 40, 120)
)

func randomScope(rt *rapid.T) oauth.Scope {
	return rapid.SliceOfNDistinct(randomToken, 1, 5, rapid.ID[string]).Draw(rt, "scope")
}

func randomAudience(rt *rapid.T) []string {
	return rapid.SliceOfNDistinct(randomResource, 1, 3, rapid.ID[string]).Draw(rt, "audience")
}

func digestOf(rt *rapid.T) func() secret.Digest {
	return func() secret.Digest { return bytes32(rt) }
}

// randomGrant has every member set or absent, in every mixture. Its id is
// drawn outside of rapid, which repeats itself.
func randomGrant(rt *rapid.T) *grant.Grant {
	id, op, digest, at := newID(rt), func() secret.Op { return bytes32(rt) }, digestOf(rt), func() time.Time { return randomTime(rt) }
	g := &grant.Grant{
		ID: id, ClientID: rapid.StringMatching(`[!-~]{1,128}`).Draw(rt, "client"), Subject: randomText.Draw(rt, "subject"),
		Scope: present(rt, func() oauth.Scope { return randomScope(rt) }), Audience: present(rt, func() []string { return randomAudience(rt) }),
		Epochs: grant.Epochs{Client: number(rt), Subject: number(rt), Store: number(rt)},
		Born:   randomTime(rt), AbsoluteEnd: randomTime(rt), IdleEnd: present(rt, at), Op: bytes32(rt),
		// In the future, or the store may delete it before it is read.
		ExpiresAt: time.Unix(rapid.Int64Range(4_000_000_000, 8_000_000_000).Draw(rt, "expires"), 0).UTC(),
		Family:    present(rt, digest), Refresh: present(rt, digest), Rotation: number(rt), Request: present(rt, digest), Issued: number(rt),
		Code: present(rt, func() grant.Code {
			return grant.Code{Digest: bytes32(rt), Challenge: rapid.StringMatching(`[A-Za-z0-9_-]{0,43}`).Draw(rt, "challenge"),
				RedirectURI: present(rt, digest), Expires: randomTime(rt), Used: rapid.Bool().Draw(rt, "used")}
		}),
		Revoked: present(rt, func() grant.Revocation {
			return grant.Revocation{At: randomTime(rt), Reason: randomText.Draw(rt, "reason"), Op: op()}
		}),
	}
	for i := range g.Previous {
		g.Previous[i] = present(rt, func() grant.Predecessor { return grant.Predecessor{Digest: bytes32(rt), At: randomTime(rt)} })
	}
	for i := range g.Access {
		g.Access[i] = present(rt, func() grant.Slot {
			return grant.Slot{Digest: bytes32(rt), Issued: randomTime(rt), Expires: randomTime(rt),
				Scope: present(rt, func() oauth.Scope { return randomScope(rt) }), Audience: present(rt, func() []string { return randomAudience(rt) })}
		})
	}
	return g
}

func number(rt *rapid.T) int64 { return rapid.Int64Range(0, 1<<53).Draw(rt, "number") }

func newID(rt *rapid.T) token.GrantID {
	id, err := token.NewGrantID(rand.Reader)
	if err != nil {
		rt.Fatalf("drawing an id: %v", err)
	}
	return id
}

func randomClient(rt *rapid.T) *client.Client {
	one := func(words ...string) string { return rapid.SampledFrom(words).Draw(rt, "word") }
	lifetime := func() time.Duration {
		return time.Duration(rapid.Int64Range(0, 315_360_000).Draw(rt, "lifetime")) * time.Second
	}
	c := &client.Client{
		ID: unique("random-"), Version: number(rt), Epoch: number(rt), State: client.State(one("on", "off", "deleted")),
		Op: bytes32(rt), Created: randomTime(rt), Updated: randomTime(rt),
		Policy: client.Policy{
			Name: randomText.Draw(rt, "name"), Type: one(client.Confidential, client.Public), TokenEndpointAuthMethod: one("", oauth.AuthBasic, oauth.AuthNone),
			GrantTypes: rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"client_credentials", "refresh_token", "authorization_code"}), 0, 3, rapid.ID[string]).Draw(rt, "grants"),
			Scope:      present(rt, func() oauth.Scope { return randomScope(rt) }), DefaultScope: present(rt, func() oauth.Scope { return randomScope(rt) }),
			Audience: present(rt, func() []string { return randomAudience(rt) }), ResourceServer: rapid.Bool().Draw(rt, "server"),
			AccessTokenLifetime: lifetime(), RefreshIdleLifetime: lifetime(), RefreshTotalLifetime: lifetime(),
			RefreshRotation: one("", client.RotateAlways, client.RotateNever), RevokeAccessToken: one("", client.RevokesGrant, client.RevokesToken),
		},
	}
	for range rapid.IntRange(0, 2).Draw(rt, "secrets") {
		s := client.Secret{Created: randomTime(rt)}
		if rapid.Bool().Draw(rt, "imported") {
			s.Imported = secret.NewText("pbkdf2_sha256$1000$" + rapid.StringMatching(`[A-Za-z0-9]{1,20}\$[A-Za-z0-9+/]{43}=`).Draw(rt, "hash"))
		} else {
			s.Digest = bytes32(rt)
		}
		c.Secrets = append(c.Secrets, s)
	}
	return c
}
