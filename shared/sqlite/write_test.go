package sqlite_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/sqlite"
	"rescind/shared/sqlite/faultvfs"
	"rescind/shared/token"
)

var rules = grant.Defaults(time.Now, rand.Reader)

// birth is a grant to be made, of a client that need not be there.
func birth() grant.Birth {
	return grant.Birth{Client: &client.Client{ID: "client", Epoch: 1}, Generation: time.Now().UnixMilli(), Subject: "alice",
		Scope: oauth.Scope{"read", "write"}, Audience: []string{"https://api.example"}, Refresh: true}
}

func born(t testing.TB, s grant.Store, n int) []grant.Tokens {
	t.Helper()
	var all []grant.Tokens
	for range n {
		tokens, err := rules.Issue(t.Context(), s, birth())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, tokens)
	}
	return all
}

func ids(all ...grant.Tokens) []token.GrantID {
	var ids []token.GrantID
	for _, t := range all {
		ids = append(ids, t.Grant)
	}
	return ids
}

var shim = sync.OnceValues(func() (*faultvfs.VFS, error) { return faultvfs.Register("fault") })

// faulty opens a store whose syncs the test has in hand. Tests that use it
// cannot run in parallel.
func faulty(t *testing.T, o sqlite.Options) (*sqlite.Store, *faultvfs.VFS) {
	t.Helper()
	v, err := shim()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.OnSync(nil) })
	o.VFS = "fault"
	return open(t, path(t), o), v
}

func TestNoAnswerPrecedesItsSync(t *testing.T) {
	s, v := faulty(t, sqlite.Options{})
	for range 20 {
		before := v.Syncs()
		born(t, s, 1)
		if v.Syncs() == before {
			t.Fatal("a write was answered, and nothing was synced")
		}
	}
	entered, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	v.OnSync(func() error {
		once.Do(func() { close(entered) })
		<-release
		return nil
	})
	answered := make(chan grant.Tokens)
	go func() {
		tokens, err := rules.Issue(context.Background(), s, birth())
		if err != nil {
			t.Error(err)
		}
		answered <- tokens
	}()
	<-entered
	select {
	case <-answered:
		t.Fatal("the write was answered while its sync ran")
	case <-time.After(50 * time.Millisecond):
	}
	if n, err := s.Count(`SELECT count(*) FROM grants`); err != nil || n != 20 {
		t.Errorf("a write that is not durable can be read: %d rows (%v)", n, err)
	}
	close(release)
	<-answered
}

func TestAFailedSyncEndsTheProcess(t *testing.T) {
	var fatal atomic.Int32
	s, v := faulty(t, sqlite.Options{Fatal: func(error) { fatal.Add(1) }})
	g := born(t, s, 1)[0]
	v.OnSync(func() error { return errors.New("the disk is gone") })
	if _, err := s.Revoke(t.Context(), g.Grant, "", grant.Revocation{At: time.Now(), Reason: "asked"}); err == nil {
		t.Fatal("a revocation was answered as durable, and its sync had failed")
	}
	if fatal.Load() != 1 {
		t.Fatalf("Fatal was called %d times", fatal.Load())
	}
	v.OnSync(nil)
	if _, err := s.Find(t.Context(), grant.Keys{Grants: ids(g)}); err == nil {
		t.Error("a read succeeded after a failed sync")
	}
	if _, err := rules.Issue(t.Context(), s, birth()); err == nil {
		t.Error("a write succeeded after a failed sync")
	}
}

func TestWritesThatWaitShareOneSync(t *testing.T) {
	s, v := faulty(t, sqlite.Options{})
	entered, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	v.OnSync(func() error {
		once.Do(func() {
			close(entered)
			<-release
		})
		return nil
	})
	var all sync.WaitGroup
	issue := func() {
		if _, err := rules.Issue(context.Background(), s, birth()); err != nil {
			t.Error(err)
		}
	}
	all.Go(issue)
	<-entered
	for range 100 {
		all.Go(issue)
	}
	time.Sleep(100 * time.Millisecond) // until they are queued
	before := v.Syncs()
	close(release)
	all.Wait()
	if n := v.Syncs() - before; n > 20 {
		t.Errorf("101 writes took %d syncs", n)
	}
	if n, err := s.Count(`SELECT count(*) FROM grants`); err != nil || n != 101 {
		t.Errorf("%d rows (%v)", n, err)
	}
}

