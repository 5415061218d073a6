package authorization

import (
	"slices"
	"time"

	"rescind/shared/grant"
	"rescind/shared/oauth"
)

// App gives what was consented to for a client; the zero App where nothing was.
func (c *Consents) App(clientID string) App {
	if c != nil {
		if n, ok := c.find(clientID); ok {
			return c.Apps[n]
		}
	}
	return App{ClientID: clientID}
}

func (c *Consents) find(clientID string) (n int, ok bool) {
	return slices.BinarySearchFunc(c.Apps, clientID, func(a App, id string) int {
		switch {
		case a.ClientID < id:
			return -1
		case a.ClientID > id:
			return 1
		}
		return 0
	})
}

// set puts an app into its place.
func (c *Consents) set(a App) {
	n, ok := c.find(a.ClientID)
	if !ok {
		c.Apps = slices.Insert(c.Apps, n, App{})
	}
	c.Apps[n] = a
}

// Stands tells whether the consent is one still: it was given, not withdrawn,
// and nothing has ended the user's or the client's grants since.
func (a App) Stands(cur grant.Epochs) bool {
	return len(a.Scope) > 0 && !behind(a.Epochs, cur)
}

// behind tells whether an epoch was raised since those were read.
func behind(read, cur grant.Epochs) bool {
	return read.Client < cur.Client || read.Subject < cur.Subject || read.Store < cur.Store
}

// knowsLater tells whether the row was written under an epoch that was raised
// since those were read: then what was decided under them has ended already, and
// is not to take the place of what was decided since.
func (a App) knowsLater(seen grant.Epochs) bool {
	return behind(seen, a.Epochs)
}

// Covers tells whether a consent that stands has all that is asked for. A
// consent without an audience covers a request without one only: no audience
// means any API of the deployment.
func (a App) Covers(scope oauth.Scope, audience []string, cur grant.Epochs) bool {
	if !a.Stands(cur) || !scope.Within(a.Scope) {
		return false
	}
	if len(a.Audience) == 0 || len(audience) == 0 {
		return len(a.Audience) == 0 && len(audience) == 0
	}
	return oauth.Scope(audience).Within(a.Audience)
}

// consented adds what the user allows now to what still stands.
func (a App) consented(r *Request, seen grant.Epochs, now time.Time) App {
	if !a.Stands(seen) {
		a.Scope, a.Audience, a.Since = nil, nil, now
	} else if len(a.Audience) == 0 || len(r.Audience) == 0 {
		// Consents for any API and for some are not one consent: the new one stands.
		if len(a.Audience) != len(r.Audience) {
			a.Scope, a.Audience = nil, nil
		}
	}
	a.Scope = union(a.Scope, r.Scope)
	a.Audience = union(a.Audience, r.Audience)
	a.Epochs = seen
	return a
}

func union[S ~[]string](have, more S) S {
	all := slices.Clone(have)
	for _, s := range more {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// maxGrants is how many grants of one app a row has room for.
const maxGrants = 100

// made adds a grant. Those that have ended are left out, and where there is no
// room the oldest gives way; it is to be ended.
func (a App) made(g Made, now time.Time) (after App, displaced []Made) {
	living := make([]Made, 0, len(a.Grants)+1)
	for _, m := range a.Grants {
		if now.Before(m.End) && m.ID != g.ID { // it is there already where this is done once more
			living = append(living, m)
		}
	}
	living = append(living, g)
	if n := len(living) - maxGrants; n > 0 {
		displaced, living = living[:n:n], living[n:]
	}
	a.Grants = living
	return a, displaced
}

// withdrawnFor is how long a row remembers that an app was cut. No request that
// had read the row before the cut is still on its way by then.
const withdrawnFor = 24 * time.Hour

// prune drops the apps of which there is nothing left to know.
func (c *Consents) prune(now time.Time) {
	c.Apps = slices.DeleteFunc(c.Apps, func(a App) bool {
		return len(a.Scope) == 0 && len(a.Grants) == 0 && now.Sub(a.Since) > withdrawnFor
	})
}

// withdraw takes the consent back. From here on the row's grants are to be
// ended, and a grant that is being made out of what stood before is not handed out.
func (a App) withdraw(now time.Time) App {
	a.Scope, a.Audience, a.Since = nil, nil, now
	a.Withdrawn++
	return a
}
