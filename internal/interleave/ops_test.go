package interleave_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/token"
)

// answer is what an operation answered.
type answer struct {
	says   string        // beside tokens
	tokens *grant.Tokens // where some were issued
	err    error
	ends   bool        // everything of the grant is ended, durably
	kills  token.Value // this one at least, where its kind is not zero
}

// outage tells whether it is neither the protocol's answer nor the operator's.
func (a answer) outage() bool {
	var protocol *oauth.Error
	return a.err != nil && !errors.As(a.err, &protocol) && !errors.Is(a.err, client.ErrDeleted) && !errors.Is(a.err, client.ErrUnknown)
}

func issued(t grant.Tokens, err error) answer {
	if err != nil {
		var refused *grant.Refused
		return answer{err: err, ends: errors.As(err, &refused) && refused.Reuse}
	}
	return answer{tokens: &t}
}

func ended(e grant.Ended, err error) answer {
	if err != nil {
		return answer{err: err}
	}
	return answer{says: fmt.Sprintf("ended %s %s, stands: %s", e.What, e.Why, e.Stand.Reason), ends: e.What == grant.EndedGrant || e.Why == grant.WhyAlready}
}

func managed(err error, ends bool) answer {
	if err != nil {
		return answer{err: err}
	}
	return answer{says: "done", ends: ends}
}

// op is one operation on a scene's grant. who is a or b, in what it leaves.
type op struct {
	name string
	run  func(sc *scene, s grant.Store, who string) answer
}

var rules = rulesAt(now)

// clock is that of the process that an operation runs in. No two agree.
func clock(who string) time.Time {
	return now.Add(time.Duration(strings.Index("abc", who)) * 3 * time.Millisecond)
}

func manager(s client.Store, who string) client.Manager {
	return client.Manager{Store: s, Now: func() time.Time { return clock(who) }, Rand: rand.Reader}
}

func refresh(name string, which func(*scene) token.Value, scope ...string) op {
	return op{name, func(sc *scene, s grant.Store, _ string) answer {
		return issued(sc.refresh(s, rules, which(sc), scope...))
	}}
}

func revoke(name string, which func(*scene) token.Value) op {
	return op{name, func(sc *scene, s grant.Store, who string) answer {
		v := which(sc)
		proof, rows, err := sc.prove(s, sc.app, grant.Keys{Clients: []string{sc.app.id}, Grants: []token.GrantID{v.GrantID()}})
		if err != nil {
			return answer{err: err}
		}
		a := ended(rules.Revoke(context.Background(), s, grant.RevokeRequest{Client: proof, Token: v, Grant: rows.Grants[0], Reason: "asked by " + who}))
		if a.err == nil {
			a.kills = v
		}
		return a
	}}
}

func introspect(name string, which func(*scene) token.Value, caller func(*scene) actor) op {
	return op{name, func(sc *scene, s grant.Store, _ string) answer {
		got, err := sc.introspect(s, caller(sc), which(sc))
		return answer{says: fmt.Sprintf("active=%t %s %v", got.Active, got.Why, got.Scope), err: err}
	}}
}

func (sc *scene) introspect(s grant.Finder, who actor, v token.Value) (grant.Introspection, error) {
	proof, rows, err := sc.prove(s, who, grant.Keys{Clients: []string{who.id}, Grants: []token.GrantID{v.GrantID()}})
	if err != nil {
		return grant.Introspection{}, err
	}
	return rules.Introspect(context.Background(), s, grant.Inquiry{Caller: proof, Token: v, Grant: rows.Grants[0], Generation: rows.Generation})
}

func latestRefresh(sc *scene) token.Value { return sc.latest.Refresh }
func previousOne(sc *scene) token.Value   { return sc.previous.Refresh }
func oldestOne(sc *scene) token.Value     { return sc.oldest.Refresh }
func target(sc *scene) token.Value        { return sc.target }

