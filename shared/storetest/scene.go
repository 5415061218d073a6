package storetest

import (
	"errors"
	"slices"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// scene is one grant on which operations meet: one that has a line of refresh
// tokens, or one whose code waits to be redeemed.
type scene struct {
	*world
	app, server actor
	subject     string
	id          token.GrantID

	oldest, previous, latest grant.Tokens // a line: reuse, in grace, current
	code                     token.Value

	// retried: an attempt of which nobody was told may have landed too.
	retried bool

	looks int // at the state after, by turns in both processes

	// before is how both rows were when the scene was set.
	before       *grant.Grant
	beforeClient *client.Client
}

const (
	codeVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636 appendix B
	codeChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

var redirectURI = secret.NewText("https://app.example/back").Digest()

// line sets a grant that was refreshed twice: the first time long ago, the
// second just now.
func (w *world) line(server actor) *scene {
	w.Helper()
	sc := &scene{world: w, server: server, subject: unique("subject-"),
		app: w.app(func(p *client.Policy) { p.RevokeAccessToken = client.RevokesToken })}
	sc.oldest = w.issue(sc.app, sc.subject, true)
	sc.previous = w.refreshed(sc.app, sc.oldest.Refresh)
	w.clock.Advance(w.rules.Grace + time.Second)
	sc.latest = w.refreshed(sc.app, sc.previous.Refresh)
	sc.id = sc.latest.Grant
	return sc.set()
}

// waiting sets a grant whose code was not redeemed yet.
func (w *world) waiting(server actor) *scene {
	w.Helper()
	sc := &scene{world: w, server: server, subject: unique("subject-"), app: w.app()}
	var err error
	sc.code, err = w.issueCode(w.store, sc.app, sc.subject)
	w.must(err, "issuing a code")
	sc.id = sc.code.GrantID()
	return sc.set()
}

func (sc *scene) set() *scene {
	sc.before, sc.beforeClient = sc.grant(sc.id), sc.client(sc.app.id)
	return sc
}

func (w *world) issueCode(s grant.Store, a actor, subject string) (token.Value, error) {
	proof, rows, err := w.authenticated(s, a, grant.Keys{Clients: []string{a.id}, Subjects: []string{subject}})
	if err != nil {
		return token.Value{}, err
	}
	return w.rules.IssueCode(w.ctx, s, w.birthOf(proof, rows, subject, false), grant.CodeRequest{Challenge: codeChallenge, RedirectURI: redirectURI})
}

func (w *world) redeem(s grant.Store, a actor, code token.Value) (grant.Tokens, error) {
	return w.redeemWith(s, a, code, codeVerifier, redirectURI)
}

func (w *world) redeemWith(s grant.Store, a actor, code token.Value, verifier string, uri secret.Digest) (grant.Tokens, error) {
	proof, rows, err := w.proof(s, a, code)
	if err != nil {
		return grant.Tokens{}, err
	}
	return w.rules.Redeem(w.ctx, s, grant.RedeemRequest{Client: proof, Code: code, Grant: rows.Grants[0], Generation: rows.Generation,
		Verifier: secret.NewText(verifier), RedirectURI: uri})
}

// answer is what an operation answered.
type answer struct {
	tokens  *grant.Tokens // nil where none were issued
	ended   *grant.Ended  // of an operation that ends the grant by its own row
	all     bool          // everything of the grant is ended
	changed bool          // the client's named attributes were changed
	seen    bool          // an introspection said active
	err     error
}

// reason is why it was refused, or "".
func (a answer) reason() string {
	var refused *grant.Refused
	if errors.As(a.err, &refused) {
		return refused.Reason
	}
	return ""
}

// definite tells whether the answer is one of the protocol's or the
// operator's, and no outage.
func (a answer) definite() bool {
	var answer *oauth.Error
	return a.err == nil || errors.As(a.err, &answer) || errors.Is(a.err, client.ErrDeleted) || errors.Is(a.err, client.ErrUnknown)
}

// op is one operation on a scene's grant.
type op struct {
	name string // as in "while ... waits"
	run  func(sc *scene, s grant.Store) answer
}

func issued(t grant.Tokens, err error) answer {
	var refused *grant.Refused
	if err != nil {
		return answer{err: err, all: errors.As(err, &refused) && refused.Reuse}
	}
	return answer{tokens: &t}
}

func endedBy(e grant.Ended, err error) answer {
	if err != nil {
		return answer{err: err}
	}
	return answer{ended: &e, all: e.What == grant.EndedGrant || e.Why == grant.WhyAlready}
}

func lineOps() []op {
	return append([]op{
		{"a refresh", func(sc *scene, s grant.Store) answer { return issued(sc.refresh(s, sc.app, sc.latest.Refresh)) }},
		{"an identical replay", func(sc *scene, s grant.Store) answer { return issued(sc.refresh(s, sc.app, sc.previous.Refresh)) }},
		{"a replay for a narrower scope", func(sc *scene, s grant.Store) answer {
			return issued(sc.refresh(s, sc.app, sc.previous.Refresh, "read"))
		}},
		{"a reuse", func(sc *scene, s grant.Store) answer { return issued(sc.refresh(s, sc.app, sc.oldest.Refresh)) }},
		{"revoking by the refresh token", func(sc *scene, s grant.Store) answer { return endedBy(sc.revoke(s, sc.app, sc.latest.Refresh)) }},
		{"revoking one access token", func(sc *scene, s grant.Store) answer {
			_, err := sc.revoke(s, sc.app, sc.latest.Access)
			return answer{err: err}
		}},
		{"introspecting", func(sc *scene, s grant.Store) answer {
			got, err := sc.introspect(s, sc.server, sc.latest.Access)
			return answer{err: err, seen: got.Active}
		}},
	}, sharedOps()...)
}

func codeOps() []op {
	return append([]op{
		{"a redemption", func(sc *scene, s grant.Store) answer { return issued(sc.redeem(s, sc.app, sc.code)) }},
	}, sharedOps()...)
}

// sharedOps are an operator's, on whatever grant there is.
func sharedOps() []op {
	return []op{
		{"revoking the grant by its id", func(sc *scene, s grant.Store) answer {
			return endedBy(sc.rules.RevokeGrant(sc.ctx, s, sc.id, "operator"))
		}},
		{"revoking the subject", func(sc *scene, s grant.Store) answer {
			_, err := sc.rules.RevokeSubject(sc.ctx, s, sc.subject)
			return answer{err: err, all: err == nil}
		}},
		{"revoking the client", func(sc *scene, s grant.Store) answer {
			_, err := sc.manager(s).RaiseEpoch(sc.ctx, sc.app.id)
			return answer{err: err, all: err == nil}
		}},
		{"disabling the client", func(sc *scene, s grant.Store) answer {
			_, err := sc.manager(s).Disable(sc.ctx, sc.app.id)
			return answer{err: err, all: err == nil, changed: err == nil}
		}},
		{"deleting the client", func(sc *scene, s grant.Store) answer {
			// A second deletion succeeds and changes nothing, so it is not counted.
			_, err := sc.manager(s).Delete(sc.ctx, sc.app.id)
			return answer{err: err, all: err == nil}
		}},
		{"renaming the client", func(sc *scene, s grant.Store) answer {
			_, err := sc.manager(s).Update(sc.ctx, sc.app.id, func(p *client.Policy) error { p.Name += "+"; return nil })
			return answer{err: err, changed: err == nil}
		}},
		{"giving the client a new secret", func(sc *scene, s grant.Store) answer {
			_, text, err := sc.manager(s).RotateSecret(sc.ctx, sc.app.id)
			if err == nil { // a second rotation drops the first secret
				sc.app.text = text
			}
			return answer{err: err, changed: err == nil}
		}},
	}
}

// values are all values of the scene's grant that anybody was ever given.
func (sc *scene) values(answers []answer) []token.Value {
	var all []token.Value
	add := func(t grant.Tokens) {
		for _, v := range []token.Value{t.Access, t.Refresh} {
			same := func(o token.Value) bool { return o.Digest().Equal(v.Digest()) }
			if v.Kind() != 0 && !slices.ContainsFunc(all, same) {
				all = append(all, v)
			}
		}
	}
	add(sc.oldest)
	add(sc.previous)
	add(sc.latest)
	for _, a := range answers {
		if a.tokens != nil {
			add(*a.tokens)
		}
	}
	return all
}
