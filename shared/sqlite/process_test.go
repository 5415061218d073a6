package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"rescind/shared/grant"
	"rescind/shared/sqlite"
)

// asProcess names the part that this test binary plays when it runs itself.
const asProcess = "RESCIND_TEST_PROCESS"

func TestMain(m *testing.M) {
	part, p, ok := strings.Cut(os.Getenv(asProcess), ":")
	if !ok {
		os.Exit(m.Run())
	}
	if err := play(part, p); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func play(part, p string) error {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, p, sqlite.Options{})
	if err != nil {
		return err
	}
	switch part {
	case "issue":
		for range 100 {
			if _, err := rules.Issue(ctx, s, birth()); err != nil {
				return err
			}
		}
		return s.Close()
	case "die": // answered, and then gone without a word
		tokens, err := rules.Issue(ctx, s, birth())
		if err != nil {
			return err
		}
		if _, err := rules.RevokeGrant(ctx, s, tokens.Grant, "asked"); err != nil {
			return err
		}
		self, err := os.FindProcess(os.Getpid())
		if err != nil {
			return err
		}
		_ = self.Kill()
		time.Sleep(time.Minute)
	}
	return errors.New("no such part: " + part)
}

func another(t *testing.T, part, p string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), asProcess+"="+part+":"+p)
	return cmd
}

func TestTwoProcessesWriteToOneFile(t *testing.T) {
	p := path(t) // which each of them may be the first to make
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			if out, err := another(t, "issue", p).CombinedOutput(); err != nil {
				t.Errorf("the other process: %v: %s", err, out)
			}
		})
	}
	s := open(t, p, sqlite.Options{})
	born(t, s, 100)
	all.Wait()
	if n, err := s.Count(`SELECT count(*) FROM grants`); err != nil || n != 300 {
		t.Errorf("%d rows (%v)", n, err)
	}
	if s, err := s.Count(`SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'`); err != nil || s != 0 {
		t.Errorf("integrity: %d (%v)", s, err)
	}
}

func TestWhatWasAnsweredOutlivesTheProcess(t *testing.T) {
	p := path(t)
	if out, err := another(t, "die", p).CombinedOutput(); err == nil || len(out) > 0 {
		t.Fatalf("the other process: %v: %s", err, out)
	}
	s := open(t, p, sqlite.Options{})
	if n, err := s.Count(`SELECT count(*) FROM grants WHERE rev_at IS NOT NULL`); err != nil || n != 1 {
		t.Errorf("%d revoked grants (%v)", n, err)
	}
}

// A server that begins its next group right after each COMMIT leaves the lock
// free for moments only; the operator's command must get one of them.
func TestAnotherProcessGetsItsTurn(t *testing.T) {
	p := path(t)
	server, command := open(t, p, sqlite.Options{}), open(t, p, sqlite.Options{})
	g := born(t, server, 1)[0]
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	for range 32 {
		wg.Go(func() {
			for ctx.Err() == nil {
				if _, err := rules.Issue(ctx, server, birth()); err != nil && ctx.Err() == nil {
					t.Errorf("the server's write: %v", err)
					return
				}
			}
		})
	}
	for i := range 30 {
		if _, err := command.Revoke(t.Context(), g.Grant, "", grant.Revocation{At: time.Now(), Reason: "asked"}); err != nil {
			t.Fatalf("the command's write %d: %v", i, err)
		}
	}
}

func TestBusyPastItsTimeIsAnError(t *testing.T) {
	p := path(t)
	s := open(t, p, sqlite.Options{BusyTimeout: 200 * time.Millisecond})
	g := born(t, s, 1)[0]
	release, err := sqlite.HoldWriteLock(p)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, err = s.Revoke(t.Context(), g.Grant, "", grant.Revocation{At: time.Now(), Reason: "asked"})
	if err == nil || !strings.Contains(err.Error(), "another process is writing") {
		t.Errorf("writing while another process holds the lock: %v", err)
	}
	if d := time.Since(start); d < 150*time.Millisecond || d > 5*time.Second {
		t.Errorf("it gave up after %v", d)
	}
	if _, err := s.Find(t.Context(), grant.Keys{Grants: ids(g)}); err != nil {
		t.Errorf("reading meanwhile: %v", err)
	}
	release()
	if _, err = s.Revoke(t.Context(), g.Grant, "", grant.Revocation{At: time.Now(), Reason: "asked"}); err != nil {
		t.Errorf("writing afterwards: %v", err)
	}
}

func TestAfterCloseEveryCallIsAnError(t *testing.T) {
	s := open(t, path(t), sqlite.Options{})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			_, _ = rules.Issue(context.Background(), s, birth())
			_, _ = s.Find(context.Background(), grant.Keys{Clients: []string{"client"}})
		})
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
	if _, err := rules.Issue(t.Context(), s, birth()); err == nil {
		t.Error("a write succeeded")
	}
	if _, err := s.Generation(t.Context()); err == nil {
		t.Error("a read succeeded")
	}
}
