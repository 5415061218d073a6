package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Check is one thing that was asked of the deployed API.
type Check struct {
	Name string `json:"name"`
	Err  error  `json:"-"`
	Said string `json:"error,omitempty"` // Err, as text
}

// API is where the deployed API answers: requests go to Base with this Host,
// which emulators tell APIs apart by.
type API struct {
	Base, Host string
	NoRoute    int // the gateway's own status for a path that has no route; 0 is 404, as AWS has it
}

// API is the stack's own.
func (s *Stack) API() API {
	u, _ := url.Parse(s.emulator.base) // which Connect has read
	host := s.Outputs["ApiId"] + ".execute-api.localhost"
	if u.Port() != "" {
		host += ":" + u.Port()
	}
	return API{Base: s.emulator.base, Host: host}
}

// CheckRoutes holds the routes that the emulator has against template.yaml's.
func (s *Stack) CheckRoutes(ctx context.Context) Check {
	got, err := s.emulator.routes(ctx, s.Outputs["ApiId"])
	slices.Sort(got)
	if err == nil && !slices.Equal(got, s.expected) {
		err = fmt.Errorf("the API has the routes %q, the template %q", got, s.expected)
	}
	return checked("the routes are the template's", err)
}

func checked(name string, err error) Check {
	c := Check{Name: name, Err: err}
	if err != nil {
		c.Said = redact(err.Error())
	}
	return c
}

var tokenText = regexp.MustCompile(`rsc_[a-z]+_[A-Za-z0-9_-]+`)

func redact(s string) string { return tokenText.ReplaceAllString(s, "[redacted]") }

// drive is one conversation.
type drive struct {
	api           API
	issuer, basic string
	client        *http.Client
	access        string
	refresh       string
	etag          string
}

// Drive holds a whole conversation with the API: basic are the base64
// credentials of a client that may issue, refresh, introspect and revoke, and
// refresh is a refresh token of its. Every check is made though an earlier one
// failed.
func Drive(ctx context.Context, api API, issuer, basic, refresh string) []Check {
	d := newDrive(api, issuer, basic, refresh)
	var all []Check
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"metadata (RFC 8414)", d.metadata},
		{"metadata again, unchanged: 304", d.notModified},
		{"metadata by POST: 405 and Allow", d.wrongMethod("/.well-known/oauth-authorization-server", http.MethodPost, "GET, HEAD")},
		{"a token (RFC 6749 section 4.4)", d.token("/o/token/")},
		{"it is active (RFC 7662)", d.introspect(true)},
		{"it is revoked (RFC 7009)", d.revoke("/o/revoke_token/")},
		{"it is inactive from the 200 on", d.introspect(false)},
		{"the same without the last slash: a token", d.token("/o/token")},
		{"the same without the last slash: revoked", d.revoke("/o/revoke_token")},
		{"the same without the last slash: inactive", d.introspect(false)},
		{"a refresh (RFC 6749 section 6)", d.refreshed},
		{"its refresh token is revoked", d.revokeRefresh},
		{"the access token is inactive with it", d.introspect(false)},
		{"a wrong secret: 401 and WWW-Authenticate (RFC 6749 section 5.2)", d.wrongSecret},
		{"the token endpoint by GET: 405 and Allow", d.wrongMethod("/o/token/", http.MethodGet, "POST")},
		{"the revocation endpoint by GET: 405 and Allow", d.wrongMethod("/o/revoke_token/", http.MethodGet, "POST")},
		{"the introspection endpoint by GET: 405 and Allow", d.wrongMethod("/o/introspect/", http.MethodGet, "POST")},
		{"a path that is none: refused", d.nowhere},
	} {
		all = append(all, checked(step.name, step.do(ctx)))
	}
	return all
}

func newDrive(api API, issuer, basic, refresh string) *drive {
	return &drive{api: api, issuer: issuer, basic: basic, refresh: refresh, client: &http.Client{
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

type reply struct {
	status int
	header http.Header
	body   []byte
	json   map[string]any
}

func (d *drive) send(ctx context.Context, method, path, basic string, form url.Values, header ...string) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, method, d.api.Base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return reply{}, err
	}
	req.Host = d.api.Host
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if basic != "" {
		req.Header.Set("Authorization", "Basic "+basic)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := d.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = res.Body.Close() }()
	r := reply{status: res.StatusCode, header: res.Header}
	if r.body, err = io.ReadAll(io.LimitReader(res.Body, 1<<20)); err != nil {
		return r, err
	}
	_ = json.Unmarshal(r.body, &r.json) // where it is none, no member is there
	return r, nil
}

// expect is for the status and the headers, in pairs.
func (r reply) expect(status int, header ...string) error {
	var all []error
	if r.status != status {
		all = append(all, fmt.Errorf("the status is %d, not %d; body %.300s", r.status, status, r.body))
	}
	for i := 0; i+1 < len(header); i += 2 {
		if got := r.header.Get(header[i]); got != header[i+1] {
			all = append(all, fmt.Errorf("%s is %q, not %q", header[i], got, header[i+1]))
		}
	}
	return errors.Join(all...)
}

func (r reply) text(name string) string {
	s, _ := r.json[name].(string)
	return s
}
