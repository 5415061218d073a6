package drive

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"rescind/internal/histories/model"
	"rescind/internal/histories/proxy"
	"rescind/internal/testkit/webform"
)

// What every authorization request has. The two are those of RFC 7636 appendix B.
const (
	callback  = "https://app.example.com/cb"
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

const (
	pathAuthorize  = "/o/authorize/"
	pathSignIn     = "/o/sign_in/"
	pathSignOut    = "/o/sign_out/"
	pathAuthorized = "/o/authorized_tokens/"
)

// mostForms is how many consent forms of one user and client the model can tell
// from one another.
const mostForms = 60

// inBrowser tells whether a person does it. An Ask goes on to its button.
func (s step) inBrowser() bool {
	switch s.kind {
	case model.Ask, model.Visit, model.Cut, model.CutAll, model.SignOut, model.SignIn:
		return true
	}
	return false
}

// browse does what a person does in a browser.
func (c *caller) browse(ctx context.Context, s step) {
	pick := dice(s.pick)
	user := pick.of(3) % 2
	if s.latest {
		user = 0
	}
	client := pick.of(3) % model.MaxClients
	if s.latest {
		client = 0
	}
	in, dead := c.run.rec.browserOf(user, &pick)
	if s.kind == model.SignIn || dead && pick.of(3) > 0 {
		c.signIn(ctx, user, c.run.rec.choosePassword(user, &pick), s.server, s.orders)
		return
	}
	switch s.kind {
	case model.Ask:
		c.authorize(ctx, in, client, s, pick.of(8) == 0)
	case model.Visit:
		c.visit(ctx, in, s.server, s.orders)
	case model.SignOut:
		c.press(ctx, in, buttonSignOut, s)
	case model.CutAll:
		c.press(ctx, in, buttonAll, s)
	case model.Cut:
		c.press(ctx, in, strconv.Itoa(client), s)
	}
}

// browserOf takes the user's newest session, or any, and tells whether an answer
// has called it dead.
func (r *record) browserOf(user int, pick *dice) (s *session, dead bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var fit []*session
	for _, s := range r.people.sessions {
		if s.user == user {
			fit = append(fit, s)
		}
	}
	s = fit[len(fit)-1]
	if pick.of(3) == 0 {
		s = fit[pick.of(len(fit))]
	}
	return s, s.dead
}

// page asks for one with a session's cookie.
func (c *caller) page(in *session, method, path string, form url.Values, server int, orders proxy.Orders) func(context.Context) reply {
	return func(ctx context.Context) reply {
		return c.send(ctx, method, path, form, server, orders, func(r *http.Request) { r.Header.Set("Cookie", cookieSession+"="+in.cookie) })
	}
}

// by is an operation of somebody who bears a session's cookie.
func by(kind model.Kind, in *session) model.Op {
	return model.Op{Kind: kind, Caller: model.Nobody, Client: model.Nobody, Subject: in.user, Grant: model.Nobody,
		Session: in.n, Form: model.Nobody, NewSession: model.Nobody}
}

// visit looks at the page of what one has authorized, and keeps its buttons.
func (c *caller) visit(ctx context.Context, in *session, server int, orders proxy.Orders) {
	rec := c.run.rec
	c.carry(ctx, by(model.Visit, in), orders, c.page(in, http.MethodGet, pathAuthorized, nil, server, orders), func(o *model.Op, got reply) {
		if got.status != http.StatusOK {
			c.sentAway(o, in, got)
			return
		}
		o.Outcome = model.Active
		for _, f := range webform.All(string(got.body)) {
			switch id := f.Hidden.Get("client_id"); {
			case f.Action == pathSignOut:
				in.buttons[buttonSignOut] = f.Hidden
			case f.Hidden.Has("all"):
				in.buttons[buttonAll] = f.Hidden
			default:
				n := c.run.number(id)
				if n < 0 {
					rec.breach("%s names an app of somebody else's", o)
					continue
				}
				o.Listed |= 1 << n
				in.buttons[strconv.Itoa(n)] = f.Hidden
			}
		}
	})
}

// number is a client's, -1 for one of another history.
func (r *run) number(id string) int {
	for n, c := range r.clients {
		if c.id == id {
			return n
		}
	}
	return -1
}

// sentAway reads an answer that is no page: the way to the sign-in page.
func (c *caller) sentAway(o *model.Op, in *session, got reply) {
	if got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), pathSignIn) {
		c.run.rec.breach("%s was answered %d", o, got.status)
		return
	}
	o.Outcome, in.dead = model.Inactive, true
}

