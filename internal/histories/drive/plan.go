package drive

import (
	"math/rand/v2"
	"time"

	"rescind/internal/histories/model"
	"rescind/internal/histories/proxy"
)

// Plan is all that chance decides about a history before it runs. What the
// scheduler of the machine adds, it cannot.
type Plan struct {
	Seed      uint64
	Profile   string
	Clients   [model.MaxClients]model.Client
	Lanes     [][]step // over HTTP
	Operators [][]step // the operator's command
	Kills     []kill
	People    bool          // users have accounts, and browsers
	Volley    time.Duration // when 50 redeem one code at once, 0 for never
	Restore   time.Duration // when the store is restored and accepted, 0 for never
}

// step is one operation. pick decides, together with what is known by then,
// which token or grant it is about.
type step struct {
	kind    model.Kind
	foreign bool // by a client that does not own the token
	latest  bool // the newest token, of the first grant
	focus   bool // the first client and subject
	pick    uint64
	pause   time.Duration
	server  int
	orders  proxy.Orders
	before  proxy.Orders  // of the page that a button stands on
	kill    time.Duration // of the operator's command, 0 for never
}

type kill struct {
	server int
	at     time.Duration
}

// profile is a kind of history.
type profile struct {
	name             string
	lanes, steps     int
	pause            time.Duration // at most, before each operation
	latest           int           // of a hundred operations, how many are about the first grant's newest token
	calls, commands  weights
	operators, turns int
	focus            bool // all commands are about the first client and subject
	people           bool
	volley           int // of a hundred histories, how many have one
}

type weights []struct {
	kind model.Kind
	n    int
}

var profiles = []profile{
	{name: "mixed", lanes: 5, steps: 14, pause: 25 * time.Millisecond, latest: 20,
		calls:    weights{{model.Introspect, 50}, {model.Refresh, 28}, {model.Revoke, 10}, {model.Issue, 8}},
		commands: weights{{model.RevokeGrant, 30}, {model.RevokeSubject, 20}, {model.RevokeClient, 15}, {model.Disable, 15}, {model.Create, 20}}, operators: 2, turns: 3},
	{name: "line", lanes: 6, steps: 14, pause: 12 * time.Millisecond, latest: 60,
		calls:    weights{{model.Introspect, 30}, {model.Refresh, 62}, {model.Revoke, 4}},
		commands: weights{{model.RevokeGrant, 40}, {model.Create, 60}}, operators: 1, turns: 2},
	{name: "race", lanes: 6, steps: 10, pause: 4 * time.Millisecond, latest: 70,
		calls:    weights{{model.Introspect, 25}, {model.Refresh, 45}, {model.Revoke, 20}, {model.Issue, 10}},
		commands: weights{{model.RevokeGrant, 45}, {model.RevokeSubject, 20}, {model.Create, 35}}, operators: 2, turns: 3},
	{name: "mass", lanes: 4, steps: 14, pause: 40 * time.Millisecond, latest: 10,
		calls:    weights{{model.Introspect, 55}, {model.Refresh, 10}, {model.Issue, 30}},
		commands: weights{{model.RevokeSubject, 25}, {model.RevokeClient, 35}, {model.Disable, 15}, {model.Create, 25}}, operators: 2, turns: 6},
	{name: "epoch", lanes: 4, steps: 16, pause: 16 * time.Millisecond, latest: 5, focus: true,
		calls:    weights{{model.Introspect, 50}, {model.Issue, 50}},
		commands: weights{{model.RevokeSubject, 10}, {model.RevokeClient, 80}, {model.Create, 10}}, operators: 5, turns: 2},
	{name: "people", lanes: 5, steps: 12, pause: 25 * time.Millisecond, latest: 20, people: true, volley: 20,
		calls: weights{{model.Introspect, 18}, {model.Refresh, 12}, {model.Revoke, 4}, {model.Ask, 24}, {model.Redeem, 20}, {model.Visit, 6},
			{model.Cut, 8}, {model.CutAll, 2}, {model.SignOut, 2}, {model.SignIn, 2}},
		commands: weights{{model.RevokeGrant, 15}, {model.RevokeSubject, 15}, {model.RevokeClient, 15}, {model.Disable, 15}, {model.Create, 20},
			{model.UserDisable, 10}, {model.UserPassword, 5}, {model.UserDelete, 5}}, operators: 2, turns: 2},
	{name: "cuts", lanes: 6, steps: 11, pause: 12 * time.Millisecond, latest: 60, people: true, focus: true, volley: 40,
		calls:    weights{{model.Introspect, 15}, {model.Refresh, 8}, {model.Ask, 34}, {model.Redeem, 26}, {model.Visit, 4}, {model.Cut, 16}, {model.CutAll, 2}},
		commands: weights{{model.RevokeGrant, 40}, {model.Create, 60}}, operators: 1, turns: 2},
	{name: "accounts", lanes: 4, steps: 7, pause: 30 * time.Millisecond, latest: 20, people: true, focus: true,
		calls:    weights{{model.Introspect, 10}, {model.Ask, 20}, {model.Redeem, 12}, {model.Visit, 20}, {model.SignIn, 20}, {model.CutAll, 6}, {model.SignOut, 8}},
		commands: weights{{model.RevokeSubject, 20}, {model.UserDisable, 45}, {model.UserPassword, 25}, {model.UserDelete, 10}}, operators: 2, turns: 2},
}

