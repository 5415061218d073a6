package doctor

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rescind/shared/endpoint"
)

// Server is a deployed server to be examined from outside, as its clients see
// it. Only Issuer is required.
type Server struct {
	Issuer   string // its URL
	ClientID string // empty: no token is issued
	Secret   string
	// Now is our clock; nil is time.Now.
	Now func() time.Time
	// Transport carries the requests; nil is one with the proxy of the
	// environment. It must not follow redirects, which no RoundTripper does.
	Transport http.RoundTripper
	// Pause is how long to wait before it is asked again about a token that was
	// revoked; 0 is 3 s.
	Pause time.Duration
}

// The checks of a server, in the order of the report, with what is said where
// nothing was found.
var serverChecks = []struct{ name, fine string }{
	{"issuer", "it is one that a server can have"},
	{"metadata", "reachable, and true"},
	{"TLS", ""},
	{"redirects", "none"},
	{"routes", "every endpoint answers with and without its last slash"},
	{"pages", "every page answers, with and without its last slash"},
	{"statuses", "405, 415, 413, 401 and 404 arrive unaltered"},
	{"headers", "none was lost or renamed on the way"},
	{"refusals", "a wrong client is refused at every endpoint"},
	{"caches", "no answer came out of a cache"},
	{"token", "issued, introspected as active, revoked, and dead at once and after a pause; a second revocation is answered 200 too"},
	{"clock", ""},
}

// visit is one examination on its way.
type visit struct {
	Server
	client *http.Client
	base   *url.URL
	nonce  string // what no client, path or cache can know
	found  map[string]Report
	said   map[string]bool
	ahead  *time.Duration // our clock's, of the first answer
	tlsOK  string
}

// Examine makes some forty requests and gives what was found. The secret is
// sent to the issuer's own origin only, and never over plain HTTP but to this
// machine.
func (s Server) Examine(ctx context.Context) Report {
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Pause == 0 {
		s.Pause = 3 * time.Second
	}
	if s.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.TLSHandshakeTimeout, t.ResponseHeaderTimeout = 5*time.Second, 12*time.Second
		defer t.CloseIdleConnections()
		s.Transport = t
	}
	v := &visit{Server: s, nonce: strings.ToLower(rand.Text()), found: map[string]Report{}, said: map[string]bool{}}
	v.client = &http.Client{Transport: s.Transport, Timeout: 15 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	skipped := v.all(ctx)
	return v.report(skipped)
}

// all gives the checks that could not be made.
func (v *visit) all(ctx context.Context) (skipped map[string]skip) {
	skipped = map[string]skip{}
	nothing := func() map[string]skip { // the one cause is all there is to say
		for _, c := range serverChecks[1:] {
			skipped[c.name] = skip{}
		}
		return skipped
	}
	if err := endpoint.CheckIssuer(v.Issuer); err != nil {
		v.wrong("issuer", "name the issuer exactly as the server has it, https unless it is on this machine", "%v", err)
		return nothing()
	}
	v.base, _ = url.Parse(v.Issuer) // CheckIssuer did so
	ends, reached := v.metadata(ctx)
	if !reached {
		return nothing()
	}
	if !v.surface(ctx, ends) {
		for _, name := range []string{"pages", "statuses", "headers", "refusals", "caches", "token"} {
			skipped[name] = skip{"no endpoint was reached", "mend the routes, and run doctor again"}
		}
		return skipped
	}
	if ends.pages {
		v.pages(ctx)
	} else {
		skipped["pages"] = skip{} // a server without them has no fault
	}
	if v.ClientID == "" {
		skipped["token"] = skip{"no token was issued and revoked: no client was named", "name one with --client, and give its secret"}
	} else {
		v.life(ctx, ends)
	}
	return skipped
}

// skip is why a check was not made, and what makes it possible; with neither
// it is not in the report at all.
type skip struct{ why, do string }

// report puts what was found in the order of the checks.
func (v *visit) report(skipped map[string]skip) (r Report) {
	for _, c := range serverChecks {
		skipping, left := skipped[c.name]
		switch found := v.found[c.name]; {
		case len(found) > 0:
			r = append(r, found...)
		case left && skipping.why != "":
			r.skipped(c.name, skipping.do, "%s", skipping.why)
		case left, c.name == "TLS" && v.tlsOK == "":
		case c.name == "TLS":
			r.ok(c.name, "%s", v.tlsOK)
		case c.name == "clock" && v.ahead != nil:
			r.clock("the server's", *v.ahead)
		case c.name == "clock":
			r.look(c.name, "see what removes the Date header", "no answer had a date")
		default:
			r.ok(c.name, "%s", c.fine)
		}
	}
	return r
}

// wrong and look say a thing once, however often it was met.
func (v *visit) wrong(check, do, format string, args ...any) {
	var r Report
	r.wrong(check, do, format, args...)
	v.add(r[0])
}

func (v *visit) look(check, do, format string, args ...any) {
	var r Report
	r.look(check, do, format, args...)
	v.add(r[0])
}

func (v *visit) add(f Finding) {
	f.Found = v.clean(f.Found)
	if key := f.Check + "\n" + f.Found; !v.said[key] {
		v.said[key] = true
		v.found[f.Check] = append(v.found[f.Check], f)
	}
}

// clean keeps the secret, tokens, and what cannot be printed out of a finding:
// a server may say anything.
func (v *visit) clean(s string) string {
	if len(v.Secret) >= 8 { // a shorter one is part of words
		s = strings.ReplaceAll(s, v.Secret, "[secret]")
	}
	return printable(tokens.ReplaceAllString(s, "[redacted]"), 400)
}
