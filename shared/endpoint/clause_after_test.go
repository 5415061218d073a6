package endpoint_test

import (
	"strings"
	"time"

	"rescind/shared/audit"
	"rescind/shared/grant"
	"rescind/shared/token"
)

// afterForms are the lines of a section "after". All look past the endpoints,
// at the rows.
var afterForms = []form{
	says(`(\w+) is (active|inactive)`, func(r *run, a []string) {
		if got := r.active(r.value(a[0])); got != (a[1] == "active") {
			r.Errorf("%s: %s should be %s and is not", r.at, a[0], a[1])
		}
	}),
	says(`nothing changed`, func(r *run, _ []string) {
		if now := r.dump(); now != r.before {
			r.Errorf("%s: rows changed (values left out): %s", r.at, differing(r.before, now))
		}
	}),
	says(`something changed`, func(r *run, _ []string) {
		if r.dump() == r.before {
			r.Errorf("%s: no row changed", r.at)
		}
	}),
	says(`grant of (\w+) is ended, reason (\w+)`, func(r *run, a []string) {
		if g := r.grantOf(a[0]); g.Revoked.At.IsZero() || g.Revoked.Reason != a[1] {
			r.Errorf("%s: the grant was ended at %v for %q", r.at, g.Revoked.At, g.Revoked.Reason)
		}
	}),
	says(`grant of (\w+) was ended at began \+(\w+)`, func(r *run, a []string) {
		d, err := time.ParseDuration(a[1])
		r.must(err, "reading a duration")
		if g := r.grantOf(a[0]); !g.Revoked.At.Equal(r.began.Add(d)) {
			r.Errorf("%s: the grant was ended %v after the beginning", r.at, g.Revoked.At.Sub(r.began))
		}
	}),
	says(`grant of (\w+) is not ended`, func(r *run, a []string) {
		if g := r.grantOf(a[0]); g == nil || !g.Revoked.At.IsZero() {
			r.Errorf("%s: the grant is ended or gone", r.at)
		}
	}),
	says(`(\w+) and (\w+) are of (one grant|two grants)`, func(r *run, a []string) {
		if same := r.parsed(a[0]).GrantID() == r.parsed(a[1]).GrantID(); same != (a[2] == "one grant") {
			r.Errorf("%s: %s and %s are not of %s", r.at, a[0], a[1], a[2])
		}
	}),
	says(`(\w+) and (\w+) (are the same|differ)`, func(r *run, a []string) {
		if same := r.value(a[0]) == r.value(a[1]); same != (a[2] == "are the same") {
			r.Errorf("%s: %s and %s: not so that they %s", r.at, a[0], a[1], a[2])
		}
	}),
	says(`store was not asked`, func(r *run, _ []string) { r.asked("") }),
	says(`store was asked: (.+)`, func(r *run, a []string) { r.asked(a[0]) }),
	says(`audit: (\w+) (\w+), (.+)`, func(r *run, a []string) {
		e := r.lastEvent()
		if string(e.Action) != a[0] || e.Outcome != a[1] || e.Reason != a[2] {
			r.Errorf("%s: the audit says %s %s, %s", r.at, e.Action, e.Outcome, e.Reason)
		}
	}),
	says(`audit: (\w+) (\w+)`, func(r *run, a []string) {
		if e := r.lastEvent(); string(e.Action) != a[0] || e.Outcome != a[1] || e.Reason != "" {
			r.Errorf("%s: the audit says %s %s, %s", r.at, e.Action, e.Outcome, e.Reason)
		}
	}),
	says(`audit names client (\w+)`, func(r *run, a []string) {
		if e := r.lastEvent(); e.ClientID != r.app(a[0]).id {
			r.Errorf("%s: the audit names the client %q", r.at, e.ClientID)
		}
	}),
	says(`audit names no client`, func(r *run, _ []string) {
		if e := r.lastEvent(); e.ClientID != "" {
			r.Errorf("%s: the audit names the client %q", r.at, e.ClientID)
		}
	}),
	says(`audit names the grant of (\w+)`, func(r *run, a []string) {
		if e, id := r.lastEvent(), r.parsed(a[0]).GrantID().String(); e.GrantID != id {
			r.Errorf("%s: the audit names the grant %q and not %q", r.at, e.GrantID, id)
		}
	}),
	says(`no audit`, func(r *run, _ []string) {
		if len(r.events) > 0 {
			r.Errorf("%s: the audit has %+v", r.at, r.events)
		}
	}),
	says(`secret of (\w+) is kept as (SHA-256|imported)`, func(r *run, a []string) {
		c, err := r.raw.FindClient(r.Context(), r.app(a[0]).id)
		r.must(err, "reading the client")
		if plain := c.Secrets[0].Imported.IsEmpty(); len(c.Secrets) != 1 || plain != (a[1] == "SHA-256") {
			r.Errorf("%s: the secret is not kept as %s", r.at, a[1])
		}
	}),
}

// asked compares the calls to the store during the last request.
func (r *run) asked(verbs string) {
	r.Helper()
	var calls []string
	for _, v := range r.store.Calls() {
		calls = append(calls, string(v))
	}
	if got := strings.Join(calls, " "); got != verbs {
		r.Errorf("%s: the store was asked %q and not %q", r.at, got, verbs)
	}
}

func (r *run) lastEvent() audit.Event {
	r.Helper()
	if len(r.events) == 0 {
		r.Fatalf("%s: the audit has no event", r.at)
	}
	return r.events[len(r.events)-1]
}

func (r *run) grantOf(name string) *grant.Grant {
	r.Helper()
	return r.grant(r.parsed(name).GrantID())
}

func (d *deployment) grant(id token.GrantID) *grant.Grant {
	d.Helper()
	rows, err := d.raw.Find(d.Context(), grant.Keys{Grants: []token.GrantID{id}})
	d.must(err, "reading the grant")
	return rows.Grants[0]
}

// active judges a token by the rows, without the endpoints and without the
// rules that introspection uses beyond Grant.Dead.
func (d *deployment) active(text string) bool {
	d.Helper()
	v, ok := token.Parse(text)
	if !ok {
		return false
	}
	g := d.grant(v.GrantID())
	if g == nil {
		return false
	}
	keys := grant.Keys{Clients: []string{g.ClientID}}
	if g.Subject != "" {
		keys.Subjects = []string{g.Subject}
	}
	rows, err := d.raw.Find(d.Context(), keys)
	d.must(err, "reading what the grant is judged by")
	cur := grant.Current{Client: rows.Clients[0], Store: rows.Generation}
	if g.Subject != "" {
		cur.Subject = rows.Subjects[0]
	}
	now := d.clock.Now()
	if g.Dead(cur, now) != "" {
		return false
	}
	if v.Kind() == token.Access {
		n := g.FindAccess(v.Digest())
		return n >= 0 && now.Before(g.Access[n].Expires)
	}
	return g.Refresh.Equal(v.Digest()) && now.Before(g.IdleEnd)
}

// differing names the places where two dumps part, without their values.
func differing(before, after string) string {
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	var parted []string
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			line := ""
			if i < len(b) {
				line = b[i]
			}
			key, _, _ := strings.Cut(line, "|")
			parted = append(parted, key)
		}
	}
	if len(parted) > 3 {
		parted = append(parted[:3], "and more")
	}
	for i, p := range parted {
		parted[i] = p[:min(len(p), 100)]
	}
	return strings.Join(parted, ", ")
}
