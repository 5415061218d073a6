package client_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/shared/client"
	"rescind/shared/oauth"
	"rescind/shared/secret"
)

const importedBcrypt = "bcrypt$$2b$04$abcdefghijklmnopqrstuuIihgExMqZZSHJNF.C4obEVRYwdDclIG" // of the next
const bcryptSecret = "an imported secret of forty characters!!"

func kept(t *testing.T, notation string) client.Secret {
	t.Helper()
	s, err := client.ParseKept(secret.NewText(notation), time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func arrival(t *testing.T) client.Registration {
	return client.Registration{ID: "app", Policy: confidential, Secrets: []client.Secret{kept(t, importedBcrypt)},
		Created: time.Date(2020, 5, 6, 7, 8, 9, 0, time.UTC)}
}

func TestAnImportedClientAuthenticatesWithTheSecretItHad(t *testing.T) {
	m, s, _ := manager(t)
	r := arrival(t)
	c, found, err := m.Import(t.Context(), r)
	if err != nil || found != client.Absent || c.Version != 1 || c.State != client.On || c.Epoch != m.Now().UnixMilli() || !c.Created.Equal(r.Created) {
		t.Fatalf("%v, %v, %v", c, found, err)
	}
	row, err := s.FindClient(t.Context(), "app")
	if err != nil {
		t.Fatal(err)
	}
	auth := client.NewAuthenticator(m.Now, client.NewAttempts(100, time.Second))
	pair := client.Pair{ID: "app", Secret: secret.NewText(bcryptSecret)}
	proof, _, err := auth.Authenticate(t.Context(), client.Credentials{Method: oauth.AuthBasic, Pairs: []client.Pair{pair}}, []*client.Client{row})
	if err != nil || proof.ID() != "app" {
		t.Errorf("%v, %v", proof, err)
	}
}

func TestImportingAgainFindsItsOwnAndNeverOverwrites(t *testing.T) {
	m, s, advance := manager(t)
	r := arrival(t)
	if _, _, err := m.Import(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	advance(time.Hour)
	spelled := r
	spelled.State, spelled.Policy.RefreshRotation, spelled.Policy.RevokeAccessToken = client.On, client.RotateAlways, client.RevokesGrant
	for _, same := range []client.Registration{r, spelled} {
		if _, found, err := m.Import(t.Context(), same); err != nil || found != client.Same {
			t.Errorf("a second time: %v, %v", found, err)
		}
	}
	for what, edit := range map[string]func(*client.Registration){
		"another scope": func(r *client.Registration) { r.Policy.Scope = oauth.Scope{"b"} },
		"another digest": func(r *client.Registration) {
			r.Secrets = []client.Secret{kept(t, "sha256$"+strings.Repeat("q6ur", 10)+"q6s=")}
		},
		"another hash": func(r *client.Registration) {
			r.Secrets = []client.Secret{kept(t, strings.Replace(importedBcrypt, "ihgEx", "ihgEy", 1))}
		},
		"no secret":       func(r *client.Registration) { r.Secrets = nil },
		"a second secret": func(r *client.Registration) { r.Secrets = append(r.Secrets[:1:1], r.Secrets[0]) },
		"another state":   func(r *client.Registration) { r.State = client.Off },
	} {
		other := r
		edit(&other)
		if _, found, err := m.Import(t.Context(), other); !errors.Is(err, client.ErrExists) || found != client.Absent {
			t.Errorf("%s: %v, %v", what, found, err)
		}
	}
	row, err := s.FindClient(t.Context(), "app")
	if err != nil || row.Version != 1 || !row.Policy.Scope.Equal(confidential.Scope) || len(row.Secrets) != 1 || row.State != client.On {
		t.Errorf("the row was changed: %v", err)
	}
	if _, err := m.Delete(t.Context(), "app"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.Import(t.Context(), r); !errors.Is(err, client.ErrDeleted) {
		t.Errorf("a deleted client comes back: %v", err)
	}
}

func TestWhatCannotBeRegisteredIsNotImported(t *testing.T) {
	m, s, _ := manager(t)
	for what, edit := range map[string]func(*client.Registration){
		"an id":                    func(r *client.Registration) { r.ID = "a b" },
		"a policy":                 func(r *client.Registration) { r.Policy.Type = "else" },
		"a state":                  func(r *client.Registration) { r.State = client.Deleted },
		"a public client's secret": func(r *client.Registration) { r.Policy = client.Policy{Type: client.Public} },
		"three secrets":            func(r *client.Registration) { r.Secrets = append(r.Secrets, r.Secrets[0], r.Secrets[0]) },
	} {
		r := arrival(t)
		edit(&r)
		if _, _, err := m.Import(t.Context(), r); err == nil {
			t.Errorf("%s is imported", what)
		}
	}
	m.Rand = bytes.NewReader(nil)
	if _, _, err := m.Import(t.Context(), arrival(t)); err == nil {
		t.Error("a client is imported without randomness")
	}
	if n := s.Count(broken.Any); n != 0 {
		t.Errorf("the store was called %d times", n)
	}
}

func TestAnImportWithItsAnswerLostIsFoundOut(t *testing.T) {
	for mode, want := range map[broken.Mode]bool{broken.Lost: true, broken.Twice: true, broken.Fails: false, broken.Late: false} {
		m, s, _ := manager(t)
		s.Inject(broken.Fault{Verb: broken.CreateClient, N: 1, Mode: mode})
		_, found, err := m.Import(t.Context(), arrival(t))
		if (err == nil) != want || found != client.Absent {
			t.Errorf("a write that %s: %v, %v", mode, found, err)
		}
		if _, found, err = m.Import(t.Context(), arrival(t)); err != nil || (found == client.Same) != want {
			t.Errorf("again, after a write that %s: %v, %v", mode, found, err)
		}
		s.Deliver(context.Background())
		if _, found, err = m.Import(t.Context(), arrival(t)); err != nil || found != client.Same {
			t.Errorf("a third time, after a write that %s: %v, %v", mode, found, err)
		}
	}
}

// Between two runs of an import clients are at work, and their hashes give way
// to digests.
func TestAnImportedClientIsKnownAgainAfterItsHashWasUpgraded(t *testing.T) {
	m, s, _ := manager(t)
	r := arrival(t)
	if _, _, err := m.Import(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	upgraded := []client.Secret{{Digest: secret.NewText(bcryptSecret).Digest(), Created: m.Now()}}
	op, err := secret.NewOp(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.UpdateClient(t.Context(), "app", 1, client.Change{Secrets: &upgraded, Op: op, Updated: m.Now()}); err != nil {
		t.Fatal(err)
	}
	if _, found, err := m.Import(t.Context(), r); err != nil || found != client.Upgraded {
		t.Errorf("%v, %v", found, err)
	}
	r.Secrets = []client.Secret{kept(t, "sha256$"+strings.Repeat("q6ur", 10)+"q6s=")}
	if _, found, err := m.Import(t.Context(), r); !errors.Is(err, client.ErrExists) || found != client.Absent {
		t.Errorf("another digest: %v, %v", found, err)
	}
}

func TestPlainSecretsAreKeptAsDigestsWhereNobodyCanGuessThem(t *testing.T) {
	ours, ourKept, err := client.NewSecret(rand.Reader, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for text, ok := range map[string]bool{
		ours.Reveal(): true, strings.Repeat("x", 32): true, strings.Repeat("x", 256): true,
		strings.Repeat("x", 31): false, strings.Repeat("x", 257): false, "": false,
		ours.Reveal() + "A": false, ours.Reveal()[:40]: false,
	} {
		s, err := client.KeepSecret(secret.NewText(text), time.Time{})
		if (err == nil) != ok || ok && s.Digest != secret.NewText(text).Digest() {
			t.Errorf("a secret of %d bytes: %v", len(text), err)
		}
		if err != nil && text != "" && strings.Contains(err.Error(), text) {
			t.Error("the error holds the secret")
		}
	}
	if s, err := client.KeepSecret(ours, time.Time{}); err != nil || !s.Same(ourKept) {
		t.Errorf("a secret of ours is kept in another way: %v", err)
	}
}

func TestTheNotationOfAKeptSecretIsReadAgain(t *testing.T) {
	_, ours, err := client.NewSecret(rand.Reader, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []client.Secret{ours, kept(t, importedBcrypt)} {
		again, err := client.ParseKept(s.Notation(), time.Time{})
		if err != nil || !again.Same(s) {
			t.Errorf("not the same again: %v", err)
		}
	}
	digest := ours.Notation().Reveal()
	for _, wrong := range []string{"", "sha256$", digest + "A", digest[:len(digest)-1], "sha256$" + strings.Repeat("A", 43) + "=", "SHA256" + digest[6:],
		"bcrypt_sha256$$2b$12$x", "scrypt$x", "md5$a$b", importedBcrypt + strings.Repeat(" ", 400),
		"pbkdf2_sha256$9999999$salt$p5CBwLW9zvbiBIYcCEyLF/fWfp9qvezD8gIo9oXBST0="} {
		if _, err := client.ParseKept(secret.NewText(wrong), time.Time{}); err == nil || len(wrong) > 8 && strings.Contains(err.Error(), wrong) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}
