package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rescind/shared/journal"
)

func (a *app) journalCommand() *cobra.Command {
	cmd := group(&cobra.Command{Use: "journal", Short: "Write down what was ended, to end it again after a restore"})
	var since, out string
	export := &cobra.Command{
		Use:   "export --since T",
		Short: "Write what was ended since a time",
		Long: `Write what was ended since a time: the grants, users and signed tokens that were
revoked, the clients and accounts that were switched off, deleted or changed, and
when the secrets were made that work. "rescind restore FILE --replay" and "rescind restore
accept --replay" end all of it again in an older backup. The journal holds no token,
no secret and no digest of one.

The whole store is read, which takes a while and on DynamoDB costs read units. What
is ended while that goes on may be in it or not; what was ended before is.

A client may be set to revoke an access token alone, and that leaves no mark: it
is not in the journal. A restore ends the whole grant of such a token.`,
		Example: "  rescind journal export --since 36h --out /backup/journal\n  rescind journal export --since 2026-11-23T04:00:00Z > journal",
		Args:    exactly(0, ""),
	}
	flags := export.Flags()
	flags.SortFlags = false
	flags.StringVar(&since, "since", "", "from when on: a `TIME` such as 2026-11-23T04:00:00Z (RFC 3339), or so long ago, such as 36h or 2d")
	flags.StringVar(&out, "out", "", "write to this `FILE`, which must not be there, instead of standard output")
	export.RunE = func(cmd *cobra.Command, args []string) error {
		from, err := parseSince(since, a.rules.Now())
		if err != nil {
			return err
		}
		return a.withStore(func(ctx context.Context, store operatorStore, _ []string) error {
			return a.exportJournal(ctx, store, from, out)
		})(cmd, args)
	}
	cmd.AddCommand(export)
	return cmd
}

func parseSince(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, usagef("--since is missing; give the time of the backup, such as --since 2026-11-23T04:00:00Z or --since 36h")
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t, err = time.Parse(stampForm, s)
	}
	if err != nil {
		ago, ok := parseAgo(s)
		if !ok {
			return time.Time{}, usagef("--since must be a time such as 2026-11-23T04:00:00Z, or a duration such as 36h or 2d")
		}
		t = now.Add(-ago)
	}
	if t.After(now) {
		return time.Time{}, usagef("--since is in the future")
	}
	return t.UTC().Truncate(time.Millisecond), nil
}

// stampForm is the form in which times are shown to people.
const stampForm = "2006-01-02 15:04:05 UTC"

// mostDays keeps a number of days within a duration.
const mostDays = 100_000

// parseAgo reads a duration that may begin with days of 24 hours: 2d, 1d12h.
func parseAgo(s string) (ago time.Duration, ok bool) {
	if days, rest, found := strings.Cut(s, "d"); found {
		n, err := strconv.ParseUint(days, 10, 32)
		if err != nil || n > mostDays || strings.HasPrefix(rest, "-") {
			return 0, false
		}
		ago = time.Duration(n) * 24 * time.Hour
		if s = rest; s == "" {
			return ago, true
		}
	}
	more, err := time.ParseDuration(s)
	return ago + more, err == nil && more >= 0 && ago+more >= 0
}

func (a *app) exportJournal(ctx context.Context, store operatorStore, since time.Time, out string) (err error) {
	if out == "" {
		_, err := a.writeJournal(ctx, store, since, a.stdout)
		return err
	}
	f, err := os.OpenFile(out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already; choose another file for the journal", out)
	}
	if err != nil {
		return fmt.Errorf("making the journal's file: %w; choose another file", err)
	}
	n, err := a.writeJournal(ctx, store, since, f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(out))
	}
	v := exportedView{File: out, Since: since.Format(time.RFC3339), Entries: n.all(), Grants: n.grants, Subjects: n.subjects, Denied: n.denied, Clients: n.clients, Users: n.users}
	return a.print(v, func(w io.Writer) {
		fmt.Fprintf(w, "%s holds what was ended since %s: %s, %s and %s.\n", out, stamp(since),
			counted(int(n.grants), "grant"), counted(int(n.subjects), "user"), counted(int(n.denied), "signed token"))
		fmt.Fprintf(w, "It also holds the state of %s and %s: all made or changed since, and all that are off or deleted, whenever that was.\n",
			counted(int(n.clients), "client"), counted(int(n.users), "account"))
	})
}

// exportedView is a journal that was written to a file.
type exportedView struct {
	File     string `json:"file"`
	Since    string `json:"since"`
	Entries  int64  `json:"entries"`
	Grants   int64  `json:"grants"`
	Subjects int64  `json:"subjects"`
	Denied   int64  `json:"signed_tokens"`
	Clients  int64  `json:"clients"` // made or changed since, and all that are off or deleted
	Users    int64  `json:"users"`   // likewise
}

// entryCounts are the entries of a journal by kind.
type entryCounts struct{ clients, users, subjects, denied, grants int64 }

func (n *entryCounts) add(e journal.Entry) {
	switch {
	case e.Client != nil:
		n.clients++
	case e.User != nil:
		n.users++
	case e.Subject != nil:
		n.subjects++
	case e.Denied != nil:
		n.denied++
	default:
		n.grants++
	}
}

func (n *entryCounts) all() int64 { return n.clients + n.users + n.subjects + n.denied + n.grants }

func (a *app) writeJournal(ctx context.Context, store operatorStore, since time.Time, to io.Writer) (n entryCounts, err error) {
	generation, err := store.Generation(ctx)
	if err != nil {
		return n, err
	}
	j, err := journal.NewWriter(to, journal.Header{Since: since, ExportedAt: a.rules.Now().UTC().Truncate(time.Millisecond), Store: a.storeName, Generation: generation})
	if err != nil {
		return n, err
	}
	progress := a.every("read %s rows so far")
	err = journal.Collect(ctx, store, since, func(e journal.Entry) error {
		n.add(e)
		return j.Write(e)
	}, func(rows int64) { progress(int(rows)) })
	if err != nil {
		return n, fmt.Errorf("the journal is not whole, so it cannot be replayed: %w", err)
	}
	return n, j.Close()
}

// journalFile is a journal to be replayed, which was read whole once.
type journalFile struct {
	path   string
	header journal.Header
}

// openJournal reads a journal to its end before anything is done by it; nil
// where none was named.
func openJournal(path string) (*journalFile, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the journal: %w; name a file of `rescind journal export`", err)
	}
	defer func() { _ = f.Close() }()
	header, err := journal.Verify(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return &journalFile{path, header}, nil
}

// replay replays it.
func (j *journalFile) replay(ctx context.Context, r *journal.Replayer) (journal.Counts, error) {
	f, err := os.Open(j.path)
	if err != nil {
		return journal.Counts{}, fmt.Errorf("reading the journal: %w", err)
	}
	defer func() { _ = f.Close() }()
	lines, err := journal.NewReader(f)
	if err != nil {
		return journal.Counts{}, err
	}
	return r.Replay(ctx, lines.Next)
}
