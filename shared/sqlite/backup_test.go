package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rescind/shared/grant"
	"rescind/shared/sqlite"
)

func backedUp(t *testing.T, s *sqlite.Store) sqlite.BackupInfo {
	t.Helper()
	info, err := s.Backup(t.Context(), filepath.Join(t.TempDir(), "backup"), sqlite.BackupOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestABackupIsMarkedPrivateAndAlone(t *testing.T) {
	s := open(t, path(t), sqlite.Options{})
	born(t, s, 7)
	var last, of int64
	to := filepath.Join(t.TempDir(), "backup")
	before := time.Now().Truncate(time.Millisecond)
	info, err := s.Backup(t.Context(), to, sqlite.BackupOptions{Progress: func(done, all int64) { last, of = done, all }})
	if err != nil {
		t.Fatal(err)
	}
	generation, err := s.Generation(t.Context())
	if err != nil || info.Generation != generation || info.Grants != 7 || info.Clients != 0 || info.TakenAt.Before(before) || info.TakenAt.After(time.Now()) {
		t.Errorf("the backup says %+v; the generation is %d (%v)", info, generation, err)
	}
	stat, err := os.Stat(to)
	if err != nil || stat.Mode().Perm() != 0o600 || stat.Size() != info.Bytes || last != of || last == 0 {
		t.Errorf("%v, %v, progress %d of %d", stat, err, last, of)
	}
	if names, err := filepath.Glob(to + "*"); err != nil || len(names) != 1 {
		t.Errorf("the backup left %v (%v)", names, err)
	}
	again, err := sqlite.ReadBackup(to)
	if info.Path = to; err != nil || again.Grants != 7 || again.Generation != generation || !again.TakenAt.Equal(info.TakenAt) {
		t.Errorf("read again: %+v, %v", again, err)
	}
	if found, err := sqlite.Check(t.Context(), to); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
	// It is no store, not even where SQLite would find a log beside it.
	for _, o := range []sqlite.Options{{}, {MustExist: true}} {
		s, err := sqlite.Open(t.Context(), to, o)
		if err == nil {
			_ = s.Close()
			t.Fatal("a backup opened")
		}
		if !errors.Is(err, sqlite.ErrCopied) || !strings.Contains(err.Error(), "rescind restore "+to) {
			t.Errorf("%v", err)
		}
		if names, err := filepath.Glob(to + "*"); err != nil || len(names) != 1 && !o.MustExist {
			t.Errorf("a refusal left %v (%v)", names, err)
		}
		write(t, to+"-wal", nil)
	}
}

func TestABackupPutInPlaceByHandMayBeAccepted(t *testing.T) {
	s := open(t, path(t), sqlite.Options{})
	g := born(t, s, 1)[0]
	info := backedUp(t, s)
	accepted := open(t, info.Path, sqlite.Options{Accept: true})
	rows, err := accepted.Find(t.Context(), grant.Keys{Grants: ids(g)})
	if err != nil || rows.Generation <= info.Generation || rows.Grants[0] == nil {
		t.Errorf("%+v, %v", rows, err)
	}
	_ = accepted.Close()
	open(t, info.Path, sqlite.Options{})
	if _, err := sqlite.ReadBackup(info.Path); err == nil {
		t.Error("what was accepted is still a backup")
	}
}

func TestWhatABackupWouldHarmIsRefused(t *testing.T) {
	p := path(t)
	s := open(t, p, sqlite.Options{})
	born(t, s, 1)
	other := path(t)
	open(t, other, sqlite.Options{})
	folder := t.TempDir()
	link := filepath.Join(folder, "link")
	if err := os.Symlink(p, link); err != nil {
		t.Fatal(err)
	}
	kept := write(t, filepath.Join(folder, "kept"), []byte("kept"))
	plain := write(t, filepath.Join(folder, "plain"), []byte("x"))
	linkedFolder := filepath.Join(folder, "folder")
	if err := os.Symlink(filepath.Dir(p), linkedFolder); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		to    string
		force bool
		says  string
	}{
		"the store":                   {p, true, "the store itself"},
		"its log":                     {p + "-wal", true, "the store itself"},
		"its audit trail":             {p + "-audit.jsonl", true, "the store itself"},
		"the store by another folder": {filepath.Join(linkedFolder, filepath.Base(p)), true, "the store itself"},
		"a link to the store":         {link, true, "not a regular file"},
		"another store":               {other, true, "is a store and no backup"},
		"a file that is there":        {kept, false, "--force"},
		"a folder":                    {folder, true, "not a regular file"},
		"below a file":                {filepath.Join(plain, "backup"), false, "not a directory"},
		"no folder":                   {filepath.Join(folder, "none", "backup"), false, "no such file"},
		"a file nobody can make":      {"/proc/self/backup", false, "choose"},
	} {
		_, err := s.Backup(t.Context(), c.to, sqlite.BackupOptions{Force: c.force})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if b, err := os.ReadFile(kept); err != nil || string(b) != "kept" {
		t.Errorf("a refused backup changed a file: %q, %v", b, err)
	}
	hard := filepath.Join(filepath.Dir(p), "hard")
	if err := os.Link(p, hard); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Backup(t.Context(), hard, sqlite.BackupOptions{Force: true}); err == nil || !strings.Contains(err.Error(), "another name of the store") {
		t.Errorf("a hard link: %v", err)
	}
	remove(t, hard)
	if _, err := s.Backup(t.Context(), kept, sqlite.BackupOptions{Force: true}); err != nil {
		t.Errorf("with force: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(folder, "*.partial*")); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestABackupThatWasKilledIsTakenOver(t *testing.T) {
	s := open(t, path(t), sqlite.Options{})
	born(t, s, 2)
	to := filepath.Join(t.TempDir(), "backup")
	write(t, to+".partial", bytes.Repeat([]byte("half of a backup"), 10_000))
	if err := os.Chmod(to+".partial", 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Backup(t.Context(), to, sqlite.BackupOptions{}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.Backup(ctx, to+"2", sqlite.BackupOptions{Progress: func(int64, int64) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if names, err := filepath.Glob(to + "*"); err != nil || len(names) != 1 {
		t.Errorf("it left %v (%v)", names, err)
	}
}

// What was answered before a backup began is in it, whole, and its rows agree.
func TestABackupUnderWritesIsOfOneMoment(t *testing.T) {
	p := path(t)
	s := open(t, p, sqlite.Options{})
	born(t, s, 300)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var mu sync.Mutex
	var answered []grant.Tokens
	var slowest time.Duration
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				began := time.Now()
				tokens, err := rules.Issue(context.Background(), s, birth())
				if err != nil {
					t.Errorf("writing: %v", err)
					return
				}
				mu.Lock()
				slowest = max(slowest, time.Since(began))
				answered = append(answered, tokens)
				mu.Unlock()
			}
		})
	}
	another := open(t, p, sqlite.Options{}) // as the operator's process has it
	for i := range 5 {
		time.Sleep(20 * time.Millisecond)
		mu.Lock()
		must := answered[:len(answered):len(answered)]
		mu.Unlock()
		info, err := another.Backup(t.Context(), filepath.Join(t.TempDir(), "backup"), sqlite.BackupOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if info.Grants < int64(len(must))+300 {
			t.Errorf("backup %d has %d grants; %d were answered before it", i, info.Grants, len(must)+300)
		}
		copied := open(t, info.Path, sqlite.Options{Accept: true})
		for _, tokens := range must {
			rows, err := copied.Find(t.Context(), grant.Keys{Grants: ids(tokens)})
			if err != nil || rows.Grants[0] == nil {
				t.Fatalf("a grant that was answered before the backup is not in it (%v)", err)
			}
		}
		_ = copied.Close()
	}
	stop()
	wg.Wait()
	if slowest > 2*time.Second {
		t.Errorf("a write took %v beside a backup", slowest)
	}
}

func TestABackupOfADamagedStoreFails(t *testing.T) {
	p := path(t)
	s := open(t, p, sqlite.Options{})
	born(t, s, 500)
	_ = s.Close()
	damage(t, p, 20, 25)
	s = open(t, p, sqlite.Options{})
	to := filepath.Join(t.TempDir(), "backup")
	_, err := s.Backup(t.Context(), to, sqlite.BackupOptions{})
	if err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("%v", err)
	}
	if names, _ := filepath.Glob(to + "*"); len(names) > 0 {
		t.Errorf("it left %v", names)
	}
}

// BenchmarkBackup copies a store of 100,000 grants while four goroutines issue
// without pause, and tells how long their slowest and their usual write took.
func BenchmarkBackup(b *testing.B) {
	s, _ := filled(b, 100_000)
	ctx, stop := context.WithCancel(context.Background())
	var mu sync.Mutex
	var took []time.Duration
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				began := time.Now()
				if _, err := rules.Issue(context.Background(), s, birth()); err != nil {
					b.Errorf("writing: %v", err)
					return
				}
				mu.Lock()
				took = append(took, time.Since(began))
				mu.Unlock()
			}
		})
	}
	quiet := func() (p50, slowest time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		slices.Sort(took)
		defer func() { took = nil }()
		return took[len(took)/2], took[len(took)-1]
	}
	time.Sleep(2 * time.Second)
	alone, slowestAlone := quiet()
	for b.Loop() {
		info, err := s.Backup(b.Context(), filepath.Join(b.TempDir(), "backup"), sqlite.BackupOptions{})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(info.Bytes)
	}
	p50, slowest := quiet()
	b.ReportMetric(float64(alone.Microseconds()), "µs-p50-alone") // here, since b.Loop forgets what came before
	b.ReportMetric(float64(slowestAlone.Microseconds()), "µs-slowest-alone")
	b.ReportMetric(float64(p50.Microseconds()), "µs-p50")
	b.ReportMetric(float64(slowest.Microseconds()), "µs-slowest")
	stop()
	wg.Wait()
}
