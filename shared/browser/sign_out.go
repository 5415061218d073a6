package browser

import (
	"rescind/shared/audit"
	"rescind/shared/endpoint"
	"rescind/shared/page"
)

const purposeSignOut = "sign out"

// showSignOut shows that nobody is signed in or, to somebody who is, the page
// with the button: a link that signed people out would let any site do it.
func (s *Service) showSignOut(v *visit) error {
	p, _, err := s.who(v, "")
	if err != nil {
		return err
	}
	if p.isKnown() {
		return s.redirect(v, endpoint.PathAuthorized, nil)
	}
	return s.signedOut(v)
}

// signOut ends the session, and says so once that is durable. A form that comes
// from a request (somebody else is to answer it) goes on to that one's sign-in.
func (s *Service) signOut(v *visit) error {
	form, err := s.readForm(v)
	if err != nil {
		return err
	}
	next := form.Get(fieldNext)
	if next != "" {
		if next, err = s.next(next); err != nil {
			return err
		}
	}
	p, _, err := s.who(v, "")
	if err != nil {
		return err
	}
	switch {
	case !p.isKnown() && next != "":
		return s.toSignIn(v, next)
	case !p.isKnown():
		return s.signedOut(v)
	}
	if err := s.checkToken(v.cookie.session, purposeSignOut, &form); err != nil {
		return err
	}
	if err := s.Sessions.End(v.r.Context(), s.Store, p.session.ID); err != nil {
		return err
	}
	v.Record(v.r.Context(), audit.Event{Action: audit.SignOut, Outcome: "ok", Subject: p.session.Subject})
	if next != "" {
		s.dropCookie(v.w, cookieSession)
		return s.toSignIn(v, next)
	}
	return s.signedOut(v)
}

func (s *Service) signedOut(v *visit) error {
	if !v.cookie.session.IsEmpty() {
		s.dropCookie(v.w, cookieSession)
	}
	s.pages.SignedOut(v.w, v.lang, page.SignedOut{SignIn: s.base + endpoint.PathSignIn})
	return nil
}