// NewPlan draws the plan of a seed.
func NewPlan(seed uint64) Plan {
	rng := rand.New(rand.NewPCG(seed, 1))
	chance := func(n int) bool { return rng.IntN(100) < n }
	f := profiles[rng.IntN(len(profiles))]
	p := Plan{Seed: seed, Profile: f.name}
	p.Clients[0] = model.Client{KeepsRefresh: f.name != "line" && chance(15), RevokesToken: chance(25)}
	p.Clients[1] = model.Client{ResourceServer: true, RevokesToken: chance(25)}
	for range f.lanes {
		p.Lanes = append(p.Lanes, f.lane(rng))
	}
	for i := range f.operators {
		p.Operators = append(p.Operators, f.operator(rng, i == 0))
	}
	span := time.Duration(f.steps)*f.pause/2 + 50*time.Millisecond
	at := func() time.Duration { return time.Duration(rng.Int64N(int64(span))) }
	if chance(40) {
		p.Kills = append(p.Kills, kill{rng.IntN(servers), at()})
	}
	if chance(10) {
		p.Kills = append(p.Kills, kill{rng.IntN(servers), at()})
	}
	if chance(12) {
		p.Restore = at() + time.Millisecond
	}
	if p.People = f.people; chance(f.volley) {
		p.Volley = at() + time.Millisecond
	}
	return p
}

func (w weights) draw(rng *rand.Rand) model.Kind {
	sum := 0
	for _, one := range w {
		sum += one.n
	}
	at := rng.IntN(sum)
	for _, one := range w {
		if at -= one.n; at < 0 {
			return one.kind
		}
	}
	return w[0].kind
}

func (f profile) lane(rng *rand.Rand) []step {
	steps := make([]step, f.steps)
	for i := range steps {
		steps[i] = step{kind: f.calls.draw(rng), foreign: rng.IntN(100) < 15, latest: rng.IntN(100) < f.latest, pick: rng.Uint64(),
			pause: time.Duration(rng.Int64N(int64(f.pause))), server: rng.IntN(servers), orders: callOdds.draw(rng)}
		if f.people {
			steps[i].before = callOdds.draw(rng)
		}
	}
	return steps
}

// operator draws what one operator does. Only the first switches clients and
// users off and on, one after the other: of two who do so at once nobody could say which
// was last.
func (f profile) operator(rng *rand.Rand, switches bool) []step {
	var steps []step
	next := func(kind model.Kind) {
		s := step{kind: kind, focus: f.focus, pick: rng.Uint64(), pause: time.Duration(rng.Int64N(int64(40 * time.Millisecond)))}
		if rng.IntN(100) < 5 {
			s.kill = time.Millisecond + time.Duration(rng.Int64N(int64(25*time.Millisecond)))
		}
		steps = append(steps, s)
	}
	for range f.turns {
		kind := f.commands.draw(rng)
		switch {
		case switches:
		case kind == model.Disable:
			kind = model.RevokeClient
		case kind == model.UserDisable || kind == model.UserDelete:
			kind = model.UserPassword
		}
		next(kind)
		if kind == model.Disable || kind == model.UserDisable {
			next(kind + model.Enable - model.Disable)
			steps[len(steps)-1].pick = steps[len(steps)-2].pick // the same client
		}
	}
	return steps
}
