package browser

import (
	"net/url"

	"rescind/shared/audit"
	"rescind/shared/authorization"
	"rescind/shared/endpoint"
	"rescind/shared/oauth"
	"rescind/shared/page"
	"rescind/shared/session"
)

// What the buttons of the page are bound to. No client's id makes one of the
// other.
func purposeCut(clientID string) string { return "cut app " + clientID }

const purposeCutAll = "cut all"

// The query parameter that says what the button before did: which client was
// cut, or that all were.
const (
	cutOf  = "cut"
	cutAll = "cut_all"
)

// showAuthorized is the page of what the person has authorized.
func (s *Service) showAuthorized(v *visit) error {
	p, _, err := s.who(v, "")
	if err != nil {
		return err
	}
	if !p.isKnown() {
		return s.toSignIn(v, s.base+endpoint.PathAuthorized)
	}
	ctx := v.r.Context()
	apps, more, err := s.apps.List(ctx, s.Store, p.session.Subject)
	if err != nil {
		return err
	}
	view := page.Authorized{
		Account: p.session.Label, Action: s.base + endpoint.PathAuthorized, More: more,
		CutAllHidden:  []page.Field{s.token(v.cookie.session, purposeCutAll), {Name: fieldAll, Value: "1"}},
		SignOutAction: s.base + endpoint.PathSignOut,
		SignOutHidden: []page.Field{s.token(v.cookie.session, purposeSignOut)},
	}
	for _, a := range apps {
		view.Apps = append(view.Apps, s.appView(v, a))
	}
	if view.Done, view.DoneName, err = s.done(v, apps); err != nil {
		return err
	}
	s.pages.Authorized(v.w, v.lang, view)
	return nil
}

func (s *Service) appView(v *visit, a authorization.Access) page.App {
	host := ""
	if uris := a.Client.Policy.RedirectURIs; len(uris) > 0 {
		host, _ = hostOf(uris[0])
	}
	return page.App{
		Client: nameOf(a.Client), ClientID: a.Client.ID, Host: host,
		Since: a.Since, LastRefresh: a.LastRefresh, Scopes: a.Scope, Audience: a.Audience,
		Hidden: []page.Field{s.token(v.cookie.session, purposeCut(a.Client.ID)), {Name: fieldClient, Value: a.Client.ID}},
	}
}

// done says what the button before did. Anybody can make a link that asks for
// it, so it is said only where it is true.
func (s *Service) done(v *visit, apps []authorization.Access) (done, name string, err error) {
	query, _, err := endpoint.ParseQuery(v.r.URL.RawQuery)
	if err != nil {
		return "", "", err
	}
	switch id := query.Get(cutOf); {
	case query.Has(cutAll) && len(apps) == 0:
		return "cut_all", "", nil
	case !oauth.ValidClientID(id): // none among them
		return "", "", nil
	default:
		for _, a := range apps {
			if a.Client.ID == id {
				return "", "", nil
			}
		}
		c, err := s.Store.FindClient(v.r.Context(), id)
		if err != nil || c == nil {
			return "", "", err
		}
		return "cut", nameOf(c), nil
	}
}

// cut takes a button of the page. What it cuts is dead before the answer.
func (s *Service) cut(v *visit) error {
	form, err := s.readForm(v)
	if err != nil {
		return err
	}
	p, _, err := s.who(v, "")
	if err != nil {
		return err
	}
	if !p.isKnown() {
		return s.toSignIn(v, s.base+endpoint.PathAuthorized)
	}
	if form.Has(fieldAll) {
		return s.cutAll(v, p, &form)
	}
	id := form.Get(fieldClient)
	if !oauth.ValidClientID(id) {
		return oauth.Refuse(oauth.InvalidRequest, "The client_id parameter is missing or malformed.")
	}
	if err := s.checkToken(v.cookie.session, purposeCut(id), &form); err != nil {
		return err
	}
	ctx := v.r.Context()
	if _, err := s.apps.Cut(ctx, s.Store, p.session.Subject, id); err != nil {
		return err
	}
	v.Record(ctx, audit.Event{Action: audit.Revoke, Outcome: "ok", ClientID: id, Subject: p.session.Subject, Reason: authorization.ReasonCut})
	return s.redirect(v, endpoint.PathAuthorized, url.Values{cutOf: {id}})
}

// cutAll ends everything in the person's name, their other sessions too. This
// browser stays signed in, by a new session, where nothing but this decision
// raised the epoch: it proves nobody anew.
func (s *Service) cutAll(v *visit, p person, form *oauth.Params) error {
	if err := s.checkToken(v.cookie.session, purposeCutAll, form); err != nil {
		return err
	}
	ctx, row := v.r.Context(), p.session
	epoch, first, err := s.apps.CutAll(ctx, s.Store, row.Subject, row.Epochs.Subject)
	if err != nil {
		return err
	}
	v.Record(ctx, audit.Event{Action: audit.Revoke, Outcome: "ok", Subject: row.Subject, Reason: authorization.ReasonCut})
	if !first {
		return s.toSignIn(v, s.base+endpoint.PathAuthorized)
	}
	who := session.Who{Account: row.Account, Subject: row.Subject, Label: row.Label, AuthTime: row.AuthTime,
		Epochs: session.Epochs{Subject: epoch, Store: row.Epochs.Store}}
	if err := s.begin(v, who); err != nil {
		return err
	}
	return s.redirect(v, endpoint.PathAuthorized, url.Values{cutAll: {"1"}})
}
