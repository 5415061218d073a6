package main

import (
	"strings"
	"testing"
	"time"

	"rescind/shared/secret"
	"rescind/shared/user"
)

func TestUsersAreListedByEmail(t *testing.T) {
	w := newWorld(t)
	for _, email := range []string{"cleo@example.com", "ann@example.com", "ben@example.com"} {
		w.jsonWith(annPassword+"\n", "user", "create", email, "--password-stdin")
	}
	var got []string
	for _, v := range w.users() {
		got = append(got, text(t, v.(map[string]any), "email"))
	}
	if strings.Join(got, " ") != "ann@example.com ben@example.com cleo@example.com" {
		t.Errorf("listed as %v", got)
	}
}

func TestWhatChangedIsPrintedAsItIsNow(t *testing.T) {
	w := newWorld(t)
	w.withAccounts(func(a *user.Accounts) {
		a.Now = func() time.Time { return time.Now().Add(-time.Hour) }
		if _, err := a.Create(t.Context(), annEmail, secret.NewText(annPassword)); err != nil {
			t.Fatal(err)
		}
	})
	for _, line := range []string{"disable " + annEmail, "enable " + annEmail, "set-password --generate " + annEmail, "delete " + annEmail} {
		v := w.json(append([]string{"user"}, strings.Fields(line)...)...)
		if v["updated_at"].(float64) < v["created_at"].(float64)+3000 {
			t.Errorf("user %s: %v", line, v)
		}
	}
}

func TestAPasswordThatIsMadeIsShownOnce(t *testing.T) {
	w := newWorld(t)
	made := text(t, w.json("user", "create", annEmail, "--generate"), "password")
	if len(made) != 24 || !w.signsIn(annEmail, made) {
		t.Errorf("the password has %d characters, or does not sign in", len(made))
	}
	next := w.ok("user", "set-password", annEmail, "--generate")
	expect(t, next, "shown this once", "password")
	if strings.Contains(next+w.ok("user", "list"), made) || w.signsIn(annEmail, made) {
		t.Error("the old password is shown, or still signs in")
	}
}

func TestAUserIsCreatedWithAPasswordFromStandardInput(t *testing.T) {
	w := newWorld(t)
	expect(t, w.ok("user", "list"), "There are no users", "rescind user create EMAIL")
	out := w.okWith(annPassword+"\r\n", "user", "create", " "+annEmail, "--password-stdin")
	expect(t, out, "The user was created.", "usr_", annEmail)
	if strings.Contains(out, annPassword) || strings.Contains(out, "password") {
		t.Errorf("a password that was given is shown: %s", out)
	}
	if !w.signsIn(annEmail, annPassword) || w.signsIn(annEmail, annPassword+"\n") {
		t.Error("the password is not the one that was given")
	}
	list := w.users()
	v := list[0].(map[string]any)
	if len(list) != 1 || v["email"] != annEmail || v["state"] != "on" || v["password"] != nil || v["provider"] != nil || v["created_at"].(float64) < 1.7e9 {
		t.Errorf("the list is %v", list)
	}
	expect(t, w.ok("user", "list"), "SUBJECT", text(t, v, "sub"), "built-in")
}
