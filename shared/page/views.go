package page

import (
	"net/http"
	"time"
)

// Field is a hidden field of a form.
type Field struct{ Name, Value string }

// SignIn is the page to sign in on. Its form posts "email" and "password", and
// the hidden fields; the upstream form has hidden fields of its own.
type SignIn struct {
	Action         string
	Hidden         []Field
	Email, Client  string // both may be empty
	Problem        string // "", "credentials", "throttled", "form_expired", "upstream"
	RetryAfter     int    // seconds, where the problem is "throttled"
	Passwords      bool   // whether there are accounts with passwords
	UpstreamAction string // empty where there is no upstream provider
	UpstreamName   string
	UpstreamHidden []Field
	FormAction     []string // where a form's answer may lead, beside this server: see formAction
}

// Consent asks whether a client may have access. Its form posts "decision",
// which is "allow" or "deny", and the hidden fields.
type Consent struct {
	Action           string
	Hidden           []Field
	Client, ClientID string
	Host             string // where the answer is sent: the redirect URI's host, or a native app's scheme
	Native           bool   // an app on the person's own device, RFC 8252
	Account          string
	Scopes, Audience []string
	SignOutAction    string // empty where nobody can change the account
	SignOutHidden    []Field
	FormAction       []string
}

// Authorized lists the applications that a person has given access to.
type Authorized struct {
	Account       string
	Apps          []App
	Action        string // cuts one, or all: the hidden fields tell which
	CutAllHidden  []Field
	SignOutAction string
	SignOutHidden []Field
	Done          string // "", "cut", "cut_all": what was just done
	DoneName      string // the client that was cut
	More          bool   // there are more than Apps holds
}

// App is one application that has access.
type App struct {
	Client, ClientID, Host string
	Since, LastRefresh     time.Time // either may be zero
	Scopes, Audience       []string
	Hidden                 []Field
}

// SignedOut says so. SignIn is where to sign in again, or empty.
type SignedOut struct{ SignIn string }

// Error tells what went wrong. Kind is an OAuth error code or a word of the
// catalogue's; one without a text gets the general one.
type Error struct {
	Status    int
	Kind      string
	RequestID string
	Retry     int // seconds, 0 where repeating is of no use
}

// SignIn writes the page to sign in on.
func (p *Pages) SignIn(w http.ResponseWriter, lang string, v SignIn) {
	status := http.StatusOK
	switch v.Problem {
	case "":
	case "throttled":
		status = http.StatusTooManyRequests
		retryAfter(w, v.RetryAfter)
	case "form_expired":
		status = http.StatusBadRequest
	default: // RFC 9110 section 15.5.4; a browser then offers to keep no wrong password
		status = http.StatusForbidden
	}
	body := p.render("sign_in", lang, func(t words) string { return t.S("signin.title") }, v)
	p.write(w, lang, status, v.FormAction, body)
}

// Consent writes the page that asks for consent.
func (p *Pages) Consent(w http.ResponseWriter, lang string, v Consent) {
	v.Client = nameOf(v.Client, v.ClientID)
	body := p.render("consent", lang, func(t words) string { return t.S("consent.title", "client", v.Client) }, v)
	p.write(w, lang, http.StatusOK, v.FormAction, body)
}

// Authorized writes the page of authorized applications.
func (p *Pages) Authorized(w http.ResponseWriter, lang string, v Authorized) {
	apps := make([]App, len(v.Apps))
	for i, app := range v.Apps {
		app.Client = nameOf(app.Client, app.ClientID)
		apps[i] = app
	}
	v.Apps = apps
	body := p.render("authorized", lang, func(t words) string { return t.S("apps.title") }, v)
	p.write(w, lang, http.StatusOK, nil, body)
}

// SignedOut writes the page after signing out.
func (p *Pages) SignedOut(w http.ResponseWriter, lang string, v SignedOut) {
	body := p.render("signed_out", lang, func(t words) string { return t.S("out.title") }, v)
	p.write(w, lang, http.StatusOK, nil, body)
}

// Error writes a page that tells what went wrong.
func (p *Pages) Error(w http.ResponseWriter, lang string, v Error) {
	if v.Status < 400 || v.Status > 599 {
		v.Status = http.StatusServiceUnavailable
	}
	retryAfter(w, v.Retry)
	body := p.render("error", lang, func(t words) string { return t.Fault(v.Kind, "title") }, v)
	p.write(w, lang, v.Status, nil, body)
}
