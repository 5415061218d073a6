package sqlite_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rescind/shared/grant"
	"rescind/shared/sqlite"
)

// restoring is a store with a backup of which one grant was revoked since.
type restoring struct {
	t       *testing.T
	path    string
	backup  string
	before  int64 // the generation
	in, new grant.Tokens
}

func newRestoring(t *testing.T) *restoring {
	t.Helper()
	r := &restoring{t: t, path: path(t)}
	s := open(t, r.path, sqlite.Options{})
	r.in = born(t, s, 3)[0]
	info := backedUp(t, s)
	r.backup, r.before = info.Path, info.Generation
	r.new = born(t, s, 1)[0]
	if _, err := rules.RevokeGrant(t.Context(), s, r.in.Grant, "asked"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return r
}

// state opens the store and tells which it is: "old", where the revocation
// stands, or "new", where every grant of the backup is dead.
func (r *restoring) state(why string) string {
	r.t.Helper()
	s := open(r.t, r.path, sqlite.Options{MustExist: true})
	defer func() { _ = s.Close() }()
	rows, err := s.Find(r.t.Context(), grant.Keys{Grants: ids(r.in, r.new)})
	if err != nil || rows.Grants[0] == nil {
		r.t.Fatalf("%s: %v", why, err)
	}
	switch in, after := rows.Grants[0], rows.Grants[1]; {
	case rows.Generation == r.before && !in.Revoked.At.IsZero() && after != nil:
		return "old"
	case rows.Generation > in.Epochs.Store && rows.Generation > r.before && after == nil:
		return "new"
	}
	r.t.Fatalf("%s: the store is neither the old nor the new one: generation %d, before %d", why, rows.Generation, r.before)
	return ""
}

func (r *restoring) restore() sqlite.Restored {
	r.t.Helper()
	b, err := sqlite.BeginRestore(r.t.Context(), r.path, r.backup, sqlite.RestoreOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	done, err := b.Finish(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return done
}

// litter is what beside the store belongs to nothing.
func (r *restoring) litter() {
	r.t.Helper()
	names, err := filepath.Glob(r.path + ".restoring*")
	if err != nil || len(names) > 0 {
		r.t.Errorf("left %v (%v)", names, err)
	}
	if info, err := os.Stat(r.path + "-lock"); err != nil || info.Size() != 0 {
		r.t.Errorf("the lock's file holds something (%v)", err)
	}
}

func TestARestoreEndsAllGrantsAndKeepsTheStoreThatWas(t *testing.T) {
	r := newRestoring(t)
	done := r.restore()
	if r.state("restored") != "new" || done.Kept != nil || done.Generation <= r.before {
		t.Errorf("%+v", done)
	}
	r.litter()
	// The store that was is a backup by now, in one file.
	if names, err := filepath.Glob(done.Aside + "*"); err != nil || len(names) != 1 {
		t.Errorf("set aside: %v (%v)", names, err)
	}
	if _, err := sqlite.Open(t.Context(), done.Aside, sqlite.Options{}); !errors.Is(err, sqlite.ErrCopied) {
		t.Errorf("what was set aside opens: %v", err)
	}
	if info, err := os.Stat(done.Aside); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v (%v)", info, err)
	}
	info, err := sqlite.ReadBackup(done.Aside)
	if err != nil || info.Grants != 4 {
		t.Errorf("%+v, %v", info, err)
	}
	r.backup, r.before = done.Aside, done.Generation // and back again
	done = r.restore()
	s := open(t, r.path, sqlite.Options{})
	rows, err := s.Find(t.Context(), grant.Keys{Grants: ids(r.in, r.new)})
	if err != nil || rows.Grants[0].Revoked.At.IsZero() || rows.Grants[1] == nil || rows.Generation <= r.before || rows.Generation != done.Generation {
		t.Errorf("restored back: generation %d, %v", rows.Generation, err)
	}
}

func TestARestoreWhereThereIsNoStore(t *testing.T) {
	r := newRestoring(t)
	r.path = filepath.Join(t.TempDir(), "new", "place", "s.db")
	done := r.restore()
	if done.Aside != "" || r.state("in a new place") != "new" {
		t.Errorf("%+v", done)
	}
	r.litter()
}

func TestADamagedStoreIsReplacedAndKeptAsItIs(t *testing.T) {
	for name, harm := range map[string]func(r *restoring){
		"overwritten":   func(r *restoring) { damage(r.t, r.path, 1, 5) },
		"no database":   func(r *restoring) { write(r.t, r.path, bytes.Repeat([]byte("junk"), 5000)) },
		"cut":           func(r *restoring) { write(r.t, r.path, []byte("SQLite format 3\x00")) },
		"without a log": func(r *restoring) { remove(r.t, r.path+"-wal") },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRestoring(t)
			harm(r)
			b, err := sqlite.BeginRestore(t.Context(), r.path, r.backup, sqlite.RestoreOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if s, why := b.Present(); s != nil || why == nil {
				t.Error("the present store can be read")
			}
			done, err := b.Finish(t.Context())
			if err != nil || r.state(name) != "new" || done.Aside == "" {
				t.Errorf("%+v, %v", done, err)
			}
			if name != "without a log" && done.Kept == nil {
				t.Error("a damaged store became a backup")
			}
			r.litter()
		})
	}
}

func TestARestoreIsRefused(t *testing.T) {
	r := newRestoring(t)
	begin := func(to, from string) error {
		b, err := sqlite.BeginRestore(t.Context(), to, from, sqlite.RestoreOptions{})
		if err == nil {
			b.Abort()
		}
		return err
	}
	damaged := r.backup + ".damaged"
	whole, err := os.ReadFile(r.backup)
	if err != nil {
		t.Fatal(err)
	}
	damage(t, write(t, damaged, whole), 5, 8)
	newer := write(t, r.backup+".newer", whole)
	alter(t, newer, `PRAGMA user_version = 999`)
	foreign := write(t, r.backup+".foreign", nil)
	alter(t, foreign, `CREATE TABLE theirs (x)`)
	notMine := path(t)
	write(t, notMine, nil)
	alter(t, notMine, `CREATE TABLE theirs (x)`)
	marked := write(t, r.backup+".withlog", whole)
	write(t, marked+"-wal", []byte("x"))
	for name, c := range map[string]struct{ to, from, says string }{
		"a damaged backup":              {r.path, damaged, "damaged"},
		"a newer backup":                {r.path, newer, "upgrade"},
		"another program's backup":      {r.path, foreign, "another program"},
		"no backup":                     {r.path, r.backup + ".none", "there is no backup"},
		"a folder":                      {r.path, t.TempDir(), "not a regular file"},
		"the store itself":              {r.path, r.path, "no backup"},
		"a backup with a log":           {r.path, marked, "no backup"},
		"over another program's":        {notMine, r.backup, "another program"},
		"below a file":                  {filepath.Join(damaged, "x.db"), r.backup, "not a directory"},
		"where nobody can make it":      {"/proc/self/x.db", r.backup, "choose"},
		"junk":                          {r.path, write(t, r.backup+".junk", bytes.Repeat([]byte("junk"), 3000)), "no backup"},
		"an empty file":                 {r.path, write(t, r.backup+".empty", nil), "no backup"},
		"a folder in the store's place": {t.TempDir(), r.backup, "not a regular file"},
	} {
		if err := begin(c.to, c.from); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than one line: %v", name, err)
		}
	}
	if r.state("refused") != "old" {
		t.Error("a refused restore changed the store")
	}
	r.litter()
}

