package main

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/sqlite"
	"rescind/shared/user"
)

const (
	annEmail    = "Ann@Example.com"
	annPassword = "tr0ub4dor & three"
)

// ann makes a built-in account and gives its subject.
func (w *world) ann() string {
	w.t.Helper()
	return text(w.t, w.jsonWith(annPassword+"\n", "user", "create", annEmail, "--password-stdin"), "sub")
}

// withAccounts runs the rules over the world's store, as the sign-in page does.
func (w *world) withAccounts(do func(a *user.Accounts)) {
	w.t.Helper()
	store, err := sqlite.Open(w.t.Context(), strings.TrimPrefix(w.store, "sqlite:"), sqlite.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer store.Close()
	do(user.NewAccounts(store, grant.SubjectEnder{Rules: grant.Defaults(time.Now, rand.Reader), Store: store}, time.Now, rand.Reader))
}

// signsIn tells whether the password is that account's.
func (w *world) signsIn(email, password string) (is bool) {
	w.t.Helper()
	w.withAccounts(func(a *user.Accounts) {
		_, err := a.Verify(w.t.Context(), email, secret.NewText(password), "here")
		is = err == nil
	})
	return is
}

// granted makes a grant for a subject and gives what tells whether it lives.
func (w *world) granted(subject string) (lives func() bool) {
	w.t.Helper()
	w.phone("phone-" + subject)
	w.ok("grant", "create", "--client", "phone-"+subject, "--subject", subject, "--scopes", "read")
	return func() bool {
		w.t.Helper()
		all := w.json("grant", "list", "--subject", subject)["grants"].([]any)
		if len(all) != 1 {
			w.t.Fatalf("%d grants", len(all))
		}
		return all[0].(map[string]any)["alive"] == true
	}
}

func (w *world) users(args ...string) []any {
	w.t.Helper()
	return w.json(append([]string{"user", "list"}, args...)...)["users"].([]any)
}

func TestWhatTakesAUsersPowerAwayEndsTheirGrants(t *testing.T) {
	for name, args := range map[string][]string{
		"disable": {"user", "disable"}, "delete": {"user", "delete"}, "set-password": {"user", "set-password", "--generate"},
	} {
		for _, named := range []string{"email", "subject"} {
			t.Run(name+" by "+named, func(t *testing.T) {
				w := newWorld(t)
				subject := w.ann()
				lives := w.granted(subject)
				if !lives() {
					t.Fatal("the grant does not live")
				}
				who := strings.ToUpper(annEmail)
				if named == "subject" {
					who = subject
				}
				expect(t, w.ok(append(args, who)...), subject, "have ended")
				if lives() || w.signsIn(annEmail, annPassword) {
					t.Error("the grant lives, or the user signs in")
				}
			})
		}
	}
}

func TestAUserWhoIsSwitchedOnAgainHasNothingOfBefore(t *testing.T) {
	w := newWorld(t)
	subject := w.ann()
	lives := w.granted(subject)
	expect(t, w.ok("user", "enable", annEmail), "was on already. Nothing was changed.")
	if !lives() {
		t.Error("enabling who is on ends grants")
	}
	w.ok("user", "disable", annEmail)
	expect(t, w.ok("user", "disable", annEmail), "already off")
	expect(t, w.ok("user", "enable", annEmail), "What they had before stays ended")
	if lives() || !w.signsIn(annEmail, annPassword) {
		t.Error("the grant came back, or the user does not sign in")
	}
}

func TestWhoIsCreatedAnewIsSomebodyElse(t *testing.T) {
	w := newWorld(t)
	first := w.ann()
	w.ok("user", "delete", annEmail)
	expect(t, w.ok("user", "delete", annEmail), "already deleted")
	if len(w.users()) != 0 {
		t.Error("a deleted user is listed")
	}
	gone := w.users("--deleted")[0].(map[string]any)
	if gone["sub"] != first || gone["email"] != nil || gone["state"] != "deleted" {
		t.Errorf("what is left is %v", gone)
	}
	if second := w.ann(); second == first || len(w.users("--deleted")) != 1 {
		t.Error("the new user is the old one")
	}
}

func TestUsersOfAnUpstreamProviderAreNamedByTheirSubject(t *testing.T) {
	w := newWorld(t)
	var subject string
	w.withAccounts(func(a *user.Accounts) {
		u, err := a.Upstream(t.Context(), "https://idp.example", "42", annEmail, "Ann")
		if err != nil {
			t.Fatal(err)
		}
		subject = u.Subject
	})
	expect(t, w.ok("user", "list"), "https://idp.example", annEmail)
	lives := w.granted(subject)
	if o := w.try("user", "disable", annEmail); o.status != exitFailed || !lives() {
		t.Errorf("their email names them: %d, %s", o.status, o.stderr)
	}
	o := w.try("user", "set-password", subject, "--generate")
	if o.status != exitFailed || !lives() {
		t.Errorf("they get a password: %d", o.status)
	}
	expect(t, o.sentence(), "has no password here", "change it there")
	expect(t, o.stderr, `"outcome":"refused"`)
	w.ok("user", "disable", subject)
	if lives() {
		t.Error("the grant lives")
	}
}

func TestRefusalsAboutUsersAreStatus1AndAudited(t *testing.T) {
	w := newWorld(t)
	subject := w.ann()
	for line, c := range map[string]struct {
		sentence string
		audited  bool
	}{
		"user create " + annEmail + " --generate":          {"there is a user with this email already", true},
		"user disable nobody@example.com":                  {"rescind user list", false},
		"user delete usr_" + strings.Repeat("0", 32):       {"no user with this subject", false},
		"user set-password nobody@example.com --generate":  {"rescind user list", false},
		"user enable usr_" + strings.Repeat("0123abcd", 4): {"no user with this subject", false},
	} {
		o := w.try(strings.Fields(line)...)
		if o.status != exitFailed || strings.Contains(o.stderr, `"outcome":"refused"`) != c.audited {
			t.Errorf("%s: exit status %d: %s", line, o.status, o.stderr)
		}
		if strings.Contains(o.stderr, `"reason"`) {
			t.Errorf("%s: what was not done is named: %s", line, o.stderr)
		}
		expect(t, o.sentence(), c.sentence)
	}
	// A password that is the email is found out only when it is known whose it is.
	o := run(t, annEmail, w.args([]string{"user", "set-password", subject, "--password-stdin"})...)
	if o.status != exitFailed {
		t.Errorf("exit status %d", o.status)
	}
	expect(t, o.sentence(), "choose another")
}

func TestPasswordsThatCannotBeAreAWrongCommandLine(t *testing.T) {
	w := newWorld(t)
	for stdin, sentence := range map[string]string{"": "8 characters", "short\n": "8 characters", strings.Repeat("x", 257): "256 bytes", "password": "choose another",
		strings.Repeat("xy", 1000): "256 bytes"} {
		o := run(t, stdin, w.args([]string{"user", "create", annEmail, "--password-stdin"})...)
		if o.status != exitUsage {
			t.Errorf("%.20q: exit status %d", stdin, o.status)
		}
		expect(t, o.sentence(), sentence)
	}
	if len(w.users("--deleted")) != 0 {
		t.Error("a user was made")
	}
}

// The audit and the log name a user by the subject: an email is somebody's.
func TestNoLogHoldsAnEmailOrAPassword(t *testing.T) {
	w := newWorld(t)
	o := run(t, annPassword, w.args([]string{"user", "create", annEmail, "--password-stdin", "--json"})...)
	logs, subject := o.stderr, text(t, object(t, o.stdout), "sub")
	expect(t, logs, `"action":"user"`, `"operation":"user create"`, subject)
	for _, args := range [][]string{{"disable"}, {"enable"}, {"set-password", "--generate"}, {"delete"}} {
		o := w.try(append([]string{"user", args[0], annEmail}, args[1:]...)...)
		expect(t, o.stderr, `"operation":"user `+args[0]+`"`, `"subject":"`+subject+`"`, `"outcome":"ok"`)
		logs += o.stderr
	}
	for _, hidden := range []string{"ann@", annPassword, "argon2"} {
		if strings.Contains(strings.ToLower(logs), hidden) {
			t.Errorf("a log holds %q", hidden)
		}
	}
	stats := w.ok("stats")
	expect(t, stats, "CHANGES OF CLIENTS AND USERS, AND RESTORES", "user set-password", subject)
	if v := w.json("stats")["changes"].([]any)[0].(map[string]any); v["operation"] != "user delete" || v["sub"] != subject {
		t.Errorf("the newest change is %v", v)
	}
}

func TestUsersAreCompletedFromAFileOnly(t *testing.T) {
	w := newWorld(t)
	subject := w.ann()
	var upstream string
	w.withAccounts(func(a *user.Accounts) {
		u, err := a.Upstream(t.Context(), "https://idp.example", "42", "ann@idp.example", "")
		if err != nil {
			t.Fatal(err)
		}
		upstream = u.Subject
	})
	for _, name := range []string{"disable", "enable", "delete", "set-password"} {
		got := run(t, "", "__complete", "--store", w.store, "user", name, "").stdout
		expect(t, got, annEmail+"\t"+subject, upstream+"\tann@idp.example")
	}
	for _, args := range [][]string{{w.store, "user", "disable", "Be"}, {"dynamodb:x", "user", "disable", ""}, {w.store, "user", "create", ""}} {
		if got := run(t, "", append([]string{"__complete", "--store"}, args...)...).stdout; strings.Contains(got, "@") || strings.Contains(got, "usr_") {
			t.Errorf("%q: %s", args, got)
		}
	}
	w.ok("user", "delete", annEmail)
	if got := run(t, "", "__complete", "--store", w.store, "user", "enable", "").stdout; strings.Contains(got, subject) {
		t.Errorf("a deleted user is offered: %s", got)
	}
}

func TestListsOfManyUsersHaveThemAll(t *testing.T) {
	w := newWorld(t)
	w.withAccounts(func(a *user.Accounts) {
		for n := range listPage + 5 {
			if _, err := a.Upstream(t.Context(), "https://idp.example", fmt.Sprint(n), "", ""); err != nil {
				t.Fatal(err)
			}
		}
	})
	list := w.users()
	if len(list) != listPage+5 {
		t.Errorf("%d users", len(list))
	}
	last := text(t, list[len(list)-1].(map[string]any), "sub")
	expect(t, w.ok("user", "disable", last), last)
}
