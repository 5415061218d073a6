package dynamo

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rescind/shared/authorization"
	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/session"
	"rescind/shared/user"
)

func someUser(t *testing.T) *user.Account {
	now := time.Now().UTC().Truncate(time.Millisecond)
	return &user.Account{Key: user.Key(digest("ana@example.com")), Version: 1, Subject: "0199b1f2-5c3e-7d44-9a6b-2f1e8c7d6a5b", State: user.On,
		Email: "ana@example.com", Name: "Ana", Issuer: "https://id.example.com/", Op: newOp(t), Created: now, Updated: now,
		Password: secret.NewText("$argon2id$v=19$m=19456,t=2,p=1$" + strings.Repeat("s", 22) + "$" + strings.Repeat("h", 43))}
}

func someSession(t *testing.T, label string) *session.Session {
	now := time.Now().UTC().Truncate(time.Millisecond)
	op := newOp(t)
	return &session.Session{ID: secret.Digest(op), Account: user.Key(digest("account")), Subject: strings.Repeat("s", 255), Label: label,
		Epochs: session.Epochs{Subject: now.UnixMilli(), Store: now.UnixMilli()}, AuthTime: now, Born: now, IdleEnd: now.Add(time.Hour),
		AbsoluteEnd: now.Add(12 * time.Hour), ExpiresAt: now.Add(36 * time.Hour).Truncate(time.Second), Op: op}
}

// someConsents are to apps, to each with as many grants.
func someConsents(t *testing.T, apps, grants int) *authorization.Consents {
	now := time.Now().UTC().Truncate(time.Millisecond)
	c := &authorization.Consents{Subject: "0199b1f2-5c3e-7d44-9a6b-2f1e8c7d6a5b", Version: 1, Op: newOp(t), Updated: now}
	for i := range apps {
		a := authorization.App{ClientID: fmt.Sprint("client-", i), Scope: []string{"read", "write"}, Audience: []string{"https://api.example.com/"},
			Epochs: grant.Epochs{Client: now.UnixMilli(), Subject: now.UnixMilli(), Store: now.UnixMilli()}, Since: now}
		for range grants {
			a.Grants = append(a.Grants, authorization.Made{ID: newID(t), End: now.Add(90 * 24 * time.Hour)})
		}
		c.Apps = append(c.Apps, a)
	}
	return c
}

// Each find of a person's row is one read and each write one write, whatever
// comes of it.
func TestBudgetOfPeople(t *testing.T) {
	b := newBench(t)
	ctx, s := t.Context(), b.store
	find, write := spent{1, 1, 0}, spent{1, 0, 1}
	a, n, c := someUser(t), someSession(t, strings.Repeat("l", 254)), someConsents(t, 2, 1)
	ok := func(do func() error) func() {
		return func() {
			if err := do(); err != nil {
				t.Error(err)
			}
		}
	}
	refused := func(do func() error) func() {
		return func() {
			if err := do(); err == nil {
				t.Error("it succeeds")
			}
		}
	}
	nobody := func() error { _, err := s.FindUser(ctx, user.Key{1}); return err }
	b.expect("find no account", find, ok(nobody))
	b.expect("make an account", write, ok(func() error { return s.PutUser(ctx, a, 0) }))
	b.expect("find an account", find, ok(func() error { _, err := s.FindUser(ctx, a.Key); return err }))
	b.expect("make it again", write, refused(func() error { return s.PutUser(ctx, a, 0) }))
	a.Version = 2
	b.expect("change an account", write, ok(func() error { return s.PutUser(ctx, a, 1) }))
	b.expect("change it under an old version", write, refused(func() error { return s.PutUser(ctx, a, 1) }))
	b.expect("make a session", write, ok(func() error { return s.CreateSession(ctx, n) }))
	b.expect("find a session", find, ok(func() error { _, err := s.FindSession(ctx, n.ID); return err }))
	b.expect("use a session", write, ok(func() error { return s.TouchSession(ctx, n.ID, n.AbsoluteEnd) }))
	b.expect("use it as of before", write, refused(func() error { return s.TouchSession(ctx, n.ID, n.IdleEnd) }))
	b.expect("end a session", write, ok(func() error { return s.EndSession(ctx, n.ID, n.AbsoluteEnd) }))
	b.expect("end it again", write, ok(func() error { return s.EndSession(ctx, n.ID, n.AbsoluteEnd) }))
	b.expect("write consents", write, ok(func() error { return s.PutConsents(ctx, c, 0) }))
	b.expect("find consents", find, ok(func() error { _, err := s.FindConsents(ctx, c.Subject); return err }))
	c.Version = 2
	b.expect("change consents", write, ok(func() error { return s.PutConsents(ctx, c, 1) }))
	n.Ended = n.AbsoluteEnd
	if it, err := encodeSession(s.sessionKey(n.ID), n); err != nil || sizeOf(it) >= 1024 {
		t.Errorf("a session with long names has %d bytes, %v", sizeOf(it), err)
	}
}

// DynamoDB holds consents of a size that nobody reaches, and what is larger is
// an outage and no conflict.
func TestConsentsOfAnySizeAreKeptOrAnOutage(t *testing.T) {
	c := onEngine(t)
	s := New(c, newTables(t, c))
	large := someConsents(t, 40, 100)
	if err := s.PutConsents(t.Context(), large, 0); err != nil {
		t.Fatalf("4,000 grants: %v", err)
	}
	it := peek(t, c, s.consentKey(large.Subject))
	got, err := s.FindConsents(t.Context(), large.Subject)
	if err != nil || len(got.Apps) != 40 || len(got.Apps[39].Grants) != 100 || sizeOf(it) < 300_000 {
		t.Errorf("4,000 grants in %d bytes come back otherwise, %v", sizeOf(it), err)
	}
	larger := someConsents(t, 60, 100)
	larger.Version = 2
	if err, is := s.PutConsents(t.Context(), larger, 1), (*authorization.Conflict)(nil); err == nil || fmt.Sprintf("%T", err) == fmt.Sprintf("%T", is) {
		t.Errorf("6,000 grants: %v", err)
	}
	if got, err := s.FindConsents(t.Context(), large.Subject); err != nil || got.Version != 1 {
		t.Errorf("after what was too large: %v", err)
	}
}
