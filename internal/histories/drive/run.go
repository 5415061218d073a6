package drive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"rescind/internal/histories/model"
	"rescind/internal/histories/proxy"
)

// Recorded is a history that was made.
type Recorded struct {
	Plan     Plan
	Store    string
	History  *model.History
	Breaches []string // of what needs no model to be wrong
	Answers  map[string]int
	Notes    []string // what the operator's command said where it failed
	Took     time.Duration
}

// longest is how long a history may take: well below the grace of 30 s, which
// the model takes to be endless.
const longest = 20 * time.Second

// ErrSlow is the error of a history that took too long to show anything.
var ErrSlow = errors.New("the history took so long that the grace may have ended in it")

// run is one history in the making.
type run struct {
	world    *World
	plan     Plan
	rec      *record
	clients  [model.MaxClients]registered
	subjects []string
	form     signInForm // of the page to sign in on

	mu    sync.Mutex
	notes []string
}

type registered struct{ id, secret string }

func (r *run) note(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, err.Error())
}

// Run makes the history of a plan. Clients and subjects are its own. Errors are
// of the machinery, or ErrSlow.
func (w *World) Run(ctx context.Context, p Plan) (*Recorded, error) {
	w.clients++
	r := &run{world: w, plan: p, rec: newRecord(p.Clients)}
	r.subjects = []string{fmt.Sprintf("alice-%x-%d", p.Seed, w.clients), fmt.Sprintf("bob-%x-%d", p.Seed, w.clients)}
	w.network.calm()
	if err := r.register(ctx); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := r.perform(ctx); err != nil {
		return nil, err
	}
	w.network.calm()
	w.drain()
	r.sweep(ctx)
	rec := r.rec
	rec.h.Begun = int(rec.begun.Load())
	took := time.Since(began)
	if took > longest {
		return nil, ErrSlow
	}
	return &Recorded{p, w.Store, &rec.h, rec.breaches, rec.answers, r.notes, took}, nil
}

// register makes the history's clients and its first grants.
func (r *run) register(ctx context.Context) error {
	for i, c := range r.plan.Clients {
		args := []string{"client", "create", "--name", "histories", "--id", fmt.Sprintf("h%x-%d-%d", r.plan.Seed, r.world.clients, i),
			"--grant-types", "client_credentials,refresh_token,authorization_code", "--redirect-uri", callback, "--scopes", "read", "--audience", "https://api.example.com"}
		if c.KeepsRefresh {
			args = append(args, "--refresh-rotation", "never")
		}
		if c.RevokesToken {
			args = append(args, "--revoke-access-token", "token")
		}
		if c.ResourceServer {
			args = append(args, "--resource-server")
		}
		out := r.world.operate(ctx, 0, "", args...)
		var made struct {
			ID     string `json:"client_id"`
			Secret string `json:"client_secret"`
		}
		if err := errors.Join(out.err, json.Unmarshal(out.stdout, &made)); err != nil {
			return fmt.Errorf("registering a client: %w", err)
		}
		r.clients[i] = registered{made.ID, made.Secret}
	}
	if r.plan.People {
		if err := r.settle(ctx); err != nil {
			return err
		}
	}
	op := operator{lane: 0, run: r}
	for _, g := range []struct{ client, subject int }{{0, 0}, {0, 1}, {1, 0}} {
		op.issue(ctx, model.Op{Kind: model.Create, Client: g.client, Subject: g.subject, Grant: model.Nobody}, 0, "",
			createArgs(r.clients[g.client].id, r.subjects[g.subject])...)
	}
	if len(r.rec.grants) != 3 {
		return fmt.Errorf("the first grants were not made: %v", r.notes)
	}
	return nil
}

