package browser_test

import (
	"bytes"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"rescind/internal/testkit/broken"
	"rescind/shared/audit"
	"rescind/shared/secret"
)

// collector keeps a log.
type collector struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (c *collector) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all.Write(p)
}

var formTokens = regexp.MustCompile(`name="form_token" value="([^"]+)"`)

// TestTheLogsHoldNothingOfPeople: the whole story, with outages, refusals and a
// panic, leaves no password, address, cookie, token, code, state or form in the
// logs and the audit, and no digest of one.
func TestTheLogsHoldNothingOfPeople(t *testing.T) {
	var logs collector
	sc := newScene(t, func(sc *scene) {
		logger := slog.New(slog.NewJSONHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
		sc.service.Endpoint.Log, sc.service.Endpoint.Audit = logger, audit.Slog{Logger: logger}
	})
	secrets := map[string]string{"the password": password, "the address": email, "a wrong password": "another password",
		"an unknown address": "eve@evil.example", "the state": "the-state", "the client's secret": sc.secret, "the verifier": verifier}
	note := func(got seen) seen {
		for _, m := range formTokens.FindAllStringSubmatch(got.body, -1) {
			secrets["the form's token "+m[1][:8]] = m[1]
		}
		return got
	}
	asked := request("state", "the-state")
	ann := sc.surfer()
	first := ann.get(asked)
	note(ann.get(first.location.String()))
	note(ann.signInAs(asked, email, "another password"))
	note(ann.signInAs(asked, "eve@evil.example", password))
	note(ann.signIn(asked))
	note(ann.get(asked))
	note(ann.consent(request("state", "the-state", "prompt", "consent"), "deny"))
	code := ann.consent(asked, "allow").code(t)
	access, refresh := sc.exchange(code)
	secrets["the code"], secrets["the access token"], secrets["the refresh token"] = code, access, refresh
	page := note(ann.get("/o/authorized_tokens/"))
	for _, c := range ann.jar.Cookies(mustURL(t, sc.server.URL)) {
		secrets["the cookie "+c.Name] = c.Value
		digest := secret.NewText(c.Value).Digest()
		secrets["the digest of "+c.Name] = string(digest[:])
	}
	for n := 1; n <= 4; n++ {
		sc.store.FailCall(n)
		ann.get(asked)
		ann.post("/o/sign_in/", url.Values{"email": {email}, "password": {password}})
		sc.store.Heal()
	}
	sc.store.Hook(func(broken.Call) { panic("while asking for " + email + " " + code) })
	ann.get(asked)
	sc.store.Hook(nil)
	ann.get("/o/authorize/?code=" + code + "&password=" + url.QueryEscape(password))
	ann.post("/o/authorized_tokens/", page.form(t, "/o/authorized_tokens/", `value="web"`))
	ann.post("/o/sign_out/", page.form(t, "/o/sign_out/", ""))
	said := logs.all.String()
	for _, want := range []string{`"sign_in"`, `"authorize"`, `"revoke"`, `"sign_out"`, `"outage"`, `"panic"`} {
		if !strings.Contains(said, want) {
			t.Errorf("nothing was logged of %s", want)
		}
	}
	for line := range strings.Lines(said) {
		for what, s := range secrets {
			if strings.Contains(line, s) || strings.Contains(line, url.QueryEscape(s)) || len(s) > 30 && strings.Contains(line, s[len(s)-20:]) {
				t.Errorf("%s is in: %s", what, line)
			}
		}
	}
}
