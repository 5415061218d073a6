package client_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/shared/client"
	"rescind/shared/oauth"
	"rescind/shared/sqlite"
)

// manager gives a Manager on a real store that can break, and moves its clock.
func manager(t *testing.T) (m client.Manager, s *broken.Store, advance func(time.Duration)) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "rescind.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	now := time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.FixedZone("elsewhere", 3600))
	s = broken.Wrap(db)
	m = client.Manager{Store: s, Now: func() time.Time { return now }, Rand: rand.Reader}
	return m, s, func(d time.Duration) { now = now.Add(d) }
}

var confidential = client.Policy{Name: "n", Type: client.Confidential, GrantTypes: []string{oauth.GrantClientCredentials}, Scope: oauth.Scope{"a"}}

func TestAClientStartsWithOneSecretAndAnEpochOfNow(t *testing.T) {
	m, _, _ := manager(t)
	c, text, err := m.Create(t.Context(), "app", confidential)
	if err != nil {
		t.Fatal(err)
	}
	if c.Version != 1 || c.State != client.On || c.Epoch != m.Now().UnixMilli() || len(c.Secrets) != 1 || c.Secrets[0].Digest != text.Digest() {
		t.Error("the client is not as a new one should be")
	}
	if c.Created.Location() != time.UTC || c.Created.Nanosecond()%1_000_000 != 0 || !c.Created.Equal(c.Updated) {
		t.Errorf("it was created at %v", c.Created)
	}
	pub := client.Policy{Type: client.Public, GrantTypes: []string{oauth.GrantRefreshToken}}
	c, text, err = m.Create(t.Context(), "phone", pub)
	if err != nil || len(c.Secrets) != 0 || !text.IsEmpty() {
		t.Errorf("a public client has %d secrets, %v", len(c.Secrets), err)
	}
	if _, _, err := m.RotateSecret(t.Context(), "phone"); !errors.Is(err, client.ErrNoSecret) {
		t.Errorf("a public client's secret rotates: %v", err)
	}
	if _, err := m.DropOldSecret(t.Context(), "phone"); !errors.Is(err, client.ErrNoSecret) {
		t.Errorf("a public client's secret is dropped: %v", err)
	}
}

func TestWhatIsWrongIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	m, s, _ := manager(t)
	for id, p := range map[string]client.Policy{"": confidential, "a b": confidential, "ok": {Type: "else"}} {
		if _, _, err := m.Create(t.Context(), id, p); err == nil {
			t.Errorf("client %q is registered", id)
		}
	}
	m.Rand = bytes.NewReader(nil)
	if _, _, err := m.Create(t.Context(), "app", confidential); err == nil {
		t.Error("a client is registered without randomness")
	}
	if n := s.Count(broken.Any); n != 0 {
		t.Errorf("the store was called %d times", n)
	}
	m.Rand = rand.Reader
	if _, _, err := m.Create(t.Context(), "app", confidential); err != nil {
		t.Fatal(err)
	}
	for what, edit := range map[string]func(*client.Policy) error{
		"a type":      func(p *client.Policy) error { p.Type = client.Public; return nil },
		"a bad scope": func(p *client.Policy) error { p.Scope = oauth.Scope{`"`}; return nil },
		"an error":    func(*client.Policy) error { return errors.New("no") },
	} {
		if _, err := m.Update(t.Context(), "app", edit); err == nil {
			t.Errorf("a change of %s is taken", what)
		}
	}
	if n := s.Count(broken.UpdateClient); n != 0 {
		t.Errorf("%d changes were written", n)
	}
}

func TestSecretsRotateTwoAtATime(t *testing.T) {
	m, _, advance := manager(t)
	_, first, err := m.Create(t.Context(), "app", confidential)
	if err != nil {
		t.Fatal(err)
	}
	advance(time.Hour)
	c, second, err := m.RotateSecret(t.Context(), "app")
	if err != nil || len(c.Secrets) != 2 || c.Secrets[0].Digest != second.Digest() || c.Secrets[1].Digest != first.Digest() || !c.Updated.After(c.Created) {
		t.Errorf("after one rotation there are %d secrets, %v", len(c.Secrets), err)
	}
	c, third, err := m.RotateSecret(t.Context(), "app")
	if err != nil || len(c.Secrets) != 2 || c.Secrets[0].Digest != third.Digest() || c.Secrets[1].Digest != second.Digest() {
		t.Errorf("after two rotations there are %d secrets, %v", len(c.Secrets), err)
	}
	c, err = m.DropOldSecret(t.Context(), "app")
	if err != nil || len(c.Secrets) != 1 || c.Secrets[0].Digest != third.Digest() {
		t.Errorf("after dropping the old one there are %d secrets, %v", len(c.Secrets), err)
	}
}