// perform runs all lanes at once, with the kills between.
func (r *run) perform(ctx context.Context) error {
	r.world.network.storm(r.plan.Seed)
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	defer transport.CloseIdleConnections()
	var all sync.WaitGroup
	lane := 1
	if r.plan.Volley > 0 {
		all.Go(func() { r.volley(ctx, len(r.plan.Lanes)+len(r.plan.Operators)+2) })
	}
	for _, steps := range r.plan.Lanes {
		c := r.caller(lane, transport)
		all.Go(func() { pace(steps, func(s step) { c.do(ctx, s) }) })
		lane++
	}
	for _, steps := range r.plan.Operators {
		op := operator{lane: lane, run: r}
		all.Go(func() { pace(steps, func(s step) { op.do(ctx, s) }) })
		lane++
	}
	err := r.disrupt(ctx, lane)
	all.Wait()
	return err
}

func pace(steps []step, do func(step)) {
	for _, s := range steps {
		time.Sleep(s.pause)
		do(s)
	}
}

// disrupt kills servers and starts them again, and has the store accepted as a
// restored one, at their times.
func (r *run) disrupt(ctx context.Context, lane int) error {
	type event struct {
		at time.Duration
		do func() error
	}
	var events []event
	for _, k := range r.plan.Kills {
		events = append(events, event{k.at, func() error {
			r.world.kill(k.server)
			return r.world.start(k.server)
		}})
	}
	if r.plan.Restore > 0 {
		events = append(events, event{r.plan.Restore, func() error { return r.restore(ctx, lane) }})
	}
	slices.SortFunc(events, func(a, b event) int { return int(a.at - b.at) })
	began := time.Now()
	for _, e := range events {
		time.Sleep(e.at - time.Since(began))
		if err := e.do(); err != nil {
			return err
		}
	}
	return nil
}

// restore kills all servers, accepts the store, and starts them again.
func (r *run) restore(ctx context.Context, lane int) error {
	w := r.world
	w.using.Lock()
	defer w.using.Unlock()
	for i := range servers {
		w.kill(i)
	}
	op := operator{lane: lane, run: r}
	op.issue(ctx, model.Op{Kind: model.RaiseGeneration, Grant: model.Nobody, Subject: model.Nobody}, 0, "", "restore", "accept", "--yes")
	for i := range servers {
		if err := w.start(i); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) caller(lane int, transport *http.Transport) *caller {
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &caller{lane: lane, run: r, http: &http.Client{Transport: transport, CheckRedirect: stay}, proxies: r.world.proxies}
}

// sweep looks at the newest tokens of every grant once all is quiet, redeems
// each code that nobody has redeemed, refreshes each grant once, and visits with
// each session: what came back to life late is seen here.
func (r *run) sweep(ctx context.Context) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	c := r.caller(0, transport)
	n := 0
	ask := func(g *known, kind model.Kind, t model.Token) {
		n++
		o := model.Op{Kind: kind, Grant: g.n, Caller: g.client, Client: g.client, Subject: model.Nobody, Session: model.Nobody, Token: t}
		value := g.code
		if kind != model.Redeem {
			value = g.token(t)
		}
		c.call(ctx, o, value, n%servers, proxy.Orders{})
	}
	for _, g := range r.rec.grants {
		if g.code != "" && !g.told {
			ask(g, model.Redeem, model.Token{})
		}
		for i := len(g.access); i > max(0, len(g.access)-9); i-- {
			ask(g, model.Introspect, model.Token{N: i})
		}
		for i := len(g.refresh) - 1; i >= max(0, len(g.refresh)-2); i-- {
			ask(g, model.Introspect, model.Token{Refresh: true, N: i})
		}
		if len(g.refresh) > 0 {
			ask(g, model.Refresh, model.Token{Refresh: true, N: len(g.refresh) - 1})
		}
	}
	for i, s := range r.rec.people.sessions {
		c.visit(ctx, s, i%servers, proxy.Orders{})
	}
	for user := range r.rec.h.Accounts {
		c.signIn(ctx, user, r.rec.people.passwords[user]-1, user%servers, proxy.Orders{})
	}
}
