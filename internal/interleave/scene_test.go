package interleave_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// Time stands still while operations meet, so that only their order matters.
var (
	now  = time.Now().UTC().Truncate(time.Second)
	auth = client.NewAuthenticator(func() time.Time { return now }, client.NewAttempts(1<<40, time.Second))
)

func rulesAt(at time.Time) grant.Rules {
	r := grant.Defaults(func() time.Time { return at }, rand.Reader)
	r.WriteTimeout = time.Hour // a held call is held for as long as it takes
	r.Unsettled = nil          // each operation is of a process of its own
	return r
}

const (
	audience      = "https://api.example"
	codeVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636 appendix B
	codeChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

var redirectURI = secret.NewText("https://app.example/back").Digest()

// actor is a client with its secret.
type actor struct {
	id   string
	text secret.Text
}

// scene is one grant, with its client, its subject and a resource server, on
// which operations meet. Its rows are in memory, and are put into another store
// from there.
type scene struct {
	rows        *memory
	app, server actor
	subject     string
	id          token.GrantID

	oldest, previous, latest grant.Tokens // a line: reuse, in grace, current
	target                   token.Value  // the access token that is looked at and revoked
	code                     token.Value
	named                    map[secret.Digest]string
}

// setting is a kind of scene.
type setting struct {
	name string
	make func() *scene
}

var settings = map[string]setting{}

func init() {
	for _, s := range []setting{
		{"a line", func() *scene { return line(func(*client.Policy) {}) }},
		{"a line whose access tokens are revoked alone", func() *scene { return line(revokesToken) }},
		{"a line whose slots are full", full},
		{"a line that does not rotate", func() *scene {
			return line(func(p *client.Policy) { p.RefreshRotation = client.RotateNever })
		}},
		{"a code that waits", waiting},
		{"a code that was used", used},
		{"a client that is off", off},
	} {
		settings[s.name] = s
	}
}

func revokesToken(p *client.Policy) { p.RevokeAccessToken = client.RevokesToken }

func newScene(edit func(*client.Policy)) *scene {
	sc := &scene{rows: newMemory(), subject: "subject-" + rand.Text()[:16], named: map[secret.Digest]string{}}
	p := client.Policy{
		Name: "app", Type: client.Confidential,
		GrantTypes: []string{oauth.GrantClientCredentials, oauth.GrantRefreshToken, oauth.GrantAuthorizationCode},
		Scope:      oauth.Scope{"read", "write"}, Audience: []string{audience}, RedirectURIs: []string{"https://app.example/callback"},
	}
	edit(&p)
	sc.app = sc.register(p)
	sc.server = sc.register(client.Policy{Name: "server", Type: client.Confidential, ResourceServer: true, Audience: []string{audience}})
	return sc
}

// long is when what the scene starts with was made.
var long = now.Add(-40 * time.Second)

func (sc *scene) register(p client.Policy) actor {
	m := client.Manager{Store: sc.rows, Now: func() time.Time { return long }, Rand: rand.Reader}
	c, text, err := m.Create(context.Background(), "client-"+rand.Text()[:16], p)
	must(err)
	return actor{c.ID, text}
}

// must is for what is done in memory before the operations meet.
func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("setting a scene: %v", err))
	}
}

func (sc *scene) birth(s grant.Store, at time.Time, who actor, subject string) (grant.Birth, error) {
	proof, rows, err := sc.prove(s, who, grant.Keys{Clients: []string{who.id}, Subjects: []string{subject}})
	if err != nil {
		return grant.Birth{}, err
	}
	return grant.Birth{Client: proof.Client(), Generation: rows.Generation, Subject: subject, Epoch: rows.Subjects[0],
		Scope: oauth.Scope{"read", "write"}, Audience: []string{audience}, Refresh: true}, nil
}

// prove reads and authenticates: the first step of every endpoint.
func (sc *scene) prove(s grant.Finder, who actor, keys grant.Keys) (client.Authenticated, grant.Rows, error) {
	rows, err := s.Find(context.Background(), keys)
	if err != nil {
		return client.Authenticated{}, rows, err
	}
	cr := client.Credentials{Method: oauth.AuthBasic, Source: "test", Pairs: []client.Pair{{ID: who.id, Secret: who.text}}}
	proof, _, err := auth.Authenticate(context.Background(), cr, rows.Clients[:1])
	return proof, rows, err
}

