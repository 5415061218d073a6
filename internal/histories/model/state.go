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
	return s
}

// spec is what never changes: the grant and the clients' registrations.
type spec struct {
	grant   Grant
	clients [MaxClients]Client
}

// alive is the heart: a grant lives until one of the reasons to be dead is
// there, and none ever goes away.
func (sp spec) alive(s state) bool {
	c := sp.grant.Client
	return s.born && !s.revoked && s.on[c] && s.epoch[c] <= s.at.client && s.subject <= s.at.subject && s.store <= s.at.store
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
	fmt.Fprintf(&b, "; clients on %v epochs %v, subject %d, store %d, recorded %v", s.on, s.epoch, s.subject, s.store, s.at)
	return b.String()
}