// press sends a button of the page. It looks at the page first where it has not
// seen the button yet.
func (c *caller) press(ctx context.Context, in *session, button string, s step) {
	rec := c.run.rec
	find := func() url.Values {
		rec.mu.Lock()
		defer rec.mu.Unlock()
		return in.buttons[button]
	}
	form := find()
	if form == nil {
		c.visit(ctx, in, s.server, s.before)
		if form = find(); form == nil {
			return
		}
	}
	o, path := by(model.Cut, in), pathAuthorized
	switch button {
	case buttonSignOut:
		o.Kind, path = model.SignOut, pathSignOut
	case buttonAll:
		o.Kind = model.CutAll
	default:
		o.Client, _ = strconv.Atoi(button) // it is a number: see visit
	}
	c.carry(ctx, o, s.orders, c.page(in, http.MethodPost, path, form, s.server, s.orders), func(o *model.Op, got reply) {
		to := got.header.Get("Location")
		switch {
		case o.Kind == model.SignOut && got.status == http.StatusOK:
			o.Outcome, in.dead = model.Done, true
		case o.Kind == model.SignOut || got.status != http.StatusSeeOther || !strings.HasPrefix(to, pathAuthorized):
			c.sentAway(o, in, got) // where the epoch was raised by another meanwhile, a CutAll is sent away too
		case o.Kind == model.CutAll:
			o.Outcome, in.dead = model.Done, true
			rec.signedIn(o, in.user, got.cookie(cookieSession))
		default:
			o.Outcome = model.Done
		}
	})
}

// authorize makes an authorization request, and presses a button of the page
// that asks for consent.
func (c *caller) authorize(ctx context.Context, in *session, client int, s step, deny bool) {
	query := url.Values{"response_type": {"code"}, "client_id": {c.run.clients[client].id}, "redirect_uri": {callback}, "state": {"s"}, "scope": {"read"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"}}
	o := by(model.Ask, in)
	o.Client = client
	var form url.Values
	o = c.carry(ctx, o, s.before, c.page(in, http.MethodGet, pathAuthorize+"?"+query.Encode(), nil, s.server, s.before), func(o *model.Op, got reply) {
		switch got.status {
		case http.StatusOK:
			form = c.asked(o, got)
		case http.StatusBadRequest:
			o.Outcome = model.Unauthorized
		default:
			c.answered(o, in, got, model.Remember)
		}
	})
	if form == nil || o.Form >= mostForms {
		return
	}
	o.Kind, o.Outcome = model.Allow, model.Unknown
	form.Set("decision", "allow")
	if deny {
		o.Kind = model.Deny
		form.Set("decision", "deny")
	}
	c.carry(ctx, o, s.orders, c.page(in, http.MethodPost, pathAuthorize, form, s.server, s.orders), func(o *model.Op, got reply) {
		if got.status == http.StatusBadRequest { // the form has become void, or the client is off
			o.Outcome = model.Refused
			return
		}
		c.answered(o, in, got, o.Kind)
	})
}

// asked reads a page that asks for consent, and numbers its form.
func (c *caller) asked(o *model.Op, got reply) url.Values {
	rec := c.run.rec
	for _, f := range webform.All(string(got.body)) {
		if f.Action != pathAuthorize {
			continue
		}
		key := [2]int{o.Subject, o.Client}
		if rec.people.forms == nil {
			rec.people.forms = map[[2]int]int{}
		}
		o.Outcome, o.Form = model.Active, rec.people.forms[key]
		rec.people.forms[key]++
		return f.Hidden
	}
	rec.breach("%s is a page without a form", o)
	return nil
}

// answered reads where an authorization request leads: to the client, with a
// code or a refusal, or to the sign-in page.
func (c *caller) answered(o *model.Op, in *session, got reply, gives model.Kind) {
	to, err := url.Parse(got.header.Get("Location"))
	if err != nil || got.status != http.StatusSeeOther || !strings.HasPrefix(to.String(), callback) {
		c.sentAway(o, in, got)
		return
	}
	q := to.Query()
	switch {
	case q.Get("state") != "s" || q.Get("iss") == "":
		c.run.rec.breach("%s came back without state or iss", o)
	case q.Get("error") == "access_denied":
		o.Outcome, o.Late = model.Refused, o.Kind == model.Allow
	case o.Kind == model.Deny:
		c.run.rec.breach("%s gave a code", o)
	default:
		o.Kind = gives
		c.run.rec.approved(o, q.Get("code"))
	}
}
