package endpoint

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rescind/shared/granttype"
	"rescind/shared/oauth"
)

// metadata is RFC 8414 section 2: only what is true of this server.
type metadata struct {
	Issuer                 string   `json:"issuer"`
	AuthorizationEndpoint  string   `json:"authorization_endpoint,omitempty"`
	TokenEndpoint          string   `json:"token_endpoint"`
	RevocationEndpoint     string   `json:"revocation_endpoint"`
	IntrospectionEndpoint  string   `json:"introspection_endpoint"`
	ResponseTypes          []string `json:"response_types_supported"` // required; empty where there is no authorization endpoint
	ResponseModes          []string `json:"response_modes_supported,omitempty"`
	GrantTypes             []string `json:"grant_types_supported"`
	TokenAuthMethods       []string `json:"token_endpoint_auth_methods_supported"`
	RevocationAuthMethods  []string `json:"revocation_endpoint_auth_methods_supported"`
	IntrospectionAuthWords []string `json:"introspection_endpoint_auth_methods_supported"`
	ChallengeMethods       []string `json:"code_challenge_methods_supported,omitempty"`               // RFC 7636; plain is not offered
	ResponseIssuer         bool     `json:"authorization_response_iss_parameter_supported,omitempty"` // RFC 9207 section 3
	Locales                []string `json:"ui_locales_supported,omitempty"`
}

// Metadata serves the authorization server's metadata document, for the grant
// types that its token endpoint offers. authorization_code is among them only
// where there is an authorization endpoint, and then the document tells of it.
func (s *Service) Metadata(types ...granttype.Type) http.Handler {
	names := make([]string, 0, len(types))
	for _, t := range types {
		names = append(names, t.Name())
	}
	methods := []string{oauth.AuthBasic, oauth.AuthPost, oauth.AuthNone}
	m := metadata{
		Issuer:                s.Issuer,
		TokenEndpoint:         s.Issuer + pathToken,
		RevocationEndpoint:    s.Issuer + pathRevocation,
		IntrospectionEndpoint: s.Issuer + pathIntrospection,
		ResponseTypes:         []string{},
		GrantTypes:            names,
		TokenAuthMethods:      methods,
		RevocationAuthMethods: methods,
		// "Bearer" is an access token type, which RFC 8414 section 2 allows here.
		IntrospectionAuthWords: []string{oauth.AuthBasic, oauth.AuthPost, "Bearer"},
	}
	if slices.Contains(names, oauth.GrantAuthorizationCode) {
		m.AuthorizationEndpoint = s.Issuer + PathAuthorize
		m.ResponseTypes, m.ResponseModes, m.ChallengeMethods = []string{"code"}, []string{"query"}, []string{"S256"}
		m.ResponseIssuer, m.Locales = true, s.Languages
	}
	body, err := json.Marshal(m)
	if err != nil {
		panic("encoding the metadata") // plain strings: cannot fail
	}
	sum := sha256.Sum256(body)
	etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	return s.handle(RouteMetadata, func(w http.ResponseWriter, r *http.Request, _ *call) error {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			return oauth.Refuse(oauth.MethodNotAllowed, "The metadata takes GET and HEAD only.")
		}
		replyDocument(w, r, body, etag)
		return nil
	})
}

// etagMatches is If-None-Match with weak comparison, RFC 9110 section 13.1.2.
func etagMatches(headers []string, etag string) bool {
	for _, h := range headers {
		for candidate := range strings.SplitSeq(h, ",") {
			candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
			if candidate == etag || candidate == "*" {
				return true
			}
		}
	}
	return false
}

// CheckIssuer tells what is wrong with an issuer, if anything: it is a URL
// without query, fragment and last slash, https unless it is this machine
// (RFC 8414 section 2).
func CheckIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	switch {
	case err != nil, u.Host == "", u.RawQuery != "", u.ForceQuery, u.Fragment != "", u.User != nil, strings.Contains(issuer, "#"),
		strings.HasSuffix(issuer, "/"), u.Path != "" && u.EscapedPath() != u.Path:
		return errIssuer
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	}
	return errIssuer
}
