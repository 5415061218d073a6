package drive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"rescind/internal/histories/model"
	"rescind/internal/histories/proxy"
)

// people is what is known of users and their browsers.
type people struct {
	passwords []int // how many passwords each user was given, or may have been
	sessions  []*session
	forms     map[[2]int]int // how many consent forms each user has seen of each client
}

// session is a sign-in whose cookie somebody was given.
type session struct {
	n, user int
	cookie  string
	dead    bool                  // an answer said so
	buttons map[string]url.Values // of its page, by what they do: a page may stay open
}

// The names of a page's buttons; that of an app is its client's number.
const (
	buttonAll     = "all"
	buttonSignOut = "sign out"
)

// password is a user's nth.
func password(user, n int) string { return fmt.Sprintf("history %d, password %d", user, n) }

func (r *record) newPassword(user int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.people.passwords[user]++
	return r.people.passwords[user] - 1
}

// signedIn adds a session; its cookie must be a new one.
func (r *record) signedIn(o *model.Op, user int, cookie string) {
	for _, s := range r.people.sessions {
		if s.cookie == cookie {
			r.breach("%s was given the cookie of session %d", o, s.n)
		}
	}
	o.NewSession = len(r.people.sessions)
	r.people.sessions = append(r.people.sessions, &session{n: o.NewSession, user: user, cookie: cookie, buttons: map[string]url.Values{}})
	r.h.Sessions = append(r.h.Sessions, user)
}

// approved adds a grant by its code.
func (r *record) approved(o *model.Op, code string) {
	id, ok := grantID(code)
	if !ok {
		r.breach("%s gives no code of ours", o)
		return
	}
	g := &known{n: len(r.grants), client: o.Client, subject: o.Subject, id: id, code: code}
	r.grants = append(r.grants, g)
	form := o.Form
	if o.Kind == model.Remember {
		form = model.Nobody
	}
	r.h.Grants = append(r.h.Grants, model.Grant{Client: o.Client, Subject: o.Subject, Code: &model.Approval{Session: o.Session, Form: form}})
	o.Grant, o.Outcome = g.n, model.Done
}

// redeemed names the tokens of a redemption. A code is good for one pair of
// them, however often it is sent.
func (r *record) redeemed(o *model.Op, access, refresh string) {
	g := r.grants[o.Grant]
	g.belongs(r, access)
	g.belongs(r, refresh)
	o.NewAccess, o.NewRefresh = 1, 0
	if g.told && (g.access[0] != access || g.refresh[0] != refresh) {
		r.breach("the code of grant %d was redeemed twice", g.n)
		return
	}
	if !g.told {
		g.told, g.access, g.refresh = true, []string{access}, []string{refresh}
	}
}

// email is how a user signs in.
func (r *run) email(user int) string {
	return fmt.Sprintf("u%x-%d-%d@example.com", r.plan.Seed, r.world.clients, user)
}

// settle makes the users' accounts, and signs each in; the first in two browsers.
func (r *run) settle(ctx context.Context) error {
	r.rec.people.passwords = make([]int, len(r.subjects))
	for user := range r.subjects {
		out := r.world.operate(ctx, 0, password(user, r.rec.newPassword(user)), "user", "create", r.email(user), "--password-stdin")
		var made struct {
			Subject string `json:"sub"`
		}
		if err := errors.Join(out.err, json.Unmarshal(out.stdout, &made)); err != nil {
			return fmt.Errorf("making a user: %w", err)
		}
		r.subjects[user] = made.Subject
	}
	r.rec.h.Accounts = len(r.subjects)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	c := r.caller(0, transport)
	if err := c.openSignIn(ctx); err != nil {
		return err
	}
	for i, user := range []int{0, 1, 0} {
		if o := c.signIn(ctx, user, 0, i%servers, proxy.Orders{}); o.Outcome != model.Done {
			return fmt.Errorf("user %d cannot sign in", user)
		}
	}
	return nil
}

// volleySize is how many redeem one code at once.
const volleySize = 50

// volley has many redeem the newest code, or one that is made for it.
func (r *run) volley(ctx context.Context, lane int) {
	transport := &http.Transport{MaxIdleConnsPerHost: volleySize}
	defer transport.CloseIdleConnections()
	pace([]step{{kind: model.Ask, latest: true, pause: r.plan.Volley}}, func(s step) { r.caller(lane, transport).do(ctx, s) })
	o, code, ok := r.rec.choose(step{kind: model.Redeem, latest: true})
	if !ok {
		return
	}
	o.Wrong = false
	done := make(chan struct{})
	for i := range volleySize {
		go func() {
			r.caller(lane+i, transport).call(ctx, o, code, i%servers, proxy.Orders{})
			done <- struct{}{}
		}()
	}
	for range volleySize {
		<-done
	}
}
