package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rescind/shared/sqlite"
)

const (
	// killed names the database of a process that is to be killed.
	killed = "RESCIND_TEST_KILLED"
	// kills is how many times; few are enough to see that it works.
	kills     = "RESCIND_KILLS"
	someKills = 10
)

// The process that is to be killed is this test binary, which then runs no test.
func init() {
	if p := os.Getenv(killed); p != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(p))
		os.Exit(1)
	}
}

// writers is how many write at a time in each process.
const writers = 6

// writeUntilKilled notes each write on standard output once it was acknowledged.
func writeUntilKilled(p string) error {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, p, sqlite.Options{})
	if err != nil {
		return err
	}
	l := &ledger{to: os.Stdout}
	failed := make(chan error)
	for i := range writers {
		go func() { failed <- l.fill(ctx, s, uint64(i)) }()
	}
	return <-failed
}

// victim is such a process, and what it said.
type victim struct {
	cmd   *exec.Cmd
	out   io.ReadCloser
	heard *ledger
	began chan struct{} // closed with its first line
	read  sync.WaitGroup
	says  strings.Builder
}

func newVictim(t *testing.T, p string, heard *ledger) *victim {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	v := &victim{cmd: exec.CommandContext(t.Context(), self), heard: heard, began: make(chan struct{})}
	v.cmd.Env = append(os.Environ(), killed+"="+p)
	v.cmd.Stderr = &v.says
	if v.out, err = v.cmd.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := v.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	v.read.Go(func() {
		lines := bufio.NewReader(v.out)
		for began := false; ; {
			line, err := lines.ReadString('\n')
			if err != nil { // a line that was cut off acknowledges nothing
				return
			}
			_ = v.heard.note("%s", strings.TrimSuffix(line, "\n")) // it writes nowhere
			if !began {
				began = true
				close(v.began)
			}
		}
	})
	return v
}

// kill ends it, and tells whether it had ended by itself.
func (v *victim) kill() (before bool) {
	before = v.cmd.Process.Kill() != nil
	v.read.Wait()
	_ = v.cmd.Wait() // "signal: killed"
	return before || v.says.Len() > 0
}

// TestKillNineAtAnyMoment kills processes that write, at random moments and
// two at a time every third round, and opens what they leave. It proves
// nothing of durability, which the tests of a power failure do: only that no
// moment leaves what cannot be opened, or a write acknowledged too early.
func TestKillNineAtAnyMoment(t *testing.T) {
	rounds := someKills
	if text := os.Getenv(kills); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("%s=%s is no number of rounds", kills, text)
		}
		rounds = n
	}
	p, heard, began := path(t), &ledger{}, time.Now()
	early, died, wanted := 0, 0, 10*rounds
	// A slow machine writes less until it is killed, so that it takes more rounds.
	for round := 0; round < rounds || heard.size() < wanted && round < 20*rounds; round++ {
		from := heard.size()
		victims := []*victim{newVictim(t, p, heard)}
		if round%3 == 2 {
			victims = append(victims, newVictim(t, p, heard))
		}
		if round%5 == 4 { // while it opens the file
			time.Sleep(mathrand.N(30 * time.Millisecond))
			early++
		} else {
			<-victims[0].began
			most := 60 * time.Millisecond
			if round%4 == 3 { // long enough to move the log into the file
				most *= 5
			}
			time.Sleep(mathrand.N(most))
		}
		for _, v := range victims {
			if died++; v.kill() {
				t.Fatalf("round %d: the process ended by itself: %s", round, &v.says)
			}
		}
		heard.sound(t, p, from, sqlite.Options{})
	}
	heard.sound(t, p, 0, sqlite.Options{})
	if heard.size() < wanted {
		t.Errorf("only %d writes were acknowledged", heard.size())
	}
	t.Logf("%d processes killed in %d rounds, %d of them while they opened; %d acknowledged writes, none lost; %v",
		died, rounds, early, heard.size(), time.Since(began).Round(time.Millisecond))
}
