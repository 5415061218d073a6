package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// at runs a command on a machine whose clock says now.
func (w *world) at(now time.Time, args ...string) string {
	w.t.Helper()
	var stdout, stderr strings.Builder
	a := newApp(strings.NewReader(""), &stdout, &stderr, noEnvironment)
	a.rules.Now = func() time.Time { return now }
	root := a.rootCommand()
	root.SetArgs(w.args(args))
	if err := root.ExecuteContext(w.t.Context()); err != nil {
		w.t.Fatalf("%q: %v", args, err)
	}
	return stdout.String()
}

// The backup was made while the clock was days ahead, so by its word all that
// came after was before it. It is not believed.
func TestARestoreEndsWhatWasEndedBeforeTheBackupByItsClock(t *testing.T) {
	w := newWorld(t)
	c := w.confidential()
	now := time.Now()
	rotated := object(t, w.at(now, "client", "rotate-secret", c.id, "--json"))
	backup := filepath.Join(privateDir(t), "backup.db")
	w.at(now.Add(72*time.Hour), "backup", backup)
	w.at(now.Add(time.Second), "client", "rotate-secret", c.id, "--drop-old")
	w.at(now.Add(96*time.Hour), "restore", backup, "--yes")
	s := start(t, w.store)
	defer s.stop(nil)
	if status, body := s.post("/o/token/", c.form("grant_type", "client_credentials")...); status != 401 {
		t.Errorf("the dropped secret: %d %v", status, body)
	}
	c.secret = text(t, rotated, "client_secret")
	if status, body := s.post("/o/token/", c.form("grant_type", "client_credentials")...); status != 200 {
		t.Errorf("the kept secret: %d %v", status, body)
	}
}
