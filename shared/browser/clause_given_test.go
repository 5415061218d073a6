package browser_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"rescind/internal/testkit/broken"
	"rescind/shared/audit"
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/session"
)

// givenForms are the lines of a section "given".
var givenForms = []form{
	says(`(confidential|public) client (\w+)((?:; .*)?)`, func(r *run, a []string) { r.newClient(a[0], a[1], a[2]) }),
	says(`(\w+) is signed in`, func(r *run, a []string) { r.signedIn(a[0]) }),
	says(`(\w+) allowed (\S+)`, func(r *run, a []string) {
		r.press(a[0], a[1], r.opened(a[0], a[1]), "allow")
	}),
	says(`(\w+) opened (\S+) and got the form (\w+)`, func(r *run, a []string) {
		r.values[a[2]] = r.opened(a[0], a[1]).Get("form_token")
	}),
	says(`(\w+) cut (\w+)`, func(r *run, a []string) {
		page := r.browse(a[0], http.MethodGet, "/o/authorized_tokens/", nil)
		form := page.form(r, "/o/authorized_tokens/", `value="`+a[1]+`"`)
		if got := r.browse(a[0], http.MethodPost, "/o/authorized_tokens/", form); got.status != http.StatusSeeOther {
			r.Fatalf("%s: cutting gives %d", r.at, got.status)
		}
	}),
	says(`clock \+(\w+)`, func(r *run, a []string) { r.clock.Advance(duration(r, a[0])) }),
	says(`client (\w+) is (disabled|deleted)`, func(r *run, a []string) {
		do := r.clients().Disable
		if a[1] == "deleted" {
			do = r.clients().Delete
		}
		_, err := do(r.Context(), a[0])
		r.must(err, "changing the client")
	}),
	says(`store fails at call (\d+)`, func(r *run, a []string) {
		n, err := strconv.Atoi(a[0])
		r.must(err, "reading a number")
		r.faults = append(r.faults, broken.Fault{N: n})
	}),
	says(`store fails at every call`, func(r *run, _ []string) { r.faults = append(r.faults, broken.Fault{}) }),
}

// afterForms are the lines of a section "after".
var afterForms = []form{
	says(`nothing was written`, func(r *run, _ []string) {
		if n := slices.IndexFunc(r.calls, broken.Verb.Writes); n >= 0 {
			r.Errorf("%s: there was the write %s", r.at, r.calls[n])
		}
	}),
	says(`store was not asked`, func(r *run, _ []string) { r.asked("") }),
	says(`store was asked: (.+)`, func(r *run, a []string) { r.asked(a[0]) }),
	says(`(\w+) redeems for (\w+)(?: sent to (\S+))?`, func(r *run, a []string) {
		pairs := []string{"grant_type", "authorization_code", "code", r.values[a[0]], "code_verifier", verifier, "client_id", a[1]}
		if s := r.secrets[a[1]]; s != "" {
			pairs = append(pairs, "client_secret", s)
		}
		if a[2] != "" {
			pairs = append(pairs, "redirect_uri", a[2])
		}
		if status, body := r.call("/o/token/", pairs...); status != http.StatusOK {
			r.Errorf("%s: redeeming %s gives %d, %v", r.at, a[0], status, body)
		}
	}),
	says(`audit: (\w+) (\w+)(?:, (.+))?`, func(r *run, a []string) {
		if e := r.event(); string(e.Action) != a[0] || e.Outcome != a[1] || e.Reason != a[2] {
			r.Errorf("%s: the audit says %s %s, %s", r.at, e.Action, e.Outcome, e.Reason)
		}
	}),
	says(`audit names (client (\w+)|no client)`, func(r *run, a []string) {
		if e := r.event(); e.ClientID != a[1] {
			r.Errorf("%s: the audit names the client %q", r.at, e.ClientID)
		}
	}),
	says(`no audit`, func(r *run, _ []string) {
		if len(r.events) > 0 {
			r.Errorf("%s: the audit has %+v", r.at, r.events)
		}
	}),
	says(`page says (.+)`, func(r *run, a []string) {
		if !strings.Contains(r.answer.text(), a[0]) {
			r.Errorf("%s: the page says\n%s\nand not %q", r.at, r.answer.text(), a[0])
		}
	}),
	says(`page does not say (.+)`, func(r *run, a []string) {
		if strings.Contains(r.answer.text(), a[0]) {
			r.Errorf("%s: the page says %q", r.at, a[0])
		}
	}),
}

