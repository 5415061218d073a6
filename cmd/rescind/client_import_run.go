package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"rescind/shared/audit"
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/registration"
)

// What became of one client of an import.
const (
	wouldImport = "would_import"
	imported    = "imported"
	alreadyIn   = "already_there"
	refused     = "refused"
	unknown     = "unknown"   // the store gave no answer: it may be in
	notTried    = "not_tried" // the import ended before it
)

// importing is an import under way.
type importing struct {
	form   registration.Form
	other  int
	dryRun bool
	list   []*incoming
}

// incoming is one client of the file and what became of it.
type incoming struct {
	registration.Entry
	outcome string
	why     string // for refused
	newer   bool   // already there, with a secret that is kept in another way
}

func newImporting(file registration.File, dryRun bool) *importing {
	im := &importing{form: file.Form, other: file.Other, dryRun: dryRun}
	for _, e := range file.Clients {
		in := &incoming{Entry: e, outcome: wouldImport}
		if e.Refused != nil {
			in.refuse(e.Refused)
		}
		im.list = append(im.list, in)
	}
	return im
}

func (in *incoming) refuse(err error) {
	in.outcome = refused
	switch {
	case errors.Is(err, client.ErrDeleted):
		in.why = "a client with this id was deleted here, and its id cannot be used again; give the client another id"
	case errors.Is(err, client.ErrExists):
		in.why = "another client has this id here, or this one was changed since it came in; compare with `rescind client show " + in.ID + "`, and leave it out or give it another id"
	default:
		in.why = err.Error()
	}
}

func (in *incoming) found(p client.Presence) {
	in.outcome, in.newer = alreadyIn, p == client.Upgraded
}

// of gives those with an outcome.
func (im *importing) of(outcome string) []*incoming {
	var some []*incoming
	for _, in := range im.list {
		if in.outcome == outcome {
			some = append(some, in)
		}
	}
	return some
}

func (im *importing) count(outcome string) int { return len(im.of(outcome)) }

// importPage is how many clients are looked up at a time: with the store's own
// rows they fit into one read of either store.
const importPage = 90

// check compares the file with the clients that are there.
func (im *importing) check(ctx context.Context, store grant.Finder, progress func(int)) error {
	done := 0
	for page := range slices.Chunk(im.of(wouldImport), importPage) {
		var keys grant.Keys
		for _, in := range page {
			keys.Clients = append(keys.Clients, in.ID)
		}
		rows, err := store.Find(ctx, keys)
		if err != nil {
			return err
		}
		for i, in := range page {
			switch found, err := in.Client.Against(rows.Clients[i]); {
			case err != nil:
				in.refuse(err)
			case found != client.Absent:
				in.found(found)
			}
		}
		done += len(page)
		progress(done)
	}
	return nil
}

// hold leaves those that could have been imported, because others cannot.
func (im *importing) hold() {
	if im.dryRun {
		return // it says what could be
	}
	for _, in := range im.of(wouldImport) {
		in.outcome = notTried
	}
}

// importAtOnce is how many clients are written at a time: a store of one file
// syncs them together.
const importAtOnce = 16

// writeClients imports what can be. The first outage ends it; what is under
// way then is waited for, so that it can be said what is in.
func (a *app) writeClients(ctx context.Context, store client.Store, im *importing) error {
	var group errgroup.Group
	group.SetLimit(importAtOnce)
	var broken atomic.Bool
	var done atomic.Int64
	todo := im.of(wouldImport)
	progress := a.every("imported %s of " + grouped(len(todo)) + " clients")
	for _, in := range todo {
		in.outcome = notTried
		group.Go(func() error {
			if broken.Load() || ctx.Err() != nil {
				return ctx.Err()
			}
			err := a.importClient(ctx, store, in)
			if err != nil {
				broken.Store(true)
			}
			progress(int(done.Add(1)))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return im.cutOff(err)
	}
	late := slices.DeleteFunc(todo, func(in *incoming) bool { return in.outcome != refused })
	if len(late) > 0 {
		return fmt.Errorf("%s of the file came in by another hand meanwhile and is not the same (by position: %s); all others that could be imported are in",
			counted(len(late), "client"), positions(late))
	}
	return nil
}

// importClient imports one, and notes what became of it. The error is an outage.
func (a *app) importClient(ctx context.Context, store client.Store, in *incoming) error {
	_, found, err := a.manager(store).Import(ctx, in.Client)
	if found == client.Absent {
		a.record(ctx, audit.Event{Action: audit.Client, Operation: "client import", ClientID: in.ID, Reason: "imported"}, err)
	}
	switch {
	case isRefusal(err):
		in.refuse(err)
	case err != nil:
		in.outcome = unknown
		return err
	case found != client.Absent:
		in.found(found)
	default:
		in.outcome = imported
	}
	return nil
}

// cutOff says what is in after an outage, and that it does no harm to go on.
func (im *importing) cutOff(err error) error {
	var in []*incoming
	in = append(append(in, im.of(imported)...), im.of(alreadyIn)...)
	said := "none of the file's clients is in"
	if len(in) > 0 {
		said = fmt.Sprintf("%s of %s of the file are in (by position: %s)", grouped(len(in)), counted(len(im.list), "client"), positions(in))
	}
	if open := im.of(unknown); len(open) > 0 {
		said += fmt.Sprintf(", of %s nobody knows (%s)", grouped(len(open)), positions(open))
	}
	if left := im.count(notTried); left > 0 {
		said += fmt.Sprintf(", %s not tried", grouped(left))
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted") // else that word is all that is said
	}
	return fmt.Errorf("the import was cut off: %s; nothing was overwritten, and running it again is safe and does the rest: %w", said, err)
}

// positions are positions in a file with runs drawn together: "1-3, 7".
func positions(list []*incoming) string {
	var at []int
	for _, in := range list {
		at = append(at, in.Position)
	}
	slices.Sort(at)
	var runs []string
	for i := 0; i < len(at); {
		j := i
		for j+1 < len(at) && at[j+1] == at[j]+1 {
			j++
		}
		run := fmt.Sprint(at[i])
		if j > i {
			run += fmt.Sprintf("-%d", at[j])
		}
		runs = append(runs, run)
		i = j + 1
	}
	return strings.Join(runs, ", ")
}
