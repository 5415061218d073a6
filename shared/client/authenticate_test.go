package client

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"rescind/shared/oauth"
	"rescind/shared/secret"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func atNoon() time.Time { return noon }

func newAuthenticator() *Authenticator {
	return NewAuthenticator(atNoon, NewAttempts(1000, time.Second))
}

// withSecret makes a client and a secret that it has.
func withSecret(t *testing.T, edits ...func(*Client)) (*Client, secret.Text) {
	t.Helper()
	text, kept, err := NewSecret(rand.Reader, noon)
	if err != nil {
		t.Fatal(err)
	}
	c := &Client{ID: "app", Version: 1, State: On, Secrets: []Secret{kept}, Policy: Policy{Type: Confidential}}
	for _, edit := range edits {
		edit(c)
	}
	return c, text
}

func public(c *Client) { c.Policy.Type, c.Secrets = Public, nil }

func pinned(method string) func(*Client) {
	return func(c *Client) { c.Policy.TokenEndpointAuthMethod = method }
}

func try(a *Authenticator, c *Client, method string, s secret.Text) (Authenticated, error) {
	proof, _, err := a.Authenticate(context.Background(),
		Credentials{Method: method, Source: "192.0.2.1", Pairs: []Pair{{ID: "app", Secret: s}}}, []*Client{c})
	return proof, err
}

func TestEveryMethodForEveryClient(t *testing.T) {
	for _, c := range []struct {
		name  string
		edits []func(*Client)
		// whether basic with the secret, post with the secret, none without one
		basic, post, none bool
	}{
		{"a confidential client", nil, true, true, false},
		{"a confidential client pinned to basic", []func(*Client){pinned(oauth.AuthBasic)}, true, false, false},
		{"a confidential client pinned to post", []func(*Client){pinned(oauth.AuthPost)}, false, true, false},
		{"a public client", []func(*Client){public}, false, false, true},
		{"a public client pinned to none", []func(*Client){public, pinned(oauth.AuthNone)}, false, false, true},
		{"a client that is off", []func(*Client){func(c *Client) { c.State = Off }}, false, false, false},
		{"a public client that is off", []func(*Client){public, func(c *Client) { c.State = Off }}, false, false, false},
		{"a deleted client", []func(*Client){func(c *Client) { c.State = Deleted }}, false, false, false},
		{"a client in no known state", []func(*Client){func(c *Client) { c.State = "" }}, false, false, false},
		{"a confidential client without secrets", []func(*Client){func(c *Client) { c.Secrets = nil }}, false, false, false},
		{"a confidential client with an empty secret", []func(*Client){func(c *Client) { c.Secrets = []Secret{{}} }}, false, false, false},
	} {
		row, text := withSecret(t, c.edits...)
		for method, want := range map[string]bool{oauth.AuthBasic: c.basic, oauth.AuthPost: c.post, oauth.AuthNone: c.none} {
			presented := text
			if method == oauth.AuthNone {
				presented = secret.Text{}
			}
			proof, err := try(newAuthenticator(), row, method, presented)
			if (err == nil) != want || (proof.Client() == row) != want || (proof.ID() == "app") != want {
				t.Errorf("%s by %s: %v", c.name, method, err)
			}
			// Whatever the method, an empty secret opens nothing but a public client by none.
			if _, err := try(newAuthenticator(), row, method, secret.Text{}); (err == nil) != (want && method == oauth.AuthNone) {
				t.Errorf("%s by %s without a secret: %v", c.name, method, err)
			}
		}
	}
}

func TestEveryRefusalIsTheSame(t *testing.T) {
	row, text := withSecret(t)
	off, offText := withSecret(t, func(c *Client) { c.State = Off })
	pin, pinText := withSecret(t, pinned(oauth.AuthPost))
	pub, _ := withSecret(t, public)
	old, _ := withSecret(t, func(c *Client) { c.Secrets = []Secret{{Imported: secret.NewText(pbkdf2Short)}} })
	other, _, err := NewSecret(rand.Reader, noon)
	if err != nil {
		t.Fatal(err)
	}
	var first []byte
	for what, refused := range map[string]struct {
		row  *Client
		text secret.Text
	}{
		"no such client": {nil, text}, "another secret": {row, other}, "no secret": {row, secret.Text{}}, "off": {off, offText},
		"another method": {pin, pinText}, "public with a secret": {pub, text}, "another imported secret": {old, secret.NewText("other")},
		"too long": {row, secret.NewText(strings.Repeat("x", 257))}, "no such client, too long": {nil, secret.NewText(strings.Repeat("x", 257))},
		"one character more": {row, secret.NewText(text.Reveal() + "A")}, "its digest": {row, secret.NewText(fmt.Sprintf("%x", row.Secrets[0].Digest))},
	} {
		proof, err := try(newAuthenticator(), refused.row, oauth.AuthBasic, refused.text)
		var answer *oauth.Error
		if !errors.As(err, &answer) || !reflect.DeepEqual(proof, Authenticated{}) {
			t.Fatalf("%s: %v", what, err)
		}
		shown, err := json.Marshal(answer)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = shown
		}
		if string(shown) != string(first) || answer.Code != oauth.InvalidClient || answer.Challenge != "Basic" {
			t.Errorf("%s is refused with %s, not with %s", what, shown, first)
		}
	}
}

