package doctor

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"rescind/shared/endpoint"
	"rescind/shared/oauth"
)

// ends are the three endpoints' URLs, and whether there are pages.
type ends struct {
	token, revocation, introspection string
	pages                            bool
}

func (e ends) all() []string { return []string{e.token, e.revocation, e.introspection} }

// document is what is read of RFC 8414's metadata.
type document struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Revocation    string   `json:"revocation_endpoint"`
	Introspection string   `json:"introspection_endpoint"`
	GrantTypes    []string `json:"grant_types_supported"`
	Methods       []string `json:"token_endpoint_auth_methods_supported"`
	RevokeMethods []string `json:"revocation_endpoint_auth_methods_supported"`
	AskMethods    []string `json:"introspection_endpoint_auth_methods_supported"`
}

// metadata reads the document and gives the endpoints; those where a rescind
// has them, where the document is of no use.
func (v *visit) metadata(ctx context.Context) (e ends, reached bool) {
	e = ends{token: v.Issuer + "/o/token/", revocation: v.Issuer + "/o/revoke_token/", introspection: v.Issuer + "/o/introspect/"}
	place := v.base.Scheme + "://" + v.base.Host + wellKnown + v.base.Path
	a, err := v.ask(ctx, question{method: http.MethodGet, url: place})
	if fault := (*tlsFault)(nil); errors.As(err, &fault) {
		v.wrong("TLS", "renew or replace the certificate; clients refuse to connect", "%s", fault.why)
		return e, false
	}
	if err != nil {
		v.wrong("metadata", "see that the URL is right, the server runs, and nothing in between blocks it", "%s: %v", place, err)
		return e, false
	}
	v.examineTLS(a.tls)
	if a.status != http.StatusOK {
		if a.status < 300 || a.status >= 400 {
			v.wrong("metadata", "see that the issuer is exact, and that the gateway hands on "+wellKnown+v.base.Path, "%s answers %d", place, a.status)
		} else {
			v.wrong("metadata", "name the issuer that the server itself has, and let it answer there", "%s is redirected", place)
		}
		return e, true
	}
	var doc document
	if json.Unmarshal(a.body, &doc) != nil {
		v.wrong("metadata", "see what answers there: it is no authorization server", "%s is not JSON", place)
		return e, true
	}
	v.examineDocument(doc)
	if head, err := v.ask(ctx, question{method: http.MethodHead, url: place}); err == nil && head.status != http.StatusOK {
		v.wrong("metadata", "have the gateway hand on HEAD too", "HEAD of it answers %d", head.status)
	}
	v.needHeader(a, "X-Content-Type-Options", "nosniff")
	v.needHeader(a, "X-Request-Id", "")
	if v.sameOrigin(doc.Token) && v.sameOrigin(doc.Revocation) && v.sameOrigin(doc.Introspection) {
		e = ends{token: doc.Token, revocation: doc.Revocation, introspection: doc.Introspection}
	}
	e.pages = doc.Authorization != ""
	return e, true
}

func (v *visit) sameOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == v.base.Scheme && u.Host == v.base.Host
}

// examineDocument compares what the document says with what a rescind is.
func (v *visit) examineDocument(doc document) {
	if doc.Issuer != v.Issuer {
		v.wrong("metadata", "start the server with --issuer "+v.Issuer+" (RESCIND_ISSUER, or the template's Issuer), or name its own: clients compare to the letter (RFC 8414 section 3.3)",
			"it says that the issuer is %q, not %q", doc.Issuer, v.Issuer)
	}
	for _, end := range []struct {
		name, url string
		methods   []string
	}{
		{"token_endpoint", doc.Token, doc.Methods}, {"revocation_endpoint", doc.Revocation, doc.RevokeMethods},
		{"introspection_endpoint", doc.Introspection, doc.AskMethods},
	} {
		switch {
		case end.url == "":
			v.wrong("metadata", "see what answers there: a rescind names it", "it names no %s", end.name)
		case !v.sameOrigin(end.url):
			v.wrong("metadata", "give the server the issuer that the world sees", "its %s %s is not at the issuer's origin; it was not asked", end.name, end.url)
		}
		if !slices.Contains(end.methods, oauth.AuthBasic) || !slices.Contains(end.methods, oauth.AuthPost) {
			v.wrong("metadata", "see what answers there: a rescind lists "+oauth.AuthBasic+" and "+oauth.AuthPost, "%s_auth_methods_supported lists %q", end.name, end.methods)
		}
	}
	if doc.Authorization != "" && doc.Authorization != v.Issuer+endpoint.PathAuthorize {
		v.wrong("metadata", "give the server the issuer that the world sees", "its authorization_endpoint %s is not where the page is", doc.Authorization)
	}
	if !slices.Contains(doc.GrantTypes, oauth.GrantClientCredentials) {
		v.wrong("metadata", "see what answers there", "grant_types_supported lists %q", doc.GrantTypes)
	}
}

// The days a certificate should have left.
const daysLeft = 14

func (v *visit) examineTLS(s *tls.ConnectionState) {
	if s == nil {
		v.tlsOK = "none: plain HTTP, on this machine only"
		return
	}
	if s.Version < tls.VersionTLS12 {
		v.wrong("TLS", "set the least version of what ends TLS to 1.2", "it speaks %s", tls.VersionName(s.Version))
	}
	if len(s.PeerCertificates) == 0 {
		return
	}
	days := int(s.PeerCertificates[0].NotAfter.Sub(v.Now()) / (24 * time.Hour))
	if days < daysLeft {
		v.look("TLS", "renew it now; see why that did not happen by itself", "the certificate is valid for %d more days", days)
	}
	v.tlsOK = fmt.Sprintf("%s, and a valid certificate for %d more days", tls.VersionName(s.Version), days)
}

// needHeader finds a header that was lost, changed or renamed on the way. want
// is empty where any value is right.
func (v *visit) needHeader(a answer, name, want string) {
	got := a.header.Get(name)
	if got != "" && (want == "" || strings.EqualFold(got, want)) || v.said["header "+name] {
		return
	}
	v.said["header "+name] = true
	if name == "Cache-Control" && got == "no-cache" { // which net/http makes of a Pragma alone
		got = ""
	}
	const remap = "X-Amzn-Remapped-"
	switch renamed := a.header.Get(remap + name); {
	case renamed != "":
		v.wrong("headers", "API Gateway renames it: use an HTTP API as the template does, or map it back with a response parameter ("+name+" from "+strings.ToLower(remap+name)+"); clients look for the name that RFC 9110 has",
			"%s arrives as %s", name, strings.ToLower(remap+name))
	case got == "":
		v.wrong("headers", passOn, "%s is lost: an answer %d to %s has none", name, a.status, a.to)
	default:
		v.wrong("headers", passOn, "%s is altered: an answer %d to %s has %q, not %q", name, a.status, a.to, got, want)
	}
}

// needNoStore is what every answer but the metadata carries.
func (v *visit) needNoStore(a answer) {
	v.needHeader(a, "Cache-Control", "no-store")
	v.needHeader(a, "Pragma", "no-cache")
	v.needHeader(a, "X-Content-Type-Options", "nosniff")
	v.needHeader(a, "X-Request-Id", "")
}