func TestAWriteThatTimesOutInTheQueueIsNeverMade(t *testing.T) {
	s, v := faulty(t, sqlite.Options{})
	entered, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	v.OnSync(func() error {
		once.Do(func() {
			close(entered)
			<-release
		})
		return nil
	})
	var first sync.WaitGroup
	first.Go(func() { _, _ = rules.Issue(context.Background(), s, birth()) })
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Deny(ctx, grant.Denial{JTI: "late", At: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("queued behind a slow disk: %v", err)
	}
	close(release)
	first.Wait()
	born(t, s, 1)
	if n, err := s.Count(`SELECT count(*) FROM denied`); err != nil || n != 0 {
		t.Errorf("%d rows (%v)", n, err)
	}
}

func TestOneFailedWriteDoesNotHarmItsGroup(t *testing.T) {
	s := open(t, path(t), sqlite.Options{})
	g := born(t, s, 1)[0]
	var all sync.WaitGroup
	var conflicts atomic.Int32
	for i := range 200 {
		all.Go(func() {
			if i%2 == 0 {
				born(t, s, 1)
				return
			}
			err := s.RemoveAccess(context.Background(), g.Grant, 3, [32]byte{1})
			if conflict := (*grant.Conflict)(nil); errors.As(err, &conflict) && conflict.Stored != nil && conflict.Stored.ID == g.Grant {
				conflicts.Add(1)
			}
		})
	}
	all.Wait()
	if n, err := s.Count(`SELECT count(*) FROM grants`); err != nil || n != 101 || conflicts.Load() != 100 {
		t.Errorf("%d rows, %d conflicts (%v)", n, conflicts.Load(), err)
	}
}

func TestExpiredRowsGoWithLaterWrites(t *testing.T) {
	now := time.Now()
	s := open(t, path(t), sqlite.Options{Now: func() time.Time { return now }})
	born(t, s, 150)
	for _, jti := range []string{"one", "two"} {
		if err := s.Deny(t.Context(), grant.Denial{JTI: jti, At: now, ExpiresAt: now.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(rules.RefreshAbsolute + 48*time.Hour)
	for i, want := range []int64{52, 0} { // one hundred with each group, and the fresh denial stays
		jti := []string{"three", "four"}[i]
		if err := s.Deny(t.Context(), grant.Denial{JTI: jti, At: now, ExpiresAt: now.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		n, err := s.Count(`SELECT (SELECT count(*) FROM grants) + (SELECT count(*) FROM denied)`)
		if err != nil || n != want+int64(i)+1 {
			t.Errorf("after write %d there are %d rows (%v)", i+1, n, err)
		}
	}
}

func TestAMovedFileTakesNoWrites(t *testing.T) {
	p := path(t)
	s := open(t, p, sqlite.Options{})
	if err := os.Rename(p, p+".moved"); err != nil {
		t.Fatal(err)
	}
	if _, err := rules.Issue(t.Context(), s, birth()); err == nil || !strings.Contains(err.Error(), "moved or replaced") {
		t.Errorf("writing to a file that is elsewhere: %v", err)
	}
}

func TestANewerSchemaStopsARunningProcess(t *testing.T) {
	p := path(t)
	s := open(t, p, sqlite.Options{})
	alter(t, p, newer)
	if _, err := rules.Issue(t.Context(), s, birth()); err == nil || !strings.Contains(err.Error(), "newer rescind") {
		t.Errorf("writing to a newer schema: %v", err)
	}
}

func TestTheFilesHoldNothingUsable(t *testing.T) {
	p := path(t)
	s := open(t, p, sqlite.Options{})
	_, secret, err := client.Manager{Store: s, Now: time.Now, Rand: rand.Reader}.Create(t.Context(), "shop", client.Policy{Type: client.Confidential})
	if err != nil {
		t.Fatal(err)
	}
	forbidden := []string{secret.Reveal(), secret.Reveal()[7:39]}
	for _, tokens := range born(t, s, 20) {
		for _, v := range []token.Value{tokens.Access, tokens.Refresh} {
			text := v.Text().Reveal()
			forbidden = append(forbidden, text, text[7+22:]) // also without prefix and grant id
		}
	}
	names, err := filepath.Glob(p + "*")
	if err != nil || len(names) != 5 {
		t.Fatalf("files: %v (%v)", names, err)
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte("rsc_")) {
			t.Errorf("%s holds the prefix of a secret", filepath.Base(name))
		}
		for _, f := range forbidden {
			if bytes.Contains(content, []byte(f)) {
				t.Errorf("%s holds a secret", filepath.Base(name))
			}
		}
	}
}