func (sc *scene) refreshed(at time.Time, v token.Value, scope ...string) grant.Tokens {
	t, err := sc.refresh(sc.rows, rulesAt(at), v, scope...)
	must(err)
	return t
}

func (sc *scene) refresh(s grant.Store, r grant.Rules, v token.Value, scope ...string) (grant.Tokens, error) {
	proof, rows, err := sc.prove(s, sc.app, grant.Keys{Clients: []string{sc.app.id}, Grants: []token.GrantID{v.GrantID()}})
	if err != nil {
		return grant.Tokens{}, err
	}
	return r.Refresh(context.Background(), s, grant.RefreshRequest{Client: proof, Token: v, Grant: rows.Grants[0], Generation: rows.Generation, Scope: scope})
}

// line is a grant that was refreshed twice: long ago, and just now.
func line(edit func(*client.Policy)) *scene {
	sc := newScene(edit)
	b, err := sc.birth(sc.rows, long, sc.app, sc.subject)
	must(err)
	sc.oldest, err = rulesAt(long).Issue(context.Background(), sc.rows, b)
	must(err)
	sc.previous = sc.refreshed(now.Add(-35*time.Second), sc.oldest.Refresh)
	sc.latest = sc.refreshed(now.Add(-time.Second), sc.previous.Refresh)
	return sc.set()
}

// full is a line with eight access tokens: the next one takes the place of the
// one that the operations look at.
func full() *scene {
	sc := line(revokesToken)
	for n := 3; n < grant.Slots; n++ {
		sc.named[sc.refreshed(now.Add(-time.Second), sc.previous.Refresh, "read").Access.Digest()] = fmt.Sprintf("filler %d", n)
	}
	sc.target = sc.oldest.Access
	return sc
}

func waiting() *scene {
	sc := newScene(func(*client.Policy) {})
	b, err := sc.birth(sc.rows, long, sc.app, sc.subject)
	must(err)
	sc.code, err = rulesAt(long).IssueCode(context.Background(), sc.rows, b, grant.CodeRequest{Challenge: codeChallenge, RedirectURI: redirectURI})
	must(err)
	return sc.set()
}

func used() *scene {
	sc := waiting()
	t, err := sc.redeem(sc.rows, rulesAt(now.Add(-10*time.Second)))
	must(err)
	sc.latest = t
	return sc.set()
}

func (sc *scene) redeem(s grant.Store, r grant.Rules) (grant.Tokens, error) {
	proof, rows, err := sc.prove(s, sc.app, grant.Keys{Clients: []string{sc.app.id}, Grants: []token.GrantID{sc.code.GrantID()}})
	if err != nil {
		return grant.Tokens{}, err
	}
	return r.Redeem(context.Background(), s, grant.RedeemRequest{Client: proof, Code: sc.code, Grant: rows.Grants[0], Generation: rows.Generation,
		Verifier: secret.NewText(codeVerifier), RedirectURI: redirectURI})
}

func off() *scene {
	sc := line(func(*client.Policy) {})
	_, err := client.Manager{Store: sc.rows, Now: func() time.Time { return now.Add(-time.Second) }, Rand: rand.Reader}.Disable(context.Background(), sc.app.id)
	must(err)
	return sc
}

// set names what there is.
func (sc *scene) set() *scene {
	for i, t := range []grant.Tokens{sc.oldest, sc.previous, sc.latest} {
		sc.name([]string{"oldest", "previous", "latest"}[i], t)
		if t.Access.Kind() != 0 {
			sc.id = t.Grant
		}
	}
	if sc.code.Kind() != 0 {
		sc.named[sc.code.Digest()], sc.id = "code", sc.code.GrantID()
	}
	sc.target = sc.latest.Access
	return sc
}

func (sc *scene) name(name string, t grant.Tokens) {
	for _, v := range []token.Value{t.Access, t.Refresh} {
		if _, known := sc.named[v.Digest()]; v.Kind() != 0 && !known {
			sc.named[v.Digest()] = name + " " + v.Kind().String()
		}
	}
}

// put puts the scene's rows into a store.
func (sc *scene) put(s grant.Store) error {
	ctx := context.Background()
	for _, c := range sc.rows.clients {
		if err := s.CreateClient(ctx, c); err != nil {
			return err
		}
	}
	for _, g := range sc.rows.grants {
		born := copied(g)
		generation, err := s.Generation(ctx)
		if err != nil {
			return err
		}
		born.Epochs.Store = generation
		if err := s.Create(ctx, born); err != nil {
			return err
		}
	}
	return nil
}
