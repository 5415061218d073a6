package rescindtest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"rescind/shared/grant"
	"rescind/shared/oauth"
)

// Tokens are a user's.
type Tokens struct{ Access, Refresh string }

// Token gets an access token of the client's own (RFC 6749 section 4.4), with
// these scopes or, where there are none, its default ones.
func (s *Server) Token(c Client, scopes ...string) string {
	s.t.Helper()
	form := url.Values{"grant_type": {oauth.GrantClientCredentials}}
	if len(scopes) > 0 {
		form.Set("scope", strings.Join(scopes, " "))
	}
	return s.tokens(c, form).Access
}

// Refresh uses a refresh token (RFC 6749 section 6) and gives the new pair.
func (s *Server) Refresh(c Client, refresh string) Tokens {
	s.t.Helper()
	return s.tokens(c, url.Values{"grant_type": {oauth.GrantRefreshToken}, "refresh_token": {refresh}})
}

// TokensOf makes a user's tokens, as if they had allowed the client these
// scopes. Empty scopes are the client's default ones.
func (s *Server) TokensOf(subject string, c Client, scopes ...string) Tokens {
	s.t.Helper()
	ctx := s.t.Context()
	rows, err := s.store.Find(ctx, grant.Keys{Clients: []string{c.ID}, Subjects: []string{subject}})
	if err != nil {
		s.t.Fatalf("rescindtest: %v", err)
	}
	known, scope := rows.Clients[0], oauth.Scope(scopes)
	if known == nil || subject == "" {
		s.t.Fatal("rescindtest: TokensOf takes a subject, and a client of this server")
	}
	if len(scope) == 0 {
		scope = known.Policy.DefaultScope
	}
	if !known.Policy.Allows(oauth.GrantRefreshToken) || !scope.Within(known.Policy.Scope) {
		s.t.Fatal("rescindtest: the client may not have these scopes, or no refresh_token; register it with them")
	}
	got, err := s.rules.Issue(ctx, s.store, grant.Birth{
		Client: known, Generation: rows.Generation, Subject: subject, Epoch: rows.Subjects[0],
		Scope: scope, Audience: known.Policy.Audience, Refresh: true,
	})
	if err != nil {
		s.t.Fatalf("rescindtest: %v", err)
	}
	return Tokens{got.Access.Text().Reveal(), got.Refresh.Text().Reveal()}
}

// Revoke ends a token, and what was granted with it, at the revocation
// endpoint (RFC 7009). When it is back, the token is dead everywhere.
func (s *Server) Revoke(c Client, token string) {
	s.t.Helper()
	s.post(s.RevocationURL(), c, url.Values{"token": {token}})
}

// RevokeSubject ends all of a user's tokens, as the operator's command does.
func (s *Server) RevokeSubject(subject string) {
	s.t.Helper()
	if _, err := s.rules.RevokeSubject(s.t.Context(), s.store, subject); err != nil {
		s.t.Fatalf("rescindtest: %v", err)
	}
}

func (s *Server) tokens(c Client, form url.Values) Tokens {
	s.t.Helper()
	var got struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if err := json.Unmarshal(s.post(s.TokenURL(), c, form), &got); err != nil || got.Access == "" {
		s.t.Fatal("rescindtest: the token endpoint's answer has no access token")
	}
	return Tokens(got)
}

// post sends a form as the client. What the server refuses ends the test, with
// its error: that never holds what was sent.
func (s *Server) post(to string, c Client, form url.Values) []byte {
	s.t.Helper()
	if c.secret.IsEmpty() {
		form.Set("client_id", c.ID)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatalf("rescindtest: %v", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if !c.secret.IsEmpty() {
		req.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(c.Secret()))
	}
	resp, err := s.http.Do(req)
	if err != nil {
		s.t.Fatalf("rescindtest: %v", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatalf("rescindtest: %v", err)
	}
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("rescindtest: %s answered %d: %s", to, resp.StatusCode, body)
	}
	return body
}
