package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"rescind/shared/dynamo"
	"rescind/shared/journal"
)

// countsView is what replaying did, of all journals together: what two of them
// say counts once.
type countsView struct {
	Entries         int64 `json:"entries"`
	Grants          int64 `json:"grants"`
	GrantsGone      int64 `json:"grants_not_there"`
	Denied          int64 `json:"signed_tokens"`
	Subjects        int64 `json:"subjects"`
	Clients         int64 `json:"clients"`
	ClientsNotThere int64 `json:"clients_not_there"`
	Users           int64 `json:"users"` // accounts; "subjects" are epochs
}

// changeView is what became of one client by a journal.
type changeView struct {
	ID   string   `json:"client_id"`
	Did  []string `json:"did"`     // "deleted", "disabled", "secrets_dropped", "epoch_raised"
	Look []string `json:"look_at"` // "registered_since", "secrets_not_there", "no_secret_left", "left_disabled", "settings_older"
}

func (c changeView) changed() bool { return len(c.Did) > 0 }

// changes are clients by id: two journals may speak of the same one.
type changes map[string]*changeView

func (all changes) add(c journal.ClientChange) {
	v := all[c.ID]
	if v == nil {
		v = &changeView{ID: c.ID, Did: []string{}, Look: []string{}}
		all[c.ID] = v
	}
	put(&v.Did, c.Deleted, "deleted")
	put(&v.Did, c.Off, "disabled")
	put(&v.Did, c.Dropped > 0, "secrets_dropped")
	put(&v.Did, c.Raised, "epoch_raised")
	put(&v.Look, c.Missing, "registered_since")
	put(&v.Look, c.Lost > 0, "secrets_not_there")
	put(&v.Look, c.NoSecret, "no_secret_left")
	put(&v.Look, c.LeftOff, "left_disabled")
	put(&v.Look, c.Older, "settings_older")
}

func put(to *[]string, is bool, what string) {
	if is && !slices.Contains(*to, what) {
		*to = append(*to, what)
	}
}

func (all changes) list() []changeView {
	list := []changeView{}
	for _, v := range all {
		list = append(list, *v)
	}
	slices.SortFunc(list, func(a, b changeView) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// inWords is what each word of a changeView says to a person.
var inWords = map[string]string{
	"deleted":           "deleted, as it was",
	"disabled":          "disabled, as it was",
	"secrets_dropped":   "its secrets that had been dropped are dropped",
	"epoch_raised":      "its grants ended, as they were",
	"registered_since":  "registered after the backup, and not there: register it again",
	"secrets_not_there": "a secret of it that worked was made after the backup, and is not there: whoever has it needs a new one, so run `rescind client rotate-secret`",
	"no_secret_left":    "no secret is left to it, so it cannot authenticate until it has a new one",
	"left_disabled":     "enabled after the backup, and disabled as it was then: run `rescind client enable` if it shall be on",
	"settings_older":    "changed after the backup: its settings are as they were then, so look at them with `rescind client show`",
}

func (a *app) replayer(store journal.Target, changes changes, users userChanges) *journal.Replayer {
	progress := a.every("replayed %s entries so far")
	return &journal.Replayer{Store: store, Now: a.rules.Now, Rand: a.rules.Rand, Changed: changes.add, UserChanged: users.add, Done: func(n int64) { progress(int(n)) }}
}

// replayed takes a replayer's counts, which are of all that it has replayed.
func (v *restoredView) replayed(c journal.Counts) {
	v.Replayed = &countsView{Entries: c.Entries, Grants: c.Grants, GrantsGone: c.GrantsGone, Denied: c.Denied, Subjects: c.Subjects,
		Clients: c.Clients, ClientsNotThere: c.ClientsGone, Users: c.Users}
}

// warnOfGap says so where a journal begins after the backup.
func (v *restoredView) warnOfGap(h journal.Header, taken time.Time) {
	if h.Since.After(taken) {
		v.Notes = append(v.Notes, fmt.Sprintf("The journal begins at %s, after the backup of %s: of what was changed between it says nothing.", stamp(h.Since), stamp(taken)))
	}
}

// warnOfServing says how long a process that serves these tables already may
// go by the generation before. A file's servers were stopped.
func (v *restoredView) warnOfServing(l location) {
	if !l.isFile() {
		v.Notes = append(v.Notes, fmt.Sprintf("A function or server that was answering from these tables meanwhile sees this within %d s; until then it may still accept a grant from before. "+
			"One that starts from now on sees it at once.", int(dynamo.MetaInterval/time.Second)))
	}
}

func (v *restoredView) write(w io.Writer) {
	if v.Backup != nil {
		fmt.Fprintf(w, "The store %s is the backup of %s (generation %d). All its grants have ended, with all their tokens.\n", v.Store, stamp(v.Backup.taken), v.Generation)
	} else {
		fmt.Fprintf(w, "The store %s is accepted (generation %d). All grants from before have ended, with all their tokens.\n", v.Store, v.Generation)
	}
	for _, note := range v.Notes {
		fmt.Fprintln(w, note)
	}
	switch {
	case v.Previous == "read":
		fmt.Fprintln(w, "What was ended since the backup was read from it, and is ended again.")
	case v.Replayed == nil:
		fmt.Fprintln(w, "The clients and users are as they were when the copy was made: one that was disabled or deleted since is on again, and a secret that was dropped or a password that was changed since works.")
	}
	if r := v.Replayed; r != nil {
		changed := 0
		for _, c := range v.Clients {
			if c.changed() {
				changed++
			}
		}
		for _, u := range v.Users {
			if u.changed() {
				changed++
			}
		}
		fmt.Fprintf(w, "Ended again: %s, %s and %s. %s and %s compared, and %s changed.\n", counted(int(r.Grants+r.GrantsGone), "grant"),
			counted(int(r.Subjects), "user"), counted(int(r.Denied), "signed token"), counted(int(r.Clients+r.ClientsNotThere), "client"),
			counted(int(r.Users), "account"), grouped(changed))
	}
	for _, c := range v.Clients {
		for _, what := range append(slices.Clone(c.Did), c.Look...) {
			fmt.Fprintf(w, "  client %s: %s\n", c.ID, inWords[what])
		}
	}
	for _, u := range v.Users {
		for _, what := range append(slices.Clone(u.Did), u.Look...) {
			fmt.Fprintf(w, "  user %s: %s\n", u.Subject, userInWords[what])
		}
	}
}
