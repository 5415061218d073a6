package openid

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"time"
)

// token redeems a code, OpenID Connect Core section 3.1.3.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil || r.Method != http.MethodPost || r.PostForm.Get("grant_type") != "authorization_code" {
		reply(w, http.StatusBadRequest, map[string]any{"error": "invalid_request"})
		return
	}
	client, ok := p.authenticate(r)
	if !ok {
		w.Header().Set("WWW-Authenticate", "Basic")
		reply(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return
	}
	c := p.codes[r.PostForm.Get("code")]
	delete(p.codes, r.PostForm.Get("code"))
	challenge := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	if c == nil || c.client != client.ID || c.redirectURI != r.PostForm.Get("redirect_uri") || p.now().After(c.expires) ||
		c.challenge != base64.RawURLEncoding.EncodeToString(challenge[:]) {
		reply(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	reply(w, http.StatusOK, map[string]any{"access_token": random(), "token_type": "Bearer", "expires_in": 3600, "id_token": p.idToken(c)})
}

// authenticate takes client_secret_basic, form-decoded (RFC 6749 section
// 2.3.1), or client_secret_post, and never both.
func (p *Provider) authenticate(r *http.Request) (Client, bool) {
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		var err, err2 error
		if secret != "" {
			return Client{}, false
		}
		id, err = url.QueryUnescape(user)
		secret, err2 = url.QueryUnescape(password)
		if err != nil || err2 != nil {
			return Client{}, false
		}
	}
	client, ok := p.clients[id]
	return client, ok && secret == client.Secret
}

// idToken is OpenID Connect Core section 2.
func (p *Provider) idToken(c *code) string {
	now := p.now()
	claims := map[string]any{
		"iss": p.issuer, "sub": c.person.Subject, "aud": c.client, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"auth_time": c.person.AuthTime.Unix(), "nonce": c.nonce, "name": c.person.Name,
		"email": c.person.Email, "email_verified": c.person.EmailVerified,
	}
	if p.spoil.Claims != nil {
		p.spoil.Claims(claims)
	}
	signed := p.key.sign(claims)
	if p.spoil.Token != nil {
		signed = p.spoil.Token(signed)
	}
	return signed
}