func TestTwoSecretsWorkBesideEachOtherAndNoThird(t *testing.T) {
	row, first := withSecret(t)
	second, kept, _ := NewSecret(rand.Reader, noon)
	third, kept3, _ := NewSecret(rand.Reader, noon)
	row.Secrets = append(row.Secrets, kept, kept3)
	for i, text := range []secret.Text{first, second, third} {
		if _, err := try(newAuthenticator(), row, oauth.AuthPost, text); (err == nil) != (i < 2) {
			t.Errorf("secret %d: %v", i+1, err)
		}
	}
	if text, again := first.Reveal(), second.Reveal(); text == again || !strings.HasPrefix(text, "rsc_cs_") || len(text) != 7+43+6 {
		t.Error("a new secret is not as it should be written")
	}
}

func TestTheSecondReadingIsTriedAfterTheFirst(t *testing.T) {
	row, text := withSecret(t, func(c *Client) { c.ID = "app%2Ba" })
	decoded := Pair{ID: "app+a", Secret: text}
	raw := Pair{ID: "app%2Ba", Secret: text}
	proof, n, err := newAuthenticator().Authenticate(t.Context(), Credentials{Method: oauth.AuthBasic, Pairs: []Pair{decoded, raw}}, []*Client{nil, row})
	if err != nil || n != 1 || proof.Client() != row {
		t.Errorf("the second reading gives %d, %v", n, err)
	}
	_, _, err = newAuthenticator().Authenticate(t.Context(), Credentials{Method: oauth.AuthBasic, Pairs: []Pair{decoded, raw}}, []*Client{nil, nil})
	_, err1 := try(newAuthenticator(), nil, oauth.AuthBasic, text)
	if !reflect.DeepEqual(err, err1) {
		t.Errorf("two failed readings answer %v", err)
	}
	_, _, err = newAuthenticator().Authenticate(t.Context(), Credentials{}, nil)
	if answer := (*oauth.Error)(nil); !errors.As(err, &answer) || answer.Code != oauth.InvalidClient || answer.Challenge != "Basic" {
		t.Errorf("nothing sent answers %v", err)
	}
}

func TestThrottlingMakesGuessesWait(t *testing.T) {
	row, text := withSecret(t)
	now := noon
	a := NewAuthenticator(func() time.Time { return now }, NewAttempts(2, 10*time.Second))
	for range 2 {
		if _, err := try(a, row, oauth.AuthBasic, secret.NewText("wrong")); err == nil {
			t.Fatal("a wrong secret is taken")
		}
	}
	_, err := try(a, row, oauth.AuthBasic, secret.NewText("wrong"))
	answer := (*oauth.Error)(nil)
	if !errors.As(err, &answer) || answer.Code != oauth.TooManyRequests || answer.RetryAfter != 10 {
		t.Errorf("the third attempt answers %v", err)
	}
	if _, err := try(a, row, oauth.AuthBasic, text); err != nil {
		t.Errorf("the right secret is locked out by its neighbours' guesses: %v", err)
	}
	public := &Client{ID: "app", State: On, Policy: Policy{Type: Public}}
	if _, err := try(a, public, oauth.AuthNone, secret.Text{}); err != nil {
		t.Errorf("a public client, which has no secret to guess, is locked out: %v", err)
	}
	imported := &Client{ID: "app", State: On, Policy: Policy{Type: Confidential}, Secrets: []Secret{{Imported: secret.NewText(bcrypt40)}}}
	if _, err := try(a, imported, oauth.AuthBasic, secret.NewText("an imported secret of forty characters!!")); !errors.As(err, &answer) || answer.Code != oauth.TooManyRequests {
		t.Errorf("an imported secret, which can be guessed, was tried: %v", err)
	}
	elsewhere := Credentials{Method: oauth.AuthBasic, Source: "192.0.2.2", Pairs: []Pair{{ID: "app", Secret: text}}}
	if _, _, err := a.Authenticate(t.Context(), elsewhere, []*Client{row}); err != nil {
		t.Errorf("another source is locked out: %v", err)
	}
	now = now.Add(10 * time.Second)
	if _, err := try(a, row, oauth.AuthBasic, text); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

func TestAProofShowsOnlyWhoItIs(t *testing.T) {
	row, _ := withSecret(t)
	p := Authenticated{c: row, from: row.Secrets[0], to: row.Secrets[0]}
	if got := fmt.Sprintf("%v %+v %#v %s %d", p, p, p, &p, []Authenticated{p}); got != "app app app app [app]" {
		t.Errorf("it shows %q", got)
	}
	if (Authenticated{}).ID() != "" || (Authenticated{}).Client() != nil {
		t.Error("the zero proof names somebody")
	}
	if _, _, ok := (Authenticated{}).Upgrade(); ok {
		t.Error("the zero proof upgrades something")
	}
}