func (r *run) event() audit.Event {
	r.Helper()
	if len(r.events) == 0 {
		r.Fatalf("%s: the audit has no event", r.at)
	}
	return r.events[len(r.events)-1]
}

// asked compares the calls to the store during the last request.
func (r *run) asked(verbs string) {
	r.Helper()
	if got := strings.Trim(fmt.Sprint(r.calls), "[]"); got != verbs {
		r.Errorf("%s: the store was asked %q and not %q", r.at, got, verbs)
	}
}

func (r *run) clients() client.Manager {
	return client.Manager{Store: r.store, Now: r.clock.Now, Rand: rand.Reader}
}

// newClient registers a client whose id is its name. list is "; key value; key
// value", the words being those of registration.
func (r *run) newClient(kind, id, list string) {
	r.Helper()
	p := client.Policy{Name: "The " + id, Type: kind, GrantTypes: []string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken},
		RedirectURIs: []string{"https://app.example/cb"}, Scope: oauth.Scope{"read", "write"}, DefaultScope: oauth.Scope{"read"}}
	for pair := range strings.SplitSeq(strings.TrimPrefix(list, "; "), "; ") {
		key, value, _ := strings.Cut(pair, " ")
		words := strings.Fields(value)
		switch key {
		case "":
		case "redirect_uris":
			p.RedirectURIs = words
		case "scopes":
			p.Scope = words
		case "default_scopes":
			p.DefaultScope = slices.DeleteFunc(words, func(w string) bool { return w == "none" })
		case "grant_types":
			p.GrantTypes = words
		case "audience":
			p.Audience = words
		default:
			r.Fatalf("%s: unknown attribute %q", r.at, key)
		}
	}
	_, text, err := r.clients().Create(r.Context(), id, p)
	r.must(err, "registering")
	r.secrets[id] = text.Reveal()
}

// signedIn gives somebody a session, past the sign-in page: {cookie of ann}.
func (r *run) signedIn(name string) {
	r.Helper()
	ctx := r.Context()
	account, err := r.service.Accounts.Upstream(ctx, "https://id.example", name, name+"@example.com", "")
	r.must(err, "making a user")
	rows, err := r.store.Find(ctx, grant.Keys{Subjects: []string{account.Subject}})
	r.must(err, "reading the epochs")
	value, _, err := r.service.Sessions.Start(ctx, r.store, session.Who{Account: account.Key, Subject: account.Subject, Label: account.Email,
		Epochs: session.Epochs{Subject: rows.Subjects[0], Store: rows.Generation}})
	r.must(err, "starting a session")
	r.values["cookie of "+name] = "__Host-rescind-session=" + value.Reveal()
}

// browse is a request of somebody's browser, before the one that the case is about.
func (r *run) browse(name, method, target string, form url.Values) seen {
	r.Helper()
	header := []string{"Cookie: " + r.values["cookie of "+name]}
	if form != nil {
		header = append(header, "Content-Type: application/x-www-form-urlencoded")
	}
	got := r.by.send(r, method, target, header, form.Encode())
	return seen{status: got.status, body: got.body}
}

func (r *run) opened(name, query string) url.Values {
	r.Helper()
	return r.browse(name, http.MethodGet, "/o/authorize/?"+r.fill(query), nil).form(r, "/o/authorize/", "decision")
}

func (r *run) press(name, query string, form url.Values, decision string) {
	r.Helper()
	form.Set("decision", decision)
	if got := r.browse(name, http.MethodPost, "/o/authorize/", form); got.status != http.StatusSeeOther {
		r.Fatalf("%s: %s pressed %s at %s and got %d", r.at, name, decision, query, got.status)
	}
}