// A store that any process has open is not restored or accepted under it, and
// while it is, nobody opens it.
func TestARestoreHasTheStoreAlone(t *testing.T) {
	r := newRestoring(t)
	s := open(t, r.path, sqlite.Options{})
	if _, err := sqlite.BeginRestore(t.Context(), r.path, r.backup, sqlite.RestoreOptions{}); !errors.Is(err, sqlite.ErrInUse) || !strings.Contains(err.Error(), "stop every server") {
		t.Errorf("restoring under a server: %v", err)
	}
	if _, err := sqlite.AcceptAfter(t.Context(), r.path, sqlite.Options{}, nil); !errors.Is(err, sqlite.ErrInUse) {
		t.Errorf("accepting under a server: %v", err)
	}
	_ = s.Close()
	b, err := sqlite.BeginRestore(t.Context(), r.path, r.backup, sqlite.RestoreOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), r.path, sqlite.Options{}); err == nil || !strings.Contains(err.Error(), "being restored") {
		t.Errorf("opening under a restore: %v", err)
	}
	if _, err := sqlite.BeginRestore(t.Context(), r.path, r.backup, sqlite.RestoreOptions{}); !errors.Is(err, sqlite.ErrInUse) {
		t.Errorf("a second restore: %v", err)
	}
	b.Abort()
	b.Abort()
	if r.state("aborted") != "old" {
		t.Error("an aborted restore changed the store")
	}
	r.litter()
}

// A server in another process counts too, and one that was killed does not.
func TestAKilledServerHoldsNothing(t *testing.T) {
	r := newRestoring(t)
	if out, err := another(t, "die", r.path).CombinedOutput(); err == nil || len(out) > 0 {
		t.Fatalf("the other process: %v: %s", err, out)
	}
	if done := r.restore(); done.Kept != nil || r.state("restored") != "new" {
		t.Errorf("%+v", done)
	}
}
