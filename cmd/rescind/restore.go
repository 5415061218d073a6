package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"rescind/shared/dynamo"
	"rescind/shared/journal"
	"rescind/shared/sqlite"
)

func (a *app) restoreCommand() *cobra.Command {
	var replay string
	var yes bool
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup in the place of the SQLite store, or take a restored store into use",
		Long: `Put a backup in the place of the SQLite store. Stop every server of it before.

What was revoked after the backup is alive in it. So all its grants end, whatever
they were; machine clients get new tokens, and users have to grant again. Then what
was ended since is ended again, as far as that is known:
  - The store that is in place is read, if it can be: clients and users that were
    switched off or deleted since the backup stay so, and secrets that were dropped
    stay dropped. An account that was changed loses the password of the backup.
  - So is the journal that --replay names, from "rescind journal export".

What cannot be had back is named: clients, secrets and users that were made since,
and settings that were changed. The store that was in place is kept beside it as a
backup like any other. If this command is cut off, the store is the old one or the
new one, or no server opens it until this command was run again.

For tables that AWS restored see "rescind restore accept --help".`,
		Example: "  rescind restore /backup/rescind-monday.db\n  rescind restore /backup/rescind-monday.db --replay /backup/journal --yes",
	}
	flags := cmd.Flags()
	flags.StringVar(&replay, "replay", "", "end again what this `JOURNAL` says was ended")
	flags.BoolVar(&yes, "yes", false, "do not ask; needed where standard input is no terminal")
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usagef("rescind restore takes one argument, the backup's file, or the command accept; see `rescind restore --help`")
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		l, err := parseStore(a.storeName)
		if err != nil {
			return err
		}
		if !l.isFile() {
			return usagef("AWS restores the tables of a DynamoDB store, under new names: point the functions at those, and run `rescind restore accept --store dynamodb:PREFIX` for them")
		}
		return a.restore(cmd.Context(), l, args[0], replay, yes)
	}
	cmd.AddCommand(a.restoreAcceptCommand())
	return cmd
}

// restoring is one run of restore.
type restoring struct {
	*sqlite.Restore
	journal  *journalFile
	replayer *journal.Replayer
	changes  changes
	users    userChanges
	view     restoredView
}

// restoredView is what a restore did.
type restoredView struct {
	Store      string           `json:"store"`
	Generation int64            `json:"generation"`
	Backup     *backupView      `json:"backup,omitempty"`
	Aside      string           `json:"aside,omitempty"`    // where the store that was is
	Previous   string           `json:"previous,omitempty"` // whether that was read: "read", "partly_read", "unreadable" or "none"
	Replayed   *countsView      `json:"replayed,omitempty"`
	Clients    []changeView     `json:"clients"` // that were changed, or must be looked at
	Users      []userChangeView `json:"users"`   // likewise
	Notes      []string         `json:"notes,omitempty"`
}

func (a *app) restore(ctx context.Context, l location, file, replay string, yes bool) error {
	r := &restoring{changes: changes{}, users: userChanges{}, view: newRestoredView(a.storeName)}
	err := a.askAndRestore(ctx, l, file, replay, yes, r)
	a.recordRestore(ctx, "restore", r.view, err)
	if err != nil {
		return err
	}
	return a.print(r.view, func(w io.Writer) { r.view.write(w) })
}

func (a *app) askAndRestore(ctx context.Context, l location, file, replay string, yes bool, r *restoring) error {
	info, err := sqlite.ReadBackup(file)
	if err != nil {
		return refusing("backup_unusable", err)
	}
	if r.journal, err = openJournal(replay); err != nil {
		return refusing("journal_unusable", err)
	}
	if !yes {
		question := fmt.Sprintf("This puts the backup of %s, with %s and %s, in the place of %s, and ends all grants for good.",
			stamp(info.TakenAt), counted(int(info.Grants), "grant"), counted(int(info.Clients), "client"), a.storeName)
		if err := a.confirm(question); err != nil {
			return refusing("not_confirmed", err)
		}
	}
	return a.runRestore(ctx, l, file, r)
}

func (a *app) runRestore(ctx context.Context, l location, file string, r *restoring) (err error) {
	copied := a.bytes("copied")
	r.Restore, err = sqlite.BeginRestore(ctx, l.path, file, sqlite.RestoreOptions{
		Options: sqlite.Options{Now: a.rules.Now, Logger: a.log},
		Step: func(step string, done, of int64) {
			if step == sqlite.StepCopy {
				copied(done, of)
			}
		},
	})
	if err != nil {
		return inUse(unchanged(err))
	}
	defer r.Abort()
	backup := viewBackup(r.Backup())
	r.view.Backup = &backup
	r.replayer = a.replayer(r.Store(), r.changes, r.users)
	if err := a.replayPrevious(ctx, r); err != nil {
		return unchanged(err)
	}
	if r.journal != nil {
		r.view.warnOfGap(r.journal.header, r.Backup().TakenAt)
		counts, err := r.journal.replay(ctx, r.replayer)
		if err != nil {
			return unchanged(err)
		}
		r.view.replayed(counts)
	}
	done, err := r.Finish(context.WithoutCancel(ctx)) // begun is to be done
	if err != nil {
		return err
	}
	r.view.Generation, r.view.Aside, r.view.Clients, r.view.Users = done.Generation, done.Aside, r.changes.list(), r.users.list()
	switch {
	case done.Kept != nil:
		r.view.Notes = append(r.view.Notes, fmt.Sprintf("The store that was in place is kept as %s, and is no backup: %v.", done.Aside, done.Kept))
	case r.view.Previous == "partly_read":
		r.view.Notes = append(r.view.Notes, fmt.Sprintf("The store that was in place is damaged, and kept as %s.", done.Aside))
	case done.Aside != "":
		r.view.Notes = append(r.view.Notes, fmt.Sprintf("The store that was in place is a backup now, %s.", done.Aside))
	}
	if done.Aside != "" {
		r.view.Notes = append(r.view.Notes, "No server reads that file: delete it once the restored store serves well and what is listed here is put right; until then it is the way back.")
	}
	return nil
}

