package drive

import "rescind/internal/histories/model"

// choose decides what a step over HTTP is about, by what is known now. ok is
// false where there is nothing of the kind.
func (r *record) choose(s step) (o model.Op, value string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o = model.Op{Kind: s.kind, Subject: model.Nobody, Grant: model.Nobody, Session: model.Nobody}
	pick := dice(s.pick)
	if s.kind == model.Issue {
		o.Caller = pick.of(4) % 3 % model.MaxClients // the first client more often
		o.Client = o.Caller
		return o, "", true
	}
	g := r.grantFor(s, &pick)
	if g == nil {
		return o, "", false
	}
	o.Grant, o.Caller, o.Client = g.n, g.client, g.client
	if s.kind == model.Redeem {
		o.Wrong = pick.of(12) == 0
		if s.foreign && pick.of(2) == 0 {
			o.Caller = 1 - g.client
		}
		return o, g.code, true
	}
	// A resource server's own right is to look at what others have.
	if s.foreign || s.kind == model.Introspect && pick.of(4) == 0 {
		o.Caller = 1 - g.client
	}
	o.Token = g.chooseToken(s, &pick)
	return o, g.token(o.Token), true
}

// grantFor takes the first grant, the newest or any.
func (r *record) grantFor(s step, pick *dice) *known {
	var fit []*known
	for _, g := range r.grants {
		if g.fits(s.kind) && (s.kind != model.Redeem || !g.told || pick.of(6) == 0) {
			fit = append(fit, g)
		}
	}
	switch {
	case len(fit) == 0:
		return nil
	case s.kind == model.Redeem && (s.latest || pick.of(2) == 0):
		return fit[len(fit)-1]
	case s.latest:
		return fit[0]
	case pick.of(3) == 0:
		return fit[len(fit)-1]
	}
	return fit[pick.of(len(fit))]
}

// fits tells whether the grant has something that the kind can be about.
func (g *known) fits(kind model.Kind) bool {
	switch kind {
	case model.Refresh:
		return len(g.refresh) > 0
	case model.Redeem:
		return g.code != ""
	}
	return len(g.access) > 0
}

// chooseToken prefers the newest tokens, and takes older ones often enough.
func (g *known) chooseToken(s step, pick *dice) model.Token {
	line := func(back int) model.Token { return model.Token{Refresh: true, N: max(0, len(g.refresh)-1-back)} }
	if s.kind == model.Refresh {
		if s.latest {
			return line(0)
		}
		// Mostly the newest; the one before, which is in its grace; now and then older.
		return line([]int{0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 3, 4}[pick.of(12)])
	}
	if len(g.refresh) > 0 && pick.of(3) == 0 {
		return line([]int{0, 0, 0, 1, 2, 5}[pick.of(6)])
	}
	if s.latest || pick.of(2) == 0 {
		return model.Token{N: len(g.access)}
	}
	return model.Token{N: 1 + pick.of(len(g.access))}
}

// dice turns one number into several small ones.
type dice uint64

func (d *dice) of(n int) int {
	*d = *d*6364136223846793005 + 1442695040888963407
	return int(uint64(*d) >> 33 % uint64(n))
}
