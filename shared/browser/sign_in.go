package browser

import (
	"context"
	"errors"
	"strings"

	"rescind/shared/audit"
	"rescind/shared/authorization"
	"rescind/shared/endpoint"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/page"
	"rescind/shared/secret"
	"rescind/shared/session"
	"rescind/shared/user"
)

// purposeSignIn binds a sign-in form to where it leads.
func purposeSignIn(next string) string { return "sign in " + next }

func (s *Service) showSignIn(v *visit) error {
	query, repeated, err := endpoint.ParseQuery(v.r.URL.RawQuery)
	if err != nil {
		return err
	}
	if len(repeated) > 0 {
		return errNext
	}
	next, err := s.next(query.Get(fieldNext))
	if err != nil {
		return err
	}
	return s.signInPage(v, next, page.SignIn{})
}

// signInPage shows the form, with what the view says of an attempt before.
func (s *Service) signInPage(v *visit, next string, view page.SignIn) error {
	by, err := s.bound(v)
	if err != nil {
		return err
	}
	request, err := s.peek(v.r.Context(), next)
	if err != nil {
		return err
	}
	hidden := []page.Field{s.token(by, purposeSignIn(next)), {Name: fieldNext, Value: next}}
	view.Action, view.Hidden = s.base+endpoint.PathSignIn, hidden
	view.Passwords = true
	leadsTo := []string{request.redirectURI}
	view.Client = request.name
	if view.Email == "" {
		view.Email = request.hint
	}
	if s.Upstream != nil {
		view.UpstreamAction, view.UpstreamName, view.UpstreamHidden = s.base+endpoint.PathUpstream, s.Upstream.Name(), hidden
		leadsTo = append(leadsTo, s.Upstream.Issuer())
	}
	view.FormAction = formAction(leadsTo...)
	s.pages.SignIn(v.w, v.lang, view)
	return nil
}

// peeked is what a sign-in page shows of the request that it leads to.
type peeked struct {
	name, hint, redirectURI string
	request                 *authorization.Request // nil where there is none
}

// peek reads the client of the request that next is, and nothing of the person.
// A request that is wrong is told once they come to it.
func (s *Service) peek(ctx context.Context, next string) (p peeked, err error) {
	_, raw, isRequest := strings.Cut(next, "?")
	if !isRequest {
		return p, nil
	}
	params, repeated, err := endpoint.ParseQuery(raw)
	if err != nil {
		return p, nil
	}
	asked := authorization.Asked{Params: params, Repeated: repeated}
	id, err := asked.Client()
	if err != nil {
		return p, nil
	}
	rows, err := s.Store.Find(ctx, grant.Keys{Clients: []string{id}})
	if err != nil {
		return p, err
	}
	if p.request, err = authorization.Parse(&asked, rows.Clients[0]); err != nil {
		p.request = nil
		return p, nil
	}
	p.name, p.hint, p.redirectURI = nameOf(rows.Clients[0]), p.request.LoginHint, p.request.RedirectURI
	return p, nil
}

// readSignIn reads a form of the sign-in page, and where it leads.
func (s *Service) readSignIn(v *visit) (form oauth.Params, next string, err error) {
	if form, err = s.readForm(v); err == nil {
		next, err = s.next(form.Get(fieldNext))
	}
	return form, next, err
}

// signIn takes email and password.
func (s *Service) signIn(v *visit) error {
	form, next, err := s.readSignIn(v)
	if err != nil {
		return err
	}
	email := form.Get(fieldEmail)
	if err := s.checkToken(v.cookie.form, purposeSignIn(next), &form); err != nil {
		return s.signInPage(v, next, page.SignIn{Problem: "form_expired", Email: email})
	}
	ctx := v.r.Context()
	who, err := s.prove(ctx, email, secret.NewText(form.Get(fieldPassword)), v.Source())
	if seconds, ok := throttled(err); ok {
		v.Record(ctx, audit.Event{Action: audit.SignIn, Outcome: "too_many_requests", Reason: "too many attempts"})
		return s.signInPage(v, next, page.SignIn{Problem: "throttled", RetryAfter: seconds, Email: email})
	}
	if errors.Is(err, user.ErrCredentials) {
		v.Record(ctx, audit.Event{Action: audit.SignIn, Outcome: "access_denied", Reason: "wrong email or password"})
		return s.signInPage(v, next, page.SignIn{Problem: "credentials", Email: email})
	}
	if err != nil {
		return err
	}
	return s.signedIn(v, who, next)
}

func (s *Service) signedIn(v *visit, who session.Who, next string) error {
	if err := s.begin(v, who); err != nil {
		return err
	}
	v.Record(v.r.Context(), audit.Event{Action: audit.SignIn, Outcome: "ok", Subject: who.Subject})
	page.Redirect(v.w, afterSignIn(next))
	return nil
}

// prove checks email and password. Errors are user.ErrCredentials,
// *user.ErrThrottled, or outages.
func (s *Service) prove(ctx context.Context, email string, password secret.Text, source string) (session.Who, error) {
	account, err := s.Accounts.Verify(ctx, email, password, source)
	if err != nil {
		return session.Who{}, err
	}
	return s.vouch(ctx, account)
}

// vouch reads the epochs that a session of the account is to carry, and then
// the account once more: who changes its password or switches it off writes the
// row first and raises the epoch then, so either the row has changed by now or
// the session falls behind. The error is user.ErrCredentials where it has
// changed, or an outage.
func (s *Service) vouch(ctx context.Context, a *user.Account) (session.Who, error) {
	epochs, err := s.epochsOf(ctx, a.Subject)
	if err != nil {
		return session.Who{}, err
	}
	if err := s.Accounts.Recheck(ctx, a); err != nil {
		return session.Who{}, err
	}
	return whoIs(a, epochs), nil
}

func (s *Service) epochsOf(ctx context.Context, subject string) (session.Epochs, error) {
	rows, err := s.Store.Find(ctx, grant.Keys{Subjects: []string{subject}})
	if err != nil {
		return session.Epochs{}, err
	}
	return session.Epochs{Subject: rows.Subjects[0], Store: rows.Generation}, nil
}

func whoIs(a *user.Account, epochs session.Epochs) session.Who {
	label := a.Email
	if label == "" {
		label = a.Name
	}
	return session.Who{Account: a.Key, Subject: a.Subject, Label: label, Epochs: epochs}
}
