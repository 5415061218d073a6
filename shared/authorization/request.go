package authorization

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"rescind/shared/client"
	"rescind/shared/granttype"
	"rescind/shared/oauth"
	"rescind/shared/secret"
)

// Request is an authorization request that is well-formed, of a client that may
// make it (RFC 6749 section 4.1.1).
type Request struct {
	ClientID    string
	RedirectURI string        // where the answer goes
	Sent        secret.Digest // of the redirect_uri parameter as sent, of the empty text where it was left out
	State       string        // echoed exactly; empty where it was left out
	Challenge   string        // PKCE S256, RFC 7636 section 4.3
	Scope       oauth.Scope
	Audience    []string
	Prompt      Prompt
	MaxAge      time.Duration // since the person proved who they are; negative where nothing was asked
	LoginHint   string
}

// Prompt is the prompt parameter (OpenID Connect Core section 3.1.2.1).
type Prompt struct{ None, Login, Consent, SelectAccount bool }

// Asked are the parameters of an authorization request, and which of them
// stood more than once though they may not.
type Asked struct {
	Params   oauth.Params
	Repeated []string
}

// Client gives the client_id. The error is for the person who looks: nothing
// may be redirected before the client and its redirect URI are known.
func (a *Asked) Client() (string, error) {
	id := a.Params.Get("client_id")
	switch {
	case slices.Contains(a.Repeated, "client_id"):
		return "", oauth.Refuse(oauth.InvalidRequest, "The client_id parameter is repeated.")
	case id == "":
		return "", oauth.Refuse(oauth.InvalidRequest, "The client_id parameter is missing.")
	case !oauth.ValidClientID(id):
		return "", errUnknownClient
	}
	return id, nil
}

// Refusals that are shown and never redirected (RFC 6749 section 4.1.2.1).
var (
	errUnknownClient = &Shown{Kind: UnknownClient, Answer: oauth.Refuse(oauth.InvalidRequest, "There is no such client, or it is switched off.")}
	errRedirectURI   = &Shown{Kind: BadRedirectURI, Answer: oauth.Refuse(oauth.InvalidRequest, "The redirect_uri is not one of the client's.")}
)

// What a Shown is about.
const (
	UnknownClient  = "unknown_client"
	BadRedirectURI = "bad_redirect_uri"
)

// Shown is a refusal that the person is told, because nobody knows that the
// redirect URI is the client's.
type Shown struct {
	Kind   string // UnknownClient or BadRedirectURI
	Answer error  // an *oauth.Error
}

// Error is the answer's.
func (e *Shown) Error() string { return e.Answer.Error() }

// Unwrap gives the answer.
func (e *Shown) Unwrap() error { return e.Answer }

// Parse reads a request of this client, whose row is nil where there is none.
// The error is a *Shown where client or redirect URI are wrong, and else a
// *Redirected.
func Parse(a *Asked, c *client.Client) (*Request, error) {
	if c == nil || c.State != client.On {
		return nil, errUnknownClient
	}
	r := &Request{ClientID: c.ID, MaxAge: -1}
	if err := r.readRedirectURI(a, c.Policy); err != nil {
		return nil, err
	}
	if !slices.Contains(a.Repeated, "state") {
		r.State = a.Params.Get("state")
	}
	if err := r.read(a, c.Policy); err != nil {
		return nil, r.Refused(err)
	}
	return r, nil
}

// readRedirectURI decides where the answer goes. The parameter may be left out
// where there is one registered and no other (RFC 6749 section 3.1.2.3).
func (r *Request) readRedirectURI(a *Asked, p client.Policy) error {
	asked := a.Params.Get("redirect_uri")
	r.Sent = secret.NewText(asked).Digest()
	switch {
	case slices.Contains(a.Repeated, "redirect_uri"):
		return errRedirectURI
	case asked == "" && len(p.RedirectURIs) == 1:
		r.RedirectURI = p.RedirectURIs[0]
	case asked == "" || !p.MatchesRedirectURI(asked):
		return errRedirectURI
	default:
		r.RedirectURI = asked
	}
	return nil
}

// read takes the rest of the request, in the order in which errors are told.
func (r *Request) read(a *Asked, p client.Policy) error {
	for _, step := range []func(*Asked, client.Policy) error{
		r.checkForm, r.checkType, r.readChallenge, r.readScope, r.readInteraction,
	} {
		if err := step(a, p); err != nil {
			return err
		}
	}
	return nil
}

