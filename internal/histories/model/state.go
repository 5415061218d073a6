package model

import (
	"fmt"
	"strings"
)

// slots is how many access tokens of a grant live at a time.
const slots = 8

// unseen stands in a slot for an access token that nobody was told of.
const unseen = -1

// state is all that one grant depends on. It is comparable, and never changed
// in place.
type state struct {
	on      [MaxClients]bool
	epoch   [MaxClients]uint8
	subject uint8 // the epoch of the grant's subject
	store   uint8 // the store generation

	born    bool
	at      epochs // recorded at birth
	revoked bool
	current int // the place of the current refresh token in the line
	issued  int // access tokens so far; the next goes into slot issued mod 8
	access  slots8

	used   bool // the code was redeemed
	untold bool // and perhaps nobody was told of the tokens: an answer that was lost between the store and its server
	person person
}

// person is the user whose grant, session, consent or account it is.
type person struct {
	on      bool // the account
	pass    int
	rows    uint64 // which commands have written the account's row
	deleted bool

	session   signedIn
	forms     uint64 // the consent forms that nothing has made void
	consented bool
	consent   epochs
}

// signedIn is a session with the epochs that it recorded.
type signedIn struct {
	born, ended    bool
	subject, store uint8
}

type (
	epochs struct{ client, subject, store uint8 }
	slots8 [slots]int
)

func initial() state {
	var s state
	for c := range s.on {
		s.on[c] = true
	}
	s.person.on = true
	return s
}

// spec is what never changes: what is judged, and the clients' registrations.
type spec struct {
	what    thing
	n       int   // its number: of a grant, a session or a user, and of an app its client
	grant   Grant // of an app, an account and a session: client and subject, where they have one
	session int   // of a session, and of a grant that was made in a browser; or Nobody
	clients [MaxClients]Client
}

// thing is what a history is judged for, one after the other.
type thing uint8

const (
	aGrant thing = iota
	aSession
	anApp     // what one user has consented to for one client
	anAccount // what it takes to sign in
)

// String is for reports.
func (sp spec) String() string {
	return fmt.Sprintf("%s %d of client %d and subject %d", [...]string{"grant", "session", "app", "account"}[sp.what], sp.n, sp.grant.Client, sp.grant.Subject)
}

// alive is the heart: a grant lives until one of the reasons to be dead is
// there, and none ever goes away.
func (sp spec) alive(s state) bool {
	c := sp.grant.Client
	return s.born && !s.revoked && s.on[c] && s.epoch[c] <= s.at.client && s.subject <= s.at.subject && s.store <= s.at.store
}

// signedIn tells whether the session is alive.
func (s state) signedIn() bool {
	in := s.person.session
	return in.born && !in.ended && s.subject <= in.subject && s.store <= in.store
}

// covers tells whether the user need not be asked again for a client.
func (s state) covers(client int) bool {
	p := s.person
	return p.consented && s.epoch[client] <= p.consent.client && s.subject <= p.consent.subject && s.store <= p.consent.store
}

func (s state) holds(access int) bool {
	for _, a := range s.access {
		if a == access {
			return true
		}
	}
	return false
}

// fill puts an access token into the next slot, whatever was there.
func (s state) fill(access int) state {
	s.access[s.issued%slots] = access
	s.issued++
	return s
}

func (s state) drop(access int) state {
	for i, a := range s.access {
		if a == access {
			s.access[i] = 0
		}
	}
	return s
}

// String is for the visualization.
func (s state) String() string {
	var b strings.Builder
	if !s.born {
		b.WriteString("unborn")
	} else {
		fmt.Fprintf(&b, "rt%d, at%v of %d", s.current, s.access, s.issued)
	}
	if s.revoked {
		b.WriteString(", revoked")
	}
	if s.used {
		b.WriteString(", redeemed")
	}
	fmt.Fprintf(&b, "; user %+v", s.person)
	fmt.Fprintf(&b, "; clients on %v epochs %v, subject %d, store %d, recorded %v", s.on, s.epoch, s.subject, s.store, s.at)
	return b.String()
}
