package drive

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rescind/internal/histories/model"
)

// record is what happened so far, and what the callers know of it. It gives
// tokens the names that the model has for them.
type record struct {
	start time.Time
	begun atomic.Int64

	mu       sync.Mutex
	h        model.History
	grants   []*known
	people   people
	answers  map[string]int // by kind and status, for the report
	breaches []string       // of what needs no model to be wrong
}

// known is a grant that somebody was given tokens of.
type known struct {
	n       int // the model's number
	client  int
	subject int
	id      string   // as the operator's command takes it
	refresh []string // the line, as far as anybody saw it
	access  []string // access[i] is the model's i+1
	code    string   // empty for one that was born with tokens
	told    bool     // somebody was given tokens for the code
}

func newRecord(clients [model.MaxClients]model.Client) *record {
	return &record{start: time.Now(), h: model.History{Clients: clients}, answers: map[string]int{}}
}

// now is in nanoseconds of a clock that only goes forward.
func (r *record) now() int64 { return int64(time.Since(r.start)) }

// breach notes what is wrong whatever else happened.
func (r *record) breach(format string, args ...any) {
	r.breaches = append(r.breaches, fmt.Sprintf(format, args...))
}

// begin counts an operation before anything is sent.
func (r *record) begin(o model.Op) model.Op {
	o.ID = int(r.begun.Add(1))
	o.Call = r.now()
	return o
}

// end writes an operation down; learn, where it is not nil, first names the
// tokens of its answer.
func (r *record) end(o model.Op, status string, learn func(*model.Op)) model.Op {
	r.mu.Lock()
	defer r.mu.Unlock()
	if learn != nil {
		learn(&o)
	}
	r.answers[o.Kind.String()+" "+status]++
	r.h.Ops = append(r.h.Ops, o)
	return o
}

// notSent forgets an operation that certainly reached nobody.
func (r *record) notSent(o model.Op) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers[o.Kind.String()+" not sent"]++
	r.h.NotSent++
}

// shadow writes down the second delivery of an operation, of which nobody sees
// the answer and which may come late.
func (r *record) shadow(o model.Op) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o.ID, o.Outcome = -o.ID, model.Unknown
	r.h.Ops = append(r.h.Ops, o)
	r.h.Shadowed++
}

// born adds a grant by its first tokens; refresh may be empty.
func (r *record) born(o *model.Op, subject int, access, refresh string) {
	id, ok := grantID(access)
	if !ok {
		r.breach("a token response without an access token of ours")
		return
	}
	g := &known{n: len(r.grants), client: o.Client, subject: subject, id: id, access: []string{access}}
	if refresh != "" {
		g.refresh = []string{refresh}
		g.belongs(r, refresh)
	}
	r.grants = append(r.grants, g)
	r.h.Grants = append(r.h.Grants, model.Grant{Client: o.Client, Subject: subject})
	o.Grant, o.NewAccess = g.n, 1
}

// refreshed names the tokens of a refresh's answer. The successor of a token is
// the same in every answer.
func (r *record) refreshed(o *model.Op, access, refresh string) {
	g := r.grants[o.Grant]
	g.belongs(r, access)
	g.belongs(r, refresh)
	o.NewRefresh = o.Token.N + 1
	if r.h.Clients[g.client].KeepsRefresh {
		o.NewRefresh = o.Token.N
	}
	switch {
	case o.NewRefresh == len(g.refresh):
		g.refresh = append(g.refresh, refresh)
	case g.refresh[o.NewRefresh] != refresh:
		r.breach("refresh token %d of grant %d got two different successors", o.Token.N, g.n)
	}
	o.NewAccess = g.nameAccess(access)
}

func (g *known) nameAccess(access string) int {
	for i, a := range g.access {
		if a == access {
			return i + 1
		}
	}
	g.access = append(g.access, access)
	return len(g.access)
}

// belongs checks that a token names the grant that it was given for.
func (g *known) belongs(r *record, token string) {
	if id, ok := grantID(token); !ok || id != g.id {
		r.breach("grant %d was given a token of another grant", g.n)
	}
}

// token gives the value behind a name.
func (g *known) token(t model.Token) string {
	if t.Refresh {
		return g.refresh[t.N]
	}
	return g.access[t.N-1]
}

// grantID reads the id that a token's first 16 bytes are, in hexadecimal.
func grantID(token string) (string, bool) {
	payload := ""
	for _, prefix := range []string{"rsc_at_", "rsc_rt_", "rsc_ac_"} {
		if rest, ok := strings.CutPrefix(token, prefix); ok {
			payload = rest
		}
	}
	if len(payload) < 24 {
		return "", false
	}
	b, err := base64.RawURLEncoding.DecodeString(payload[:24])
	return hex.EncodeToString(b[:min(16, len(b))]), err == nil
}
