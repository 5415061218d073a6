package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"rescind/internal/bench/local"
	"rescind/internal/bench/seed"
	"rescind/shared/client"
	"rescind/shared/dynamo"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// counts is one size on DynamoDB.
type counts struct {
	Grants     int              `json:"grants"`
	Operations map[string]spent `json:"operations"`
	Checks     []check          `json:"-"`
}

// The operations, in the order of the table.
var counted = []string{"issue", "issue, with a subject", "introspect", "refresh", "revoke a token", "list a page of a subject", "list a page of a client", "revoke a subject", "revoke a client"}

// mayFall are operations that may take less where there is more: a client's
// listing goes through the index's shards until its page is full, and few
// grants leave shards empty.
var mayFall = map[string]bool{"list a page of a client": true}

const (
	// smallPage fits the smallest size: half of its grants are the crowd's.
	smallPage = 5
	// times is how often each operation is counted. What came up most often
	// stands: once in dynamo.MetaInterval a read brings the META rows along.
	times = 3
)

// counting is one size while it is counted.
type counting struct {
	ctx    context.Context
	rec    *recorder
	store  grant.Store
	rules  grant.Rules
	auth   *client.Authenticator
	secret client.Pair
	tokens *seed.Tokens
	out    map[string]spent
}

// onDynamoDB counts one size, in tables of its own.
func onDynamoDB(ctx context.Context, engine *local.DynamoDB, grants int) (*counts, error) {
	tables, err := engine.Tables(ctx, fmt.Sprintf("growth-%d-%d", grants, time.Now().UnixMilli()))
	if err != nil {
		return nil, err
	}
	plain := dynamo.New(engine.Client(), tables)
	caller, err := seed.Client(ctx, plain, clientID, nil)
	if err != nil {
		return nil, err
	}
	t, err := seed.Fill(ctx, plain, seed.Plan{Client: clientID, Grants: grants, Keep: 100, Subject: subjectOf, Progress: os.Stderr})
	if err != nil {
		return nil, err
	}
	rec := &recorder{}
	c := &counting{ctx: ctx, rec: rec, store: dynamo.New(engine.Client(rec.attach), tables), rules: grant.Defaults(time.Now, rand.Reader),
		auth: client.NewAuthenticator(time.Now, client.NewAttempts(10, time.Second)), tokens: t, out: map[string]spent{}}
	if c.secret, err = pairOf(caller); err != nil {
		return nil, err
	}
	if err := c.all(); err != nil {
		return nil, err
	}
	ended, err := c.active(1) // a grant of no crowd, which nobody revoked but with its client
	if err != nil {
		return nil, err
	}
	return &counts{Grants: grants, Operations: c.out, Checks: []check{
		{fmt.Sprintf("DynamoDB, %d grants: revoking the client ended a grant of its own", grants), !ended, "asked once"}}}, nil
}

func pairOf(c seed.Caller) (client.Pair, error) {
	b, err := base64.StdEncoding.DecodeString(c.Basic)
	id, text, ok := strings.Cut(string(b), ":")
	if err != nil || !ok {
		return client.Pair{}, errors.New("the client's credentials cannot be read")
	}
	return client.Pair{ID: id, Secret: secret.NewText(text)}, nil
}

func (c *counting) all() error {
	manager := client.Manager{Store: c.store, Now: time.Now, Rand: rand.Reader}
	var none token.GrantID
	for _, op := range []struct {
		name string
		do   func(i int) error
	}{
		{"issue", func(int) error { return c.issue("") }},
		{"issue, with a subject", func(int) error { return c.issue("someone") }},
		{"introspect", func(i int) error {
			active, err := c.active(i)
			if err == nil && !active {
				err = errors.New("a live token is not active")
			}
			return err
		}},
		{"refresh", func(i int) error { return c.refresh(i) }},
		{"revoke a token", func(i int) error { return c.revoke(2 * (i + 1)) }},
		{"list a page of a subject", func(int) error { return full(c.store.ListGrants(c.ctx, crowd, none, smallPage)) }},
		{"list a page of a client", func(int) error { return full(c.store.ListClientGrants(c.ctx, clientID, none, smallPage)) }},
		{"revoke a subject", func(int) error { _, err := c.rules.RevokeSubject(c.ctx, c.store, crowd); return err }},
		{"revoke a client", func(int) error { _, err := manager.RaiseEpoch(c.ctx, clientID); return err }},
	} {
		var seen []spent
		for i := range times {
			if _, err := c.rec.take(); err != nil {
				return err
			}
			if err := op.do(i); err != nil {
				return fmt.Errorf("%s: %w", op.name, err)
			}
			s, err := c.rec.take()
			if err != nil {
				return err
			}
			seen = append(seen, s)
		}
		c.out[op.name] = usual(seen)
	}
	return nil
}

// usual is what came up most often, the first of them.
func usual(seen []spent) spent {
	count := map[spent]int{}
	best := seen[0]
	for _, s := range seen {
		count[s]++
	}
	for _, s := range seen {
		if count[s] > count[best] {
			best = s
		}
	}
	return best
}

// enter is the door of every endpoint: the client and the token's grant in one read.
func (c *counting) enter(v token.Value) (client.Authenticated, *grant.Grant, int64, error) {
	keys := grant.Keys{Clients: []string{clientID}}
	if v.Kind() != 0 {
		keys.Grants = []token.GrantID{v.GrantID()}
	}
	rows, err := c.store.Find(c.ctx, keys)
	if err != nil {
		return client.Authenticated{}, nil, 0, err
	}
	who, _, err := c.auth.Authenticate(c.ctx, client.Credentials{Method: oauth.AuthBasic, Pairs: []client.Pair{c.secret}}, rows.Clients)
	if err != nil || v.Kind() == 0 {
		return who, nil, rows.Generation, err
	}
	return who, rows.Grants[0], rows.Generation, nil
}

func (c *counting) issue(subject string) error {
	who, _, generation, err := c.enter(token.Value{})
	if err != nil {
		return err
	}
	_, err = c.rules.Issue(c.ctx, c.store, grant.Birth{Client: who.Client(), Generation: generation, Subject: subject, Scope: seed.Scope, Refresh: subject != ""})
	return err
}

func (c *counting) active(i int) (bool, error) {
	v, _ := token.Parse(c.tokens.Access[i])
	who, g, generation, err := c.enter(v)
	if err != nil {
		return false, err
	}
	seen, err := c.rules.Introspect(c.ctx, c.store, grant.Inquiry{Caller: who, Token: v, Grant: g, Generation: generation})
	return seen.Active, err
}

func (c *counting) refresh(i int) error {
	v, _ := token.Parse(c.tokens.Refresh[i])
	who, g, generation, err := c.enter(v)
	if err != nil {
		return err
	}
	_, err = c.rules.Refresh(c.ctx, c.store, grant.RefreshRequest{Client: who, Token: v, Grant: g, Generation: generation})
	return err
}

func (c *counting) revoke(i int) error {
	v, _ := token.Parse(c.tokens.Access[i])
	who, g, _, err := c.enter(v)
	if err != nil {
		return err
	}
	ended, err := c.rules.Revoke(c.ctx, c.store, grant.RevokeRequest{Client: who, Token: v, Grant: g, Reason: "growth"})
	if err == nil && ended.What != grant.EndedGrant {
		err = fmt.Errorf("a live grant was not ended, but %s", ended.What)
	}
	return err
}
