package browser

import (
	"errors"
	"fmt"
	"net/url"

	"rescind/shared/audit"
	"rescind/shared/authorization"
	"rescind/shared/client"
	"rescind/shared/endpoint"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/page"
)

// opened is an authorization request with all that was read for it.
type opened struct {
	raw     string // its query as sent
	client  *client.Client
	request *authorization.Request
	person  person
	app     authorization.App // what the person has consented to for the client
}

// authorize is RFC 6749 section 4.1.1.
func (s *Service) authorize(v *visit) error {
	o, err := s.openSignedIn(v, v.r.URL.RawQuery)
	if o == nil {
		return err
	}
	if s.remembered(o) {
		return s.approve(v, o)
	}
	if o.request.Prompt.None {
		return o.request.Refused(oauth.Refuse(oauth.ConsentRequired, "The user has not consented to this."))
	}
	return s.showConsent(v, o)
}

// postAuthorize takes the person's decision, or an authorization request that
// another site sent as a form (RFC 6749 section 3.1). That one becomes a GET: a
// cross-site POST brings no session along.
func (s *Service) postAuthorize(v *visit) error {
	form, err := endpoint.ReadPage(v.w, v.r)
	if err != nil {
		return err
	}
	if form.Has(fieldToken) {
		return s.decide(v, &form)
	}
	query := url.Values{}
	for name, value := range form.Each {
		query.Add(name, value)
	}
	if len(query.Encode()) > maxQuery {
		return errTooLong
	}
	return s.redirect(v, endpoint.PathAuthorize, query)
}

// open reads a request and who asks, and checks the request.
func (s *Service) open(v *visit, raw string) (*opened, error) {
	if len(raw) > maxQuery {
		return nil, errTooLong
	}
	params, repeated, err := endpoint.ParseQuery(raw)
	if err != nil {
		return nil, err
	}
	asked := authorization.Asked{Params: params, Repeated: repeated}
	id, err := asked.Client()
	if err != nil {
		return nil, err
	}
	o := &opened{raw: raw}
	if o.person, o.client, err = s.who(v, id); err != nil {
		return nil, err
	}
	if o.client != nil {
		v.SetClient(o.client.ID)
	}
	if o.request, err = authorization.Parse(&asked, o.client); err != nil {
		return nil, err
	}
	if !o.person.isKnown() {
		return o, nil
	}
	consents, err := s.Store.FindConsents(v.r.Context(), o.person.session.Subject)
	o.app = consents.App(o.client.ID)
	return o, err
}

// openSignedIn opens a request of somebody who need not prove who they are
// first. Who must is sent to do so; then, as with an error, it gives nil.
func (s *Service) openSignedIn(v *visit, raw string) (*opened, error) {
	o, err := s.open(v, raw)
	if err != nil {
		return nil, err
	}
	switch asks, err := s.mustSignIn(v, o); {
	case err != nil:
		return nil, err
	case asks:
		return nil, s.toSignIn(v, s.addressOf(o))
	}
	return o, nil
}

// addressOf is where the request came in, for somebody to come back to.
func (s *Service) addressOf(o *opened) string {
	return s.base + endpoint.PathAuthorize + "?" + plain(o.raw)
}

// mustSignIn tells whether the person is to prove who they are, first or anew.
func (s *Service) mustSignIn(v *visit, o *opened) (bool, error) {
	p := o.request.Prompt
	if o.person.isKnown() && !p.Login && !p.SelectAccount && !o.request.TooOld(o.person.session.AuthTime, s.now()) {
		return false, nil
	}
	if p.None {
		return false, o.request.Refused(oauth.Refuse(oauth.LoginRequired, "The user is to sign in first."))
	}
	return true, nil
}

// epochs are what a grant out of this request records: the client's as read
// before the person decided, the others as read before they proved who they are.
func (o *opened) epochs() grant.Epochs {
	e := o.person.session.Epochs
	return grant.Epochs{Client: o.client.Epoch, Subject: e.Subject, Store: e.Store}
}

// remembered tells whether the person need not be asked again. An app on the
// person's own device that cannot keep a secret could be any other app there
// (RFC 8252 section 8.6), so that one always asks.
func (s *Service) remembered(o *opened) bool {
	if o.request.Prompt.Consent || o.client.Policy.IsPublic() && client.NativeRedirect(o.request.RedirectURI) {
		return false
	}
	current := grant.Epochs{Client: o.client.Epoch, Subject: o.person.epochs.Subject, Store: o.person.epochs.Store}
	return o.app.Covers(o.request.Scope, o.request.Audience, current)
}

// purpose binds the consent form to the very request, and to everything that
// was read before the person decided: where any of it has changed by the time
// the form comes back, they are asked again.
func (o *opened) purpose() string {
	e := o.epochs()
	return fmt.Sprintf("consent %d %d %d %d %d %s", o.client.Version, e.Client, e.Subject, e.Store, o.app.Withdrawn, o.raw)
}

func (s *Service) showConsent(v *visit, o *opened) error {
	host, native := hostOf(o.request.RedirectURI)
	s.pages.Consent(v.w, v.lang, page.Consent{
		Action:   s.base + endpoint.PathAuthorize,
		Hidden:   []page.Field{s.token(v.cookie.session, o.purpose()), {Name: fieldNext, Value: o.raw}},
		Client:   nameOf(o.client),
		ClientID: o.client.ID, Host: host, Native: native,
		Account: o.person.session.Label, Scopes: o.request.Scope, Audience: o.request.Audience,
		SignOutAction: s.base + endpoint.PathSignOut,
		SignOutHidden: []page.Field{s.token(v.cookie.session, purposeSignOut), {Name: fieldNext, Value: s.addressOf(o)}},
		FormAction:    formAction(o.request.RedirectURI),
	})
	return nil
}

// decide takes the consent form.
func (s *Service) decide(v *visit, form *oauth.Params) error {
	if err := fromElsewhere(v); err != nil {
		return err
	}
	o, err := s.openSignedIn(v, form.Get(fieldNext))
	if o == nil {
		return err
	}
	if err := s.checkToken(v.cookie.session, o.purpose(), form); err != nil {
		return err
	}
	switch form.Get(fieldDecision) {
	case "allow":
		return s.approve(v, o)
	case "deny":
		return o.request.Refused(oauth.Refuse(oauth.AccessDenied, "The user refused."))
	}
	return errForm
}

// approve makes the grant and sends its code to the client.
func (s *Service) approve(v *visit, o *opened) error {
	ctx := v.r.Context()
	code, err := s.apps.Approve(ctx, s.Store, authorization.Approval{
		Client: o.client, Request: o.request, Subject: o.person.session.Subject,
		Epochs: o.epochs(), Withdrawn: o.app.Withdrawn,
	})
	if errors.Is(err, authorization.ErrWithdrawn) {
		return o.request.Refused(oauth.Refuse(oauth.AccessDenied, "The consent was withdrawn meanwhile."))
	}
	if err != nil {
		return err
	}
	v.Record(ctx, audit.Event{Action: audit.Authorize, Outcome: "ok", ClientID: o.client.ID,
		Subject: o.person.session.Subject, GrantID: code.GrantID().String()})
	page.Redirect(v.w, o.request.Granted(s.Endpoint.Issuer, code))
	return nil
}
