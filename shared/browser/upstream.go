package browser

import (
	"context"
	"errors"
	"time"

	"rescind/shared/authorization"
	"rescind/shared/endpoint"
	"rescind/shared/oauth"
	"rescind/shared/page"
	"rescind/shared/session"
	"rescind/shared/upstream"
	"rescind/shared/user"
)

// clockSkew is how far the upstream provider's clock may be behind ours.
const clockSkew = time.Minute

// toUpstream sends somebody to the upstream provider, and binds the attempt to
// this browser by a cookie.
func (s *Service) toUpstream(v *visit) error {
	if s.Upstream == nil {
		return errNoPage
	}
	form, next, err := s.readSignIn(v)
	if err != nil {
		return err
	}
	if err := s.checkToken(v.cookie.form, purposeSignIn(next), &form); err != nil {
		return err
	}
	request, err := s.peek(v.r.Context(), next)
	if err != nil {
		return err
	}
	attempt, err := s.Upstream.NewAttempt(s.Sessions.Rand, next)
	if err != nil {
		return err
	}
	options, maxAge := asked(request.request)
	attempt.MaxAge = maxAge
	to, err := s.Upstream.AuthURL(v.r.Context(), attempt, options)
	if err != nil {
		return err
	}
	s.setCookie(v.w, cookieUpstream, attempt.Cookie(), upstream.Lifetime)
	page.Redirect(v.w, to)
	return nil
}

// asked hands on what the client asked of the sign-in. maxAge is in seconds.
func asked(r *authorization.Request) (o upstream.AuthOptions, maxAge *int64) {
	if r == nil {
		return o, nil
	}
	o.LoginHint = r.LoginHint
	switch {
	case r.Prompt.SelectAccount:
		o.Prompt = "select_account"
	case r.Prompt.Login:
		o.Prompt = "login"
	}
	if r.MaxAge >= 0 {
		seconds := int64(r.MaxAge / time.Second)
		maxAge = &seconds
	}
	return o, maxAge
}

// fromUpstream takes the upstream provider's answer.
func (s *Service) fromUpstream(v *visit) error {
	if s.Upstream == nil {
		return errNoPage
	}
	query, repeated, err := endpoint.ParseQuery(v.r.URL.RawQuery)
	if err != nil {
		return err
	}
	if !v.cookie.hasAttempt || len(repeated) > 0 {
		return errForm
	}
	next, err := s.next(v.cookie.attempt.Next)
	if err != nil {
		return err
	}
	s.dropCookie(v.w, cookieUpstream) // an attempt has one answer
	ctx := v.r.Context()
	seen, err := s.Upstream.Exchange(ctx, v.cookie.attempt, upstream.Answer{
		State: query.Get("state"), Code: query.Get("code"), Issuer: query.Get("iss"), Error: query.Get("error"),
	})
	if err != nil {
		return err
	}
	if err := s.checkAnew(ctx, v.cookie.attempt, next, seen); err != nil {
		return err
	}
	who, err := s.vouched(ctx, seen)
	if err != nil {
		return err
	}
	return s.signedIn(v, who, next)
}

// checkAnew refuses a sign-in of long ago where the client asked for a new one:
// the provider may have ignored that. A max_age is held to in the exchange.
func (s *Service) checkAnew(ctx context.Context, attempt upstream.Attempt, next string, seen upstream.Person) error {
	p, err := s.peek(ctx, next)
	if err != nil || p.request == nil || !p.request.Prompt.Login {
		return err
	}
	if !seen.AuthTime.IsZero() && seen.AuthTime.Add(clockSkew).Before(attempt.At) {
		return p.request.Refused(oauth.Refuse(oauth.LoginRequired, "The identity provider did not ask the user to sign in anew."))
	}
	return nil
}

// signInAgain shows the sign-in page that the refused attempt began on.
func (s *Service) signInAgain(v *visit) error {
	next, err := s.next(v.cookie.attempt.Next)
	if err != nil {
		return err
	}
	return s.signInPage(v, next, page.SignIn{Problem: "upstream"})
}

// errOff is told of an account that may not sign in here, though the provider
// knows the person.
var errOff = &told{"account_off", oauth.Refuse(oauth.AccessDenied, "This account may not sign in here.")}

// vouched is the account of somebody whom the provider vouches for.
func (s *Service) vouched(ctx context.Context, seen upstream.Person) (session.Who, error) {
	account, err := s.Accounts.Upstream(ctx, seen.Issuer, seen.Subject, seen.Email, seen.Name)
	if err == nil {
		var who session.Who
		if who, err = s.vouch(ctx, account); err == nil {
			who.AuthTime = seen.AuthTime
			return who, nil
		}
	}
	if errors.Is(err, user.ErrOff) || errors.Is(err, user.ErrCredentials) {
		return session.Who{}, errOff
	}
	return session.Who{}, err
}