func TestDisableEndsAndEnableRevivesNothing(t *testing.T) {
	m, s, advance := manager(t)
	born, _, err := m.Create(t.Context(), "app", confidential)
	if err != nil {
		t.Fatal(err)
	}
	off, err := m.Disable(t.Context(), "app")
	if err != nil || off.State != client.Off || off.Epoch <= born.Epoch {
		t.Fatalf("off: %v", err)
	}
	advance(time.Second)
	on, err := m.Enable(t.Context(), "app")
	if err != nil || on.State != client.On || on.Epoch <= off.Epoch {
		t.Fatalf("on: %v", err)
	}
	before := s.Count(broken.Any)
	again, err := m.Enable(t.Context(), "app")
	if err != nil || again.Epoch != on.Epoch || s.Count(broken.Any) != before+1 {
		t.Errorf("switching on what is on changes something: %v", err)
	}
}

func TestAnOutageIsSaidAndLeaksNothing(t *testing.T) {
	m, s, _ := manager(t)
	_, text, err := m.Create(t.Context(), "app", confidential)
	if err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]func() error{
		"create": func() error { _, _, err := m.Create(t.Context(), "other", confidential); return err },
		"update": func() error {
			_, err := m.Update(t.Context(), "app", func(*client.Policy) error { return nil })
			return err
		},
		"rotate":  func() error { _, _, err := m.RotateSecret(t.Context(), "app"); return err },
		"disable": func() error { _, err := m.Disable(t.Context(), "app"); return err },
		"enable":  func() error { _, err := m.Enable(t.Context(), "app"); return err },
		"delete":  func() error { _, err := m.Delete(t.Context(), "app"); return err },
		"revoke":  func() error { _, err := m.RaiseEpoch(t.Context(), "app"); return err },
	} {
		s.FailAll()
		err := call()
		if !errors.Is(err, broken.ErrInjected) || strings.Contains(err.Error(), text.Reveal()) {
			t.Errorf("%s answers %v", name, err)
		}
		s.Heal()
	}
}

func TestALostRaceIsRunAgainUntilItIsHopeless(t *testing.T) {
	m, s, _ := manager(t)
	if _, _, err := m.Create(t.Context(), "app", confidential); err != nil {
		t.Fatal(err)
	}
	others := client.Manager{Store: s.Store, Now: m.Now, Rand: m.Rand}
	meddle := func(times int) {
		s.Hook(func(c broken.Call) {
			if c.Verb != broken.UpdateClient || c.After || times == 0 {
				return
			}
			times--
			if _, err := others.Update(context.Background(), "app", func(p *client.Policy) error { p.Name += "x"; return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	rename := func(p *client.Policy) error { p.Name += "y"; return nil }
	meddle(4)
	c, err := m.Update(t.Context(), "app", rename)
	if err != nil || c.Policy.Name != "nxxxxy" || c.Version != 6 {
		t.Errorf("after four lost races: %v", err)
	}
	meddle(5)
	if _, err := m.Update(t.Context(), "app", rename); !errors.Is(err, client.ErrContended) {
		t.Errorf("after five lost races: %v", err)
	}
}

func TestARaiseThatSomebodyElseMadeCounts(t *testing.T) {
	m, s, _ := manager(t)
	c, _, err := m.Create(t.Context(), "app", confidential)
	if err != nil {
		t.Fatal(err)
	}
	others := client.Manager{Store: s.Store, Now: m.Now, Rand: m.Rand}
	s.Hook(func(call broken.Call) {
		if call.Verb == broken.RaiseClientEpoch && !call.After {
			if _, err := others.RaiseEpoch(context.Background(), "app"); err != nil {
				t.Error(err)
			}
		}
	})
	got, err := m.RaiseEpoch(t.Context(), "app")
	if err != nil || got.Epoch != c.Epoch+1 {
		t.Errorf("the raise gives %d from %d, %v", got.Epoch, c.Epoch, err)
	}
}
