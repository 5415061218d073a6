package doctor

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"rescind/shared/oauth"
)

// life issues a token with the client, revokes it, and looks at whether it is
// dead, at once and later.
func (v *visit) life(ctx context.Context, e ends) {
	one, how := v.issue(ctx, e)
	if one == "" {
		return
	}
	if two, _ := v.issue(ctx, e); two == one {
		v.wrong("caches", noCaching, "two requests for a token were answered with the same one")
	} else if two != "" {
		defer v.revoke(ctx, e, how, two, "of the second token")
	}
	switch a, ok := v.introspect(ctx, e, how, one); {
	case !ok:
		_ = v.revoke(ctx, e, how, one, "of a token")
		return
	case a.member("active") != true:
		v.wrong("token", "let the client introspect its own tokens: it must be confidential; else see what answers in the server's place", "a token just issued is introspected as not active")
	}
	if !v.revoke(ctx, e, how, one, "of a token") {
		return
	}
	v.dead(ctx, e, how, one, "at once")
	timer := time.NewTimer(v.Pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return
	}
	v.dead(ctx, e, how, one, "after "+v.Pause.String())
	v.revoke(ctx, e, how, one, "of a token that was revoked already")
}

// send is a request with the client's secret: in the header, or in the form.
func (v *visit) send(ctx context.Context, end string, inForm bool, form url.Values) (answer, error) {
	q := question{method: http.MethodPost, url: end, form: form}
	if inForm {
		form.Set("client_id", v.ClientID)
		form.Set("client_secret", v.Secret)
	} else {
		q.header = map[string]string{"Authorization": basic(v.ClientID, v.Secret)}
	}
	return v.ask(ctx, q)
}

// issue gets an access token, and tells by which of the two ways the secret
// came through.
func (v *visit) issue(ctx context.Context, e ends) (token string, inForm bool) {
	for _, inForm := range []bool{false, true} {
		a, err := v.send(ctx, e.token, inForm, url.Values{"grant_type": {oauth.GrantClientCredentials}})
		code := oauth.Code(a.errorCode())
		switch {
		case err != nil:
			v.wrong("token", "run doctor again; if it stays see the logs", "no token was issued: %v", err)
			return "", false
		case a.status == http.StatusOK:
			v.needNoStore(a)
			token, _ := a.member("access_token").(string)
			if token == "" {
				v.wrong("token", "see what answers in the server's place", "the token endpoint answers 200 without a token")
			} else if inForm {
				v.wrong("headers", "have the gateway hand on Authorization, and look whether the client is set to client_secret_post only", "the client's secret is refused in the Authorization header and taken in the form: the header is lost or changed on the way")
			}
			return token, inForm
		case code == oauth.InvalidClient && !inForm, a.status == http.StatusBadRequest && code == oauth.InvalidRequest && !inForm:
			continue // perhaps the header was lost
		case code == oauth.InvalidClient:
			v.wrong("token", "give the client's id and its secret; `rescind client show` tells whether it is on", "the client %s is refused: unknown, off, or the secret is wrong", v.ClientID)
		case code == oauth.UnauthorizedClient:
			v.wrong("token", "name a client that may use client_credentials", "the client %s may not get tokens of its own", v.ClientID)
		case code == oauth.InvalidScope:
			v.wrong("token", "name a client with default scopes (`rescind client update --default-scopes`)", "the client %s has no default scope", v.ClientID)
		case unavailable(a.status):
			v.wrong("token", "see the server's log for the outage", "no token was issued: the server answers %d", a.status)
		default:
			v.wrong("token", "see the server's log", "no token was issued: %d %s", a.status, a.errorCode())
		}
		return "", false
	}
	return "", false
}

// introspect asks about a token; ok is false where the answer is none.
func (v *visit) introspect(ctx context.Context, e ends, inForm bool, token string) (a answer, ok bool) {
	a, err := v.send(ctx, e.introspection, inForm, url.Values{"token": {token}})
	switch {
	case err != nil:
		v.wrong("token", "run doctor again; if it stays see the logs", "introspection: %v", err)
		return a, false
	case a.status != http.StatusOK:
		v.wrong("token", "let the client introspect: it must be confidential; else see the server's log", "introspection answers %d %s", a.status, a.errorCode())
		return a, false
	}
	v.needNoStore(a)
	return a, true
}

// dead asks several times: behind one name there may be several caches.
func (v *visit) dead(ctx context.Context, e ends, inForm bool, token, when string) {
	for range 3 {
		a, ok := v.introspect(ctx, e, inForm, token)
		if !ok {
			return
		}
		if a.member("active") == true {
			v.wrong("token", "find what keeps the answers of the introspection endpoint (a CDN, a gateway's cache, a proxy) and switch that off; if nothing does, take the server off the net and look at its store",
				"a token is still active %s after its revocation was answered 200", when)
			return
		}
		if !sameJSON(a.body, `{"active":false}`) {
			v.wrong("token", "see what alters the answers", "a revoked token's introspection is not exactly {\"active\":false}")
		}
	}
}

// revoke tells whether the revocation was answered as RFC 7009 section 2.2 has it.
func (v *visit) revoke(ctx context.Context, e ends, inForm bool, token, which string) bool {
	a, err := v.send(ctx, e.revocation, inForm, url.Values{"token": {token}})
	switch {
	case err != nil:
		v.wrong("token", "revoke it with `rescind revoke --client "+v.ClientID+"`, or let it expire", "the revocation %s: %v", which, err)
		return false
	case a.status != http.StatusOK:
		v.wrong("token", "see the server's log; revoke it with `rescind revoke --client "+v.ClientID+"`, or let it expire", "the revocation %s answers %d %s, not 200", which, a.status, a.errorCode())
		return false
	case len(a.body) > 0:
		v.look("token", "see what adds it", "the revocation %s answers 200 with a body of %d bytes, where the server sends none", which, len(a.body))
	}
	v.needNoStore(a)
	return true
}
