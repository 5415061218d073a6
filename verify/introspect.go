package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxAnswer bounds an introspection response, in bytes.
const maxAnswer = 64 << 10

// ErrInvalid is in the error of Introspect where the token is not good here.
// Any other error is an outage: nothing is known of the token.
var ErrInvalid = errors.New("verify: the token is not valid here")

// invalid is an ErrInvalid with its reason, which is one fixed word.
type invalid string

func (i invalid) Error() string        { return "the token was refused: " + string(i) }
func (i invalid) Is(target error) bool { return target == ErrInvalid }

// newTransport is http.DefaultTransport with bounds for answers, and room for
// as many idle connections as a busy API uses.
func newTransport() http.RoundTripper {
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	if standard, ok := http.DefaultTransport.(*http.Transport); ok {
		t = standard.Clone()
	}
	t.MaxIdleConnsPerHost = 64
	t.MaxResponseHeaderBytes = maxAnswer
	return t
}

// Introspect asks what a token is worth here, for callers that are no
// http.Handler. Errors: ErrInvalid for a token that is not active, expired, of
// another issuer, not for this audience, or bound to a key; any other is an
// outage. Neither holds anything of the token.
func (v *Verifier) Introspect(ctx context.Context, token string) (Token, error) {
	t, _, err := v.introspect(ctx, token)
	return t, err
}

func (v *Verifier) introspect(ctx context.Context, token string) (t Token, cached bool, err error) {
	asked := v.config.Now()
	var key digest
	if v.cache != nil {
		key = sum(token)
		if t, ok := v.cache.get(key, asked); ok {
			return t, true, nil
		}
	}
	a, err := v.ask(ctx, token)
	if err == nil {
		err = v.config.judge(a, v.config.Now())
	}
	if err != nil {
		if v.cache != nil && errors.Is(err, ErrInvalid) {
			v.cache.forget(key)
		}
		return Token{}, false, err
	}
	if v.cache != nil {
		v.cache.put(key, a.token, asked)
	}
	return a.token, false, nil
}

// judge holds what must be true of an answer (RFC 7662 section 4).
func (c Config) judge(a answer, now time.Time) error {
	switch {
	case !a.active:
		return invalid("inactive")
	case a.expires && a.token.ended(now):
		return invalid("expired")
	case a.begin && now.Before(a.notBefore):
		return invalid("not yet valid")
	case c.Issuer != "" && a.issuer != "" && a.issuer != c.Issuer:
		return invalid("another issuer")
	case c.Audience != "" && !slices.Contains(a.audience, c.Audience):
		return invalid("another audience")
	case a.typed && !a.bearer || !a.typed && !c.AcceptUntyped:
		return invalid("no bearer token")
	case a.bound:
		return invalid("bound to a key") // RFC 8705 and 9449: who has no proof may not use it
	}
	return nil
}

// ended tells whether exp has come. The zero time never comes.
func (t Token) ended(now time.Time) bool { return !t.Expires.IsZero() && !now.Before(t.Expires) }

// ask is one introspection request, RFC 7662 section 2.1.
func (v *Verifier) ask(ctx context.Context, token string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, v.config.Timeout)
	defer cancel()
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.config.IntrospectionEndpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, errors.New("the introspection request could not be made")
	}
	req.SetBasicAuth(url.QueryEscape(v.config.ClientID), url.QueryEscape(v.config.ClientSecret.text()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	// It reads only: net/http may repeat it where an idle connection had ended.
	// An empty list is not sent.
	req.Header["Idempotency-Key"] = []string{}
	resp, err := v.http.Do(req)
	if err != nil {
		return answer{}, fmt.Errorf("the introspection endpoint gave no answer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	return read(resp)
}

func read(resp *http.Response) (answer, error) {
	if resp.StatusCode != http.StatusOK {
		return answer{}, fmt.Errorf("the introspection endpoint answered with status %d; with 401, check ClientID and ClientSecret", resp.StatusCode)
	}
	if kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return answer{}, errAnswer
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return answer{}, fmt.Errorf("the introspection endpoint's answer broke off: %w", err)
	}
	if len(body) > maxAnswer {
		return answer{}, errAnswer
	}
	return parseAnswer(body)
}
