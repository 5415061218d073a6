package server

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// standIn writes a program that stands where the server would.
func standIn(t *testing.T, script string) Config {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "server")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return Config{Binary: path, Store: "sqlite:" + filepath.Join(dir, "x.db"), Log: filepath.Join(dir, "log")}
}

func TestAServerThatEndsAtOnceSaysWhy(t *testing.T) {
	began := time.Now()
	_, err := Start(t.Context(), standIn(t, "echo the disk is full >&2; exit 3"))
	if err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("%v", err)
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("it was waited for %s", took)
	}
}

func TestTheEndOfTheContextEndsWhatIsStarting(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := Start(ctx, standIn(t, "exec sleep 60")); err == nil {
		t.Error("a server that never answered was healthy")
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("it ended after %s", took)
	}
}

func TestTailAndTrimOfTheLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte(strings.Repeat("x", 5000)+"the end\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &Server{log: path}
	if got := s.tail(); !strings.HasSuffix(got, "xthe end") || len(got) > 600 {
		t.Errorf("the tail is %d bytes: %q", len(got), got)
	}
	for _, c := range []struct{ most, want int64 }{{6000, 5008}, {1000, 0}} {
		if err := s.TrimLog(c.most); err != nil {
			t.Fatal(err)
		}
		if i, err := os.Stat(path); err != nil || i.Size() != c.want {
			t.Errorf("at most %d: %d bytes, error %v", c.most, i.Size(), err)
		}
	}
}
