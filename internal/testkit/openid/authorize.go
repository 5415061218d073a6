package openid

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// authorize signs in whoever is there and goes back, OpenID Connect Core
// section 3.1.2. What is wrong with the client or its redirect URI is shown.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = q
	client, ok := p.clients[q.Get("client_id")]
	if !ok || q.Get("redirect_uri") != client.RedirectURI {
		http.Error(w, "an unknown client, or another redirect URI than it has", http.StatusBadRequest)
		return
	}
	answer := url.Values{"iss": {p.issuer}} // RFC 9207
	if state := q.Get("state"); state != "" {
		answer.Set("state", state)
	}
	if refusal := p.refusal(q); refusal != "" {
		answer.Set("error", refusal)
	} else {
		answer.Set("code", p.issue(client, q))
	}
	if p.spoil.Redirect != nil {
		p.spoil.Redirect(answer)
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, client.RedirectURI+"?"+answer.Encode(), http.StatusSeeOther)
}

// refusal is the error that a request deserves, or empty.
func (p *Provider) refusal(q url.Values) string {
	_, err := strconv.ParseUint(q.Get("max_age"), 10, 63)
	switch {
	case q.Get("response_type") != "code":
		return "unsupported_response_type"
	case !slices.Contains(strings.Fields(q.Get("scope")), "openid"):
		return "invalid_scope"
	case q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 || q.Has("max_age") && err != nil:
		return "invalid_request"
	case p.person == nil:
		return "login_required"
	}
	return ""
}

// issue makes a code. Whoever was asked to sign in anew did, this moment.
func (p *Provider) issue(client Client, q url.Values) string {
	person, now := *p.person, p.now()
	if person.AuthTime.IsZero() || q.Get("prompt") == "login" {
		person.AuthTime = now
	}
	if s, err := strconv.ParseUint(q.Get("max_age"), 10, 63); err == nil && now.Sub(person.AuthTime)/time.Second > time.Duration(s) {
		person.AuthTime = now
	}
	value := random()
	p.codes[value] = &code{client: client.ID, redirectURI: client.RedirectURI, challenge: q.Get("code_challenge"), nonce: q.Get("nonce"),
		person: person, expires: now.Add(time.Minute)}
	return value
}