func (r *Request) checkForm(a *Asked, _ client.Policy) error {
	switch {
	case len(a.Repeated) > 0: // RFC 6749 section 3.1
		return oauth.Refuse(oauth.InvalidRequest, "A parameter is repeated.")
	case a.Params.Get("request") != "": // OpenID Connect Core section 3.1.2.6
		return oauth.Refuse(oauth.RequestNotSupported, "The request parameter is not supported.")
	case a.Params.Get("request_uri") != "":
		return oauth.Refuse(oauth.RequestURINotSupported, "The request_uri parameter is not supported.")
	}
	if mode := a.Params.Get("response_mode"); mode != "" && mode != "query" {
		return oauth.Refuse(oauth.InvalidRequest, "The only response_mode is query.")
	}
	return nil
}

func (r *Request) checkType(a *Asked, p client.Policy) error {
	switch a.Params.Get("response_type") {
	case "code":
	case "":
		return oauth.Refuse(oauth.InvalidRequest, "The response_type parameter is missing.")
	default:
		return oauth.Refuse(oauth.UnsupportedResponseType, "The only response_type is code.")
	}
	if !p.Allows(oauth.GrantAuthorizationCode) {
		return oauth.Refuse(oauth.UnauthorizedClient, "The client may not use the authorization_code grant.")
	}
	return nil
}

// readChallenge requires PKCE with S256 of every client (RFC 9700 section
// 2.1.1; OAuth 2.1 section 4.1.1).
func (r *Request) readChallenge(a *Asked, _ client.Policy) error {
	r.Challenge = a.Params.Get("code_challenge")
	switch method := a.Params.Get("code_challenge_method"); {
	case r.Challenge == "":
		return oauth.Refuse(oauth.InvalidRequest, "The code_challenge parameter is missing: PKCE is required.")
	case method != "S256": // left out, it would mean plain (RFC 7636 section 4.3)
		return oauth.Refuse(oauth.InvalidRequest, "The code_challenge_method must be S256.")
	case !validChallenge(r.Challenge):
		return oauth.Refuse(oauth.InvalidRequest, "The code_challenge is not the base64url of a SHA-256.")
	}
	return nil
}

func validChallenge(s string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(b) == 32 && len(s) == 43 // the decoder skips newlines
}

func (r *Request) readScope(a *Asked, p client.Policy) (err error) {
	if r.Scope, err = granttype.AllowedScope(p, &a.Params); err != nil {
		return err
	}
	r.Audience, err = granttype.AllowedAudience(p, &a.Params)
	return err
}

// maxAgeLimit is beyond every session's absolute end.
const maxAgeLimit = 10 * 365 * 24 * time.Hour

func (r *Request) readInteraction(a *Asked, _ client.Policy) error {
	r.LoginHint = a.Params.Get("login_hint")
	if len(r.LoginHint) > 254 {
		r.LoginHint = "" // a hint, and no address is as long
	}
	if s := a.Params.Get("max_age"); s != "" {
		n, err := strconv.ParseUint(s, 10, 31)
		if err != nil || s[0] == '+' {
			return oauth.Refuse(oauth.InvalidRequest, "The max_age is no number of seconds.")
		}
		r.MaxAge = min(time.Duration(n)*time.Second, maxAgeLimit)
	}
	var ok bool
	if r.Prompt, ok = ParsePrompt(a.Params.Get("prompt")); !ok {
		return oauth.Refuse(oauth.InvalidRequest, "The prompt parameter has a word that is not known, or none beside another.")
	}
	return nil
}

// ParsePrompt reads the prompt parameter: words separated by spaces.
func ParsePrompt(s string) (p Prompt, ok bool) {
	if s == "" {
		return p, true
	}
	for word := range strings.SplitSeq(s, " ") {
		switch word {
		case "none":
			p.None = true
		case "login":
			p.Login = true
		case "consent":
			p.Consent = true
		case "select_account":
			p.SelectAccount = true
		default:
			return Prompt{}, false
		}
	}
	return p, !p.None || p == Prompt{None: true}
}

// TooOld tells whether a sign-in at that time is too long ago for max_age.
func (r *Request) TooOld(authTime, now time.Time) bool {
	return r.MaxAge >= 0 && now.Sub(authTime) > r.MaxAge
}
