package main

import (
	"slices"
	"strings"

	"rescind/shared/journal"
)

func newRestoredView(store string) restoredView {
	return restoredView{Store: store, Clients: []changeView{}, Users: []userChangeView{}}
}

// userChangeView is what became of one user's account by a journal.
type userChangeView struct {
	Subject string   `json:"sub"`
	Did     []string `json:"did"`     // "deleted", "disabled", "password_dropped"
	Look    []string `json:"look_at"` // "created_since", "left_disabled"
}

func (c userChangeView) changed() bool { return len(c.Did) > 0 }

// userChanges are users by subject: two journals may speak of the same one.
type userChanges map[string]*userChangeView

func (all userChanges) add(c journal.UserChange) {
	v := all[c.Subject]
	if v == nil {
		v = &userChangeView{Subject: c.Subject, Did: []string{}, Look: []string{}}
		all[c.Subject] = v
	}
	put(&v.Did, c.Deleted, "deleted")
	put(&v.Did, c.Off, "disabled")
	put(&v.Did, c.Dropped, "password_dropped")
	put(&v.Look, c.Missing, "created_since")
	put(&v.Look, c.LeftOff, "left_disabled")
}

func (all userChanges) list() []userChangeView {
	list := []userChangeView{}
	for _, v := range all {
		list = append(list, *v)
	}
	slices.SortFunc(list, func(a, b userChangeView) int { return strings.Compare(a.Subject, b.Subject) })
	return list
}

// userInWords is what each word of a userChangeView says to a person.
var userInWords = map[string]string{
	"deleted":          "deleted, as it was",
	"disabled":         "disabled, as it was",
	"password_dropped": "changed after the backup, so the password of then works no longer: give the user a new one with `rescind user set-password`",
	"created_since":    "made after the backup, and not there: run `rescind user create` again",
	"left_disabled":    "enabled after the backup, and disabled as it was then: run `rescind user enable` if it shall be on",
}