// ofLine are operations that need a line of refresh tokens.
func ofLine() []op {
	return []op{
		refresh("a refresh", latestRefresh),
		refresh("a refresh for a narrower scope", latestRefresh, "read"),
		refresh("an identical replay", previousOne),
		refresh("a replay for a narrower scope", previousOne, "read"),
		refresh("a reuse", oldestOne),
		revoke("revoking by the refresh token", latestRefresh),
		revoke("revoking by an older refresh token", oldestOne),
	}
}

// ofTokens need tokens that were issued.
func ofTokens() []op {
	return []op{
		revoke("revoking by the access token", target),
		introspect("introspecting an access token", target, func(sc *scene) actor { return sc.server }),
		introspect("introspecting the refresh token", latestRefresh, func(sc *scene) actor { return sc.app }),
	}
}

var (
	redeeming = op{"a redemption", func(sc *scene, s grant.Store, _ string) answer { return issued(sc.redeem(s, rules)) }}
	enabling  = op{"enabling the client", func(sc *scene, s grant.Store, who string) answer {
		_, err := manager(s, who).Enable(context.Background(), sc.app.id)
		return managed(err, false)
	}}
)

// ofAnyGrant are an operator's, and a birth beside.
func ofAnyGrant() []op {
	ctx := context.Background()
	return []op{
		{"revoking the grant by its id", func(sc *scene, s grant.Store, who string) answer {
			return ended(rules.RevokeGrant(ctx, s, sc.id, "ordered by "+who))
		}},
		{"revoking the subject", func(sc *scene, s grant.Store, who string) answer {
			_, err := rulesAt(clock(who)).RevokeSubject(ctx, s, sc.subject)
			return managed(err, true)
		}},
		{"revoking the client", func(sc *scene, s grant.Store, who string) answer {
			_, err := manager(s, who).RaiseEpoch(ctx, sc.app.id)
			return managed(err, true)
		}},
		{"disabling the client", func(sc *scene, s grant.Store, who string) answer {
			_, err := manager(s, who).Disable(ctx, sc.app.id)
			return managed(err, true)
		}},
		enabling,
		{"deleting the client", func(sc *scene, s grant.Store, who string) answer {
			_, err := manager(s, who).Delete(ctx, sc.app.id)
			return managed(err, true)
		}},
		{"renaming the client", func(sc *scene, s grant.Store, who string) answer {
			_, err := manager(s, who).Update(ctx, sc.app.id, func(p *client.Policy) error { p.Name += " " + who; return nil })
			return managed(err, false)
		}},
		{"issuing another grant", func(sc *scene, s grant.Store, _ string) answer {
			b, err := sc.birth(s, now, sc.app, sc.subject)
			if err != nil {
				return answer{err: err}
			}
			return issued(rules.Issue(ctx, s, b))
		}},
	}
}

// pair is two operations that meet in a scene.
type pair struct {
	in   setting
	a, b op
}

func (p pair) name() string { return p.in.name + ": " + p.a.name + " and " + p.b.name }

// pairs are all of them. Which of the two is a does not matter: all schedules
// of both are tried.
func pairs() []pair {
	var all []pair
	each := func(in string, ops []op) {
		for i, a := range ops {
			for _, b := range ops[i:] {
				all = append(all, pair{settings[in], a, b})
			}
		}
	}
	with := func(in string, a op, ops ...op) {
		for _, b := range ops {
			all = append(all, pair{settings[in], a, b})
		}
	}
	line := append(append(ofLine(), ofTokens()...), ofAnyGrant()...)
	tokens := append(append(ofLine()[5:6], ofTokens()...), ofAnyGrant()...)
	each("a line", line)
	with("a line whose access tokens are revoked alone", ofTokens()[0], line...)
	with("a line whose slots are full", ofTokens()[0], line...)
	with("a line whose slots are full", ofLine()[0], line...)
	with("a line whose slots are full", ofLine()[3], line...)
	with("a line that does not rotate", ofLine()[0], append(ofLine()[:2], tokens...)...)
	with("a code that waits", redeeming, append(ofAnyGrant(), redeeming)...)
	with("a code that was used", redeeming, append(append(ofLine()[:2], tokens...), redeeming)...)
	each("a client that is off", append(append(ofAnyGrant(), ofTokens()...), ofLine()[0], ofLine()[5]))
	return all
}
