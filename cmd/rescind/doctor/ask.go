package doctor

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// tokens are what looks like a token or secret of ours.
var tokens = regexp.MustCompile(`rsc_[A-Za-z0-9_-]*`)

// printable is text on one line.
func printable(s string, most int) string {
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

// question is one request.
type question struct {
	method, url string
	form        url.Values        // nil: no body
	header      map[string]string // beside the form's media type
	body        string            // in the form's place
}

// answer is what came back.
type answer struct {
	to     string // "POST /o/token/"
	status int
	header http.Header
	body   []byte
	tls    *tls.ConnectionState
}

// member is one of a JSON body, nil where there is none.
func (a answer) member(name string) any {
	var v map[string]any
	if json.Unmarshal(a.body, &v) != nil {
		return nil
	}
	return v[name]
}

func (a answer) errorCode() string { s, _ := a.member("error").(string); return s }

// longestAnswer is what is read of a body; ours are shorter.
const longestAnswer = 64 << 10

// ask sends a request. The error is in words. What every answer tells is
// looked at here: the date, a redirect, a cache, an outage.
func (v *visit) ask(ctx context.Context, q question) (answer, error) {
	u, err := url.Parse(q.url)
	if err != nil || u.Scheme != v.base.Scheme || u.Host != v.base.Host || u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return answer{}, fmt.Errorf("nothing is sent to %s, which is not at the issuer", printable(q.url, 200))
	}
	body := q.body
	if q.form != nil {
		body = q.form.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, q.method, q.url, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("User-Agent", "rescind-doctor")
	if q.form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range q.header {
		req.Header.Set(name, value)
	}
	began := v.Now()
	res, err := v.client.Do(req)
	if err != nil {
		return answer{}, unreachable(ctx, err)
	}
	defer func() { _ = res.Body.Close() }()
	a := answer{to: q.method + " " + u.Path, status: res.StatusCode, header: res.Header, tls: res.TLS}
	if a.body, err = io.ReadAll(io.LimitReader(res.Body, longestAnswer)); err != nil {
		return answer{}, fmt.Errorf("%s: the answer broke off: %w", a.to, unreachable(ctx, err))
	}
	v.heard(a, began)
	return a, nil
}

// heard looks at what every answer tells.
func (v *visit) heard(a answer, began time.Time) {
	if date, err := http.ParseTime(a.header.Get("Date")); err == nil && v.ahead == nil {
		// Theirs was within the second that Date begins, at some moment between asking and hearing.
		ahead := max(0, began.Sub(date)-time.Second)
		if ours := v.Now().Sub(date); ours < 0 {
			ahead = ours
		}
		v.ahead = &ahead
	}
	switch {
	case a.status >= 300 && a.status < 400 && a.status != http.StatusNotModified:
		v.wrong("redirects", "have what stands in front hand requests on as they are; clients lose the form, or the secret, on the way",
			"%s is redirected to %s (it was not followed)", a.to, a.header.Get("Location"))
	case a.status == http.StatusServiceUnavailable, a.status == http.StatusTooManyRequests:
		if a.header.Get("Retry-After") == "" && a.errorCode() != "" {
			v.wrong("headers", passOn, "Retry-After is lost: a %d has none", a.status)
		}
		v.look("statuses", "run doctor again in a moment; if it stays see the server's log", "%s: the server says %d, try again later", a.to, a.status)
	case a.status == http.StatusBadGateway, a.status == http.StatusGatewayTimeout:
		v.wrong("statuses", "see the gateway's log: it reached no server, or had no answer in time", "%s: the gateway answers %d", a.to, a.status)
	}
	if age := a.header.Get("Age"); age != "" && age != "0" && !strings.Contains(a.to, wellKnown) {
		v.wrong("caches", noCaching, "%s came out of a cache, %s seconds old", a.to, age)
	}
}

const (
	wellKnown = "/.well-known/oauth-authorization-server"
	passOn    = "have the gateway, proxy or CDN in front pass the server's headers on unaltered"
	noCaching = "switch caching off for every path but the metadata: an answer that is kept says active after a revocation"
)

// basic is the client's secret in a header, as RFC 6749 section 2.3.1 encodes it.
func basic(id, secret string) string {
	req := http.Request{Header: http.Header{}}
	req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	return req.Header.Get("Authorization")
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// unreachable puts into words why there is no answer. The URL and the request
// are left out of it.
func unreachable(ctx context.Context, err error) error {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var dns *net.DNSError
	var record tls.RecordHeaderError
	var timeout net.Error
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &unknown):
		return &tlsFault{"its certificate is signed by nobody this machine trusts"}
	case errors.As(err, &host):
		return &tlsFault{"its certificate is for another name"}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return &tlsFault{"its certificate has expired or is not valid yet"}
	case errors.As(err, &invalid):
		return &tlsFault{"its certificate is not valid"}
	case errors.As(err, &record):
		return &tlsFault{"it does not speak TLS on this port"}
	case strings.Contains(err.Error(), "tls: "):
		_, why, _ := strings.Cut(err.Error(), "tls: ")
		return &tlsFault{"TLS failed: " + why}
	case errors.As(err, &dns):
		return errors.New("its name cannot be resolved")
	case errors.As(err, &timeout) && timeout.Timeout():
		return errors.New("it did not answer in time")
	}
	return fmt.Errorf("it cannot be reached (%w)", lastOf(err))
}

// tlsFault is why a connection is not to be trusted.
type tlsFault struct{ why string }

func (f *tlsFault) Error() string { return f.why }

func sameJSON(body []byte, want string) bool { return string(bytes.TrimSpace(body)) == want }
