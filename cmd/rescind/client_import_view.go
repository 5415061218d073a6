package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// importView is the result of an import, client by client in the file's order.
type importView struct {
	Form    string         `json:"form"`
	DryRun  bool           `json:"dry_run"`
	Clients int            `json:"clients"`
	Others  int            `json:"rows_of_other_tables,omitempty"`
	Counts  map[string]int `json:"outcomes"`
	Results []incomingView `json:"results"`
}

// incomingView is one client. Its outcome is "imported", "would_import" (of
// --dry-run), "already_there", "refused", "unknown" (the store gave no answer)
// or "not_tried".
type incomingView struct {
	Position int      `json:"position"`
	ID       string   `json:"client_id,omitempty"`
	Outcome  string   `json:"outcome"`
	Reason   string   `json:"reason,omitempty"`
	LeftOut  []string `json:"left_out,omitempty"`
	NoSecret bool     `json:"needs_secret,omitempty"`
	Refresh  bool     `json:"refresh_only,omitempty"`   // it gets tokens only through `grant create`
	Newer    bool     `json:"secret_changed,omitempty"` // already there, with a digest in the hash's place
}

func (im *importing) view() importView {
	v := importView{Form: string(im.form), DryRun: im.dryRun, Clients: len(im.list), Others: im.other, Counts: map[string]int{}, Results: []incomingView{}}
	for _, in := range im.list {
		v.Counts[in.outcome]++
		one := incomingView{Position: in.Position, ID: in.ID, Outcome: in.outcome, Reason: in.why, Newer: in.newer}
		if in.kept() {
			one.LeftOut, one.NoSecret, one.Refresh = in.LeftOut, in.needsSecret(), in.OnlyRefreshes()
		}
		v.Results = append(v.Results, one)
	}
	return v
}

// kept tells whether a client is in, or would be.
func (in *incoming) kept() bool {
	return in.outcome == imported || in.outcome == wouldImport || in.outcome == alreadyIn
}

func (in *incoming) needsSecret() bool {
	return len(in.Client.Secrets) == 0 && !in.Client.Policy.IsPublic()
}

// write says it to people: what was read, what cannot be kept, what was left
// out of the others, and what became of all.
func (im *importing) write(w io.Writer) {
	fmt.Fprintf(w, "The file holds %s: %s.", counted(len(im.list), "client"), im.form)
	if im.other > 0 {
		fmt.Fprintf(w, " %s of other tables %s passed over.", counted(im.other, "row"), wasWere(im.other))
	}
	fmt.Fprintln(w)
	if bad := im.of(refused); len(bad) > 0 {
		fmt.Fprintln(w, "\nThese cannot be imported:")
		for _, in := range bad {
			fmt.Fprintf(w, "  %s: %s\n", in.Name(), in.why)
		}
	}
	im.writeLeftOut(w)
	im.writeRefreshOnly(w)
	im.writeSecretless(w)
	im.writeNewer(w)
	fmt.Fprintf(w, "\n%s\n", im.summary())
}

// mostNamed is how many clients a line names before it only counts.
const mostNamed = 5

func (im *importing) writeLeftOut(w io.Writer) {
	of := map[string][]string{}
	for _, in := range im.list {
		for _, what := range in.LeftOut {
			if in.kept() {
				of[what] = append(of[what], in.ID)
			}
		}
	}
	if len(of) == 0 {
		return
	}
	fmt.Fprintln(w, "\nThese have no place here and are left out:")
	for _, what := range slices.Sorted(maps.Keys(of)) {
		fmt.Fprintf(w, "  %s, of %s\n", what, someOf(of[what]))
	}
}

func (im *importing) writeSecretless(w io.Writer) {
	var ids []string
	for _, in := range im.list {
		if in.kept() && in.needsSecret() {
			ids = append(ids, in.ID)
		}
	}
	if len(ids) > 0 {
		fmt.Fprintf(w, "\nThese have no secret, until `rescind client rotate-secret ID` gives each one:\n  %s\n", someOf(ids))
	}
}

func (im *importing) writeRefreshOnly(w io.Writer) {
	var ids []string
	for _, in := range im.list {
		if in.kept() && in.OnlyRefreshes() {
			ids = append(ids, in.ID)
		}
	}
	if len(ids) > 0 {
		fmt.Fprintf(w, "\nThese get tokens only through `rescind grant create`, until their grant type is offered:\n  %s\n", someOf(ids))
	}
}

func (im *importing) writeNewer(w io.Writer) {
	var ids []string
	for _, in := range im.list {
		if in.newer {
			ids = append(ids, in.ID)
		}
	}
	if len(ids) > 0 {
		fmt.Fprintf(w, "\nThese are there already, and stay, with another secret than the file's hash: as after\ntheir first use, or after a rotation:\n  %s\n", someOf(ids))
	}
}

func someOf(ids []string) string {
	if more := len(ids) - mostNamed; more > 0 {
		return fmt.Sprintf("%s and %s more", strings.Join(ids[:mostNamed], ", "), grouped(more))
	}
	return strings.Join(ids, ", ")
}

func (im *importing) summary() string {
	var parts []string
	for _, row := range []struct{ outcome, words string }{
		{imported, "imported"}, {wouldImport, "can be imported"}, {alreadyIn, "already there"}, {refused, "refused"},
		{unknown, "perhaps imported: the store gave no answer"}, {notTried, "not imported"},
	} {
		if n := im.count(row.outcome); n > 0 {
			parts = append(parts, grouped(n)+" "+row.words)
		}
	}
	end := "."
	if im.dryRun {
		end = ". Nothing was changed."
	}
	return counted(len(im.list), "client") + ": " + strings.Join(parts, "; ") + end
}
