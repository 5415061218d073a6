package browser

import (
	"rescind/shared/endpoint"
	"rescind/shared/oauth"
	"rescind/shared/page"
	"rescind/shared/secret"
	"rescind/shared/session"
)

// The fields of our forms.
const (
	fieldToken    = "form_token"
	fieldNext     = "next"
	fieldDecision = "decision"
	fieldClient   = "client_id"
	fieldAll      = "all"
	fieldEmail    = "email"
	fieldPassword = "password"
)

// bound gives what the forms of somebody who has not signed in are bound to: a
// cookie of its own, which it sets where there is none.
func (s *Service) bound(v *visit) (secret.Text, error) {
	if !v.cookie.form.IsEmpty() {
		return v.cookie.form, nil
	}
	value, err := session.NewValue(s.Sessions.Rand)
	if err != nil {
		return secret.Text{}, err
	}
	v.cookie.form = value
	s.setCookie(v.w, cookieForm, value, 0)
	return value, nil
}

// readForm reads a form that this site sent. Whether its token fits, checkToken
// tells.
func (s *Service) readForm(v *visit) (oauth.Params, error) {
	if err := fromElsewhere(v); err != nil {
		return oauth.Params{}, err
	}
	return endpoint.ReadPage(v.w, v.r)
}

// fromElsewhere refuses a form that the browser says another site sent. The
// Origin header tells nothing here: with no-referrer it is null for our own
// forms too.
func fromElsewhere(v *visit) error {
	switch v.r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return nil
	}
	return errForm
}

func (s *Service) checkToken(by secret.Text, purpose string, form *oauth.Params) error {
	if !session.CheckFormToken(by, purpose, form.Get(fieldToken), s.now()) {
		return errForm
	}
	return nil
}

func (s *Service) token(by secret.Text, purpose string) page.Field {
	return page.Field{Name: fieldToken, Value: session.FormToken(by, purpose, s.now())}
}
