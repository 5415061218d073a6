package drive

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"rescind/internal/histories/model"
	"rescind/internal/histories/proxy"
	"rescind/internal/testkit/webform"
)

// choosePassword takes the newest password, seldom an earlier one or none.
func (r *record) choosePassword(user int, pick *dice) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	newest := r.people.passwords[user] - 1
	switch pick.of(12) {
	case 0:
		return newest + 1 // which is nobody's yet
	case 1:
		return max(0, newest-1)
	}
	return newest
}

// signIn makes one attempt. The page's form is of a browser without any session.
func (c *caller) signIn(ctx context.Context, user, pass, server int, orders proxy.Orders) model.Op {
	rec := c.run.rec
	o := model.Op{Kind: model.SignIn, Caller: model.Nobody, Client: model.Nobody, Subject: user, Grant: model.Nobody,
		Session: model.Nobody, Pass: pass, NewSession: model.Nobody}
	form := url.Values{"email": {c.run.email(user)}, "password": {password(user, pass)}}
	for name, values := range c.run.form.hidden {
		form[name] = values
	}
	ask := func(ctx context.Context) reply {
		return c.send(ctx, http.MethodPost, pathSignIn, form, server, orders, func(r *http.Request) { r.Header.Set("Cookie", c.run.form.cookie) })
	}
	return c.carry(ctx, o, orders, ask, func(o *model.Op, got reply) {
		switch got.status {
		case http.StatusSeeOther:
			o.Outcome = model.Done
			rec.signedIn(o, user, got.cookie(cookieSession))
		case http.StatusForbidden:
			o.Outcome = model.Refused
		case http.StatusTooManyRequests: // which tells nothing of the password
		default:
			rec.breach("%s was answered %d", o, got.status)
		}
	})
}

// openSignIn looks at the page to sign in on, once for all.
func (c *caller) openSignIn(ctx context.Context) error {
	got := c.send(ctx, http.MethodGet, pathSignIn, nil, 0, proxy.Orders{}, func(*http.Request) {})
	for _, f := range webform.All(string(got.body)) {
		if f.Action == pathSignIn {
			c.run.form = signInForm{cookieForm + "=" + got.cookie(cookieForm), f.Hidden}
			return nil
		}
	}
	return errors.New("the page to sign in on has no form")
}