// margin is how much earlier than the backup the journal of the store in place
// begins: its clock may have been set since. It can only end more.
const margin = 24 * time.Hour

// replayPrevious replays the journal of the store that is in place. One that is
// damaged half-way is replayed as far as it goes: all of it moves towards dead.
func (a *app) replayPrevious(ctx context.Context, r *restoring) error {
	previous, why := r.Present()
	if previous == nil {
		r.view.Previous = "none"
		if why != nil {
			r.view.Previous = "unreadable"
			r.view.Notes = append(r.view.Notes, unread(why, r.Backup().TakenAt))
		}
		return nil
	}
	var found []journal.Entry
	rows := a.every("read %s rows of the store in place so far")
	// From the beginning, not from what the backup says of its time: a clock
	// may have been wrong, and a secret that was dropped must not come back.
	since := r.Backup().TakenAt.Add(-margin)
	why = journal.Collect(ctx, previous, time.Time{}, func(e journal.Entry) error {
		if e.Grant == nil || !e.Grant.At.Before(since) { // all grants end in any case
			found = append(found, e)
		}
		return nil
	}, func(n int64) { rows(int(n)) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.view.Previous = "read"
	if why != nil {
		r.view.Previous = "partly_read"
		r.view.Notes = append(r.view.Notes, unread(why, r.Backup().TakenAt))
	}
	r.replayer.Once = r.journal != nil
	counts, err := r.replayer.Replay(ctx, func() (e journal.Entry, err error) {
		if len(found) == 0 {
			return e, io.EOF
		}
		e, found = found[0], found[1:]
		return e, nil
	})
	r.view.replayed(counts)
	return err
}

func unread(why error, taken time.Time) string {
	return fmt.Sprintf("The store that was in place cannot be read to its end (%v), so nobody knows all that changed since the backup: clients and users that were disabled or deleted after %s may be on again, and secrets that were dropped and passwords that were changed may work. Go through the audit from then on before you start the server, or restore again with --replay.", why, stamp(taken))
}

func (a *app) restoreAcceptCommand() *cobra.Command {
	var replay string
	var yes bool
	cmd := &cobra.Command{
		Use:   "accept",
		Short: "Accept a restored or copied store, which ends all grants in it",
		Long: `Accept a store that was restored or copied by other means than "rescind restore":
tables that AWS restored, or a SQLite file that was put in place. What was revoked
after the copy was made is alive in it. So accepting it ends all grants in it for
good; the clients and users stay as they were when the copy was made, unless --replay
names a journal ("rescind journal export") by which they are ended again.

A SQLite store must not be open in any server. Tables are refused by every function
until this is done: all that the journal says is done before, so where this command
is cut off they go on being refused, and it may be run again.`,
		Example: "  rescind restore accept --store dynamodb:auth-restored --replay journal",
		Args:    exactly(0, ""),
	}
	cmd.Flags().StringVar(&replay, "replay", "", "end again what this `JOURNAL` says was ended")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask; needed where standard input is no terminal")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		l, err := parseStore(a.storeName)
		if err != nil {
			return err
		}
		v := newRestoredView(a.storeName)
		err = a.askAndAccept(cmd.Context(), l, replay, yes, &v)
		v.warnOfServing(l)
		a.recordRestore(cmd.Context(), "restore accept", v, err)
		if err != nil {
			return err
		}
		return a.print(v, func(w io.Writer) { v.write(w) })
	}
	return cmd
}

func (a *app) askAndAccept(ctx context.Context, l location, replay string, yes bool, v *restoredView) error {
	j, err := openJournal(replay)
	if err != nil {
		return refusing("journal_unusable", err)
	}
	if l.isFile() && !l.exists() {
		return refusing("no_store", missingFile(l))
	}
	if !yes {
		if err := a.confirm("This ends all grants in " + a.storeName + " for good."); err != nil {
			return refusing("not_confirmed", err)
		}
	}
	return inUse(a.accept(ctx, l, j, v))
}

// accept takes the store into use, after the journal was replayed into it: on
// either store nobody else can use it before all is done.
func (a *app) accept(ctx context.Context, l location, j *journalFile, v *restoredView) (err error) {
	changes, users := changes{}, userChanges{}
	after := func(store journal.Target) error {
		counts, err := j.replay(ctx, a.replayer(store, changes, users))
		v.replayed(counts)
		return err
	}
	switch {
	case l.isFile() && j == nil:
		v.Generation, err = sqlite.AcceptAfter(ctx, l.path, sqlite.Options{Now: a.rules.Now, Logger: a.log}, nil)
	case l.isFile():
		v.Generation, err = sqlite.AcceptAfter(ctx, l.path, sqlite.Options{Now: a.rules.Now, Logger: a.log}, func(s *sqlite.Store) error { return after(s) })
	default:
		api, apiErr := newDynamoDB(ctx)
		if apiErr != nil {
			return apiErr
		}
		if j == nil {
			v.Generation, err = dynamo.New(api, l.tables).Accept(ctx)
		} else {
			v.Generation, err = dynamo.New(api, l.tables).AcceptAfter(ctx, func(s *dynamo.Store) error { return after(s) })
		}
	}
	v.Clients, v.Users = changes.list(), users.list()
	if err != nil && j != nil && !errors.Is(err, sqlite.ErrInUse) {
		return fmt.Errorf("the store is not in use yet; run this again: %w", err)
	}
	return err
}
