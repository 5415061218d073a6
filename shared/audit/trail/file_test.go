package trail

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rescind/shared/audit"
)

// asWriter makes this test binary a second process that writes to a trail.
const asWriter = "TRAIL_TEST_AS_WRITER"

func TestMain(m *testing.M) {
	if path := os.Getenv(asWriter); path != "" {
		writeMany(path, fmt.Sprint("process-", os.Getpid()))
		return
	}
	os.Exit(m.Run())
}

const many, small = 3000, 300 << 10

func writeMany(path, who string) {
	f := Create(path, Options{MaxBytes: small, Every: time.Millisecond})
	for i := range many {
		audit.JSON{f}.Record(context.Background(), audit.Event{Action: audit.Issue, Time: time.Now().UTC(), ClientID: who, GrantID: fmt.Sprint(i)})
		if i%100 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	_ = f.Close()
}

// events gives all events of a file, in order; every line must be one.
func events(t *testing.T, path string) (all []audit.Event) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		e, is, ok := Parse([]byte(line))
		if !is || !ok || !strings.HasSuffix(line, "\n") {
			t.Fatalf("%s holds %q", path, line)
		}
		all = append(all, e)
	}
	return all
}

func TestLinesArriveSoonAndAtTheLatestAtClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	f := Create(path, Options{Every: 5 * time.Millisecond})
	log := audit.JSON{f}
	log.Record(t.Context(), audit.Event{Action: audit.Issue, Time: at(0)})
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		if info, err := os.Stat(path); err == nil && info.Size() > 0 {
			if info.Mode().Perm() != 0o600 {
				t.Errorf("the file's mode is %v", info.Mode())
			}
			break
		}
		if time.Now().After(end) {
			t.Fatal("nothing was written")
		}
	}
	log.Record(t.Context(), audit.Event{Action: audit.Revoke, Time: at(1)})
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := events(t, path); len(got) != 2 || got[0].Action != audit.Issue || got[1].Action != audit.Revoke || !got[1].Time.Equal(at(1)) {
		t.Errorf("%v", got)
	}
}

// Several processes, each putting files aside: no line is lost or torn while
// it lies in one of the two files.
func TestSeveralProcessesWriteWholeLinesAndPutFilesAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			cmd := exec.Command(self)
			cmd.Env = append(os.Environ(), asWriter+"="+path)
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	all.Wait()
	for _, file := range []string{path, path + Older} {
		next := map[string]int{}
		for _, e := range events(t, file) {
			var n int
			if _, err := fmt.Sscan(e.GrantID, &n); err != nil {
				t.Fatal(err)
			}
			if before, seen := next[e.ClientID]; seen && n != before+1 && file == path {
				t.Fatalf("%s: %d comes after %d", e.ClientID, n, before)
			}
			next[e.ClientID] = n
		}
		if info, err := os.Stat(file); err != nil || info.Size() > small+room/8 {
			t.Errorf("%s: %v, %v", file, info, err)
		}
	}
	names, err := filepath.Glob(path + "*")
	if err != nil || len(names) != 2 {
		t.Errorf("%v, %v", names, err)
	}
}

func TestAFileIsPutAsideOnceItIsLongAndOnlyOneOlderIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	for i := range 30 {
		f := Create(path, Options{MaxBytes: 1000})
		audit.JSON{f}.Record(t.Context(), audit.Event{Action: audit.Issue, Time: at(0), GrantID: fmt.Sprint(i), Reason: strings.Repeat("x", 200)})
		_ = f.Close()
	}
	newer, older := events(t, path), events(t, path+Older)
	if len(newer) == 0 || len(older) < 2 || newer[len(newer)-1].GrantID != "29" {
		t.Fatalf("%d and %d events", len(newer), len(older))
	}
	if got, want := older[len(older)-1].GrantID, fmt.Sprint(29-len(newer)); got != want {
		t.Errorf("the older file ends with %s, not %s", got, want)
	}
}

func TestATrailThatCannotBeWrittenIsSaidOnceAndWrittenAgain(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "later")
	path := filepath.Join(folder, "audit.jsonl")
	var said bytes.Buffer
	f := Create(path, Options{Every: time.Hour, Logger: slog.New(slog.NewTextHandler(&said, nil))})
	for i := range 3 {
		if n, err := f.Write([]byte(fmt.Sprintf("{%d}\n", i))); n != 4 || err != nil {
			t.Errorf("Write: %d, %v", n, err)
		}
		f.flush()
	}
	if n := strings.Count(said.String(), "cannot be written"); n != 1 || !strings.Contains(said.String(), "no such file") {
		t.Errorf("said %d times: %s", n, said.String())
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	_, _ = f.Write([]byte("{3}\n"))
	_ = f.Close()
	b, err := os.ReadFile(path)
	if err != nil || string(b) != "{0}\n{1}\n{2}\n{3}\n" {
		t.Errorf("%q, %v", b, err)
	}
	if !strings.Contains(said.String(), "written again") {
		t.Error(said.String())
	}
	if _, err := f.Write([]byte("late\n")); err != nil {
		t.Error("a write after Close fails")
	}
}

func TestWhatFindsNoRoomIsCountedAndSaid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	var said bytes.Buffer
	f := Create(path, Options{Every: time.Hour, Logger: slog.New(slog.NewTextHandler(&said, nil))})
	line := append(bytes.Repeat([]byte("x"), 1<<20-1), '\n')
	for range 6 {
		_, _ = f.Write(line)
	}
	_ = f.Close()
	if info, err := os.Stat(path); err != nil || info.Size() != 4<<20 {
		t.Errorf("%v, %v", info, err)
	}
	if !strings.Contains(said.String(), "events_lost=2") {
		t.Error(said.String())
	}
}

func TestALineThatWasWrittenInPartIsRepeatedOnALineOfItsOwn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	if err := os.WriteFile(path, []byte(`{"half`), 0o600); err != nil {
		t.Fatal(err)
	}
	f := Create(path, Options{Every: time.Hour})
	f.torn = true // as after a disk that was full
	_, _ = f.Write([]byte("{}\n"))
	_ = f.Close()
	if b, err := os.ReadFile(path); err != nil || string(b) != "{\"half\n{}\n" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestAFullDiskIsSaidAndStopsNothing(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	f := Create(filepath.Join(t.TempDir(), "x"), Options{Every: time.Hour, Logger: slog.New(slog.NewTextHandler(&said, nil))})
	_, _ = f.Write([]byte("{}\n"))
	f.f, f.path = full, "/dev/full"
	f.flush()
	_ = f.Close()
	if strings.Count(said.String(), "no space left") != 1 {
		t.Error(said.String())
	}
}

// A pipe nobody reads would stop the process that opens it.
func TestNothingButAFileIsWrittenTo(t *testing.T) {
	var said bytes.Buffer
	f := Create(t.TempDir(), Options{Every: time.Hour, Logger: slog.New(slog.NewTextHandler(&said, nil))})
	_, _ = f.Write([]byte("{}\n"))
	_ = f.Close()
	if !strings.Contains(said.String(), "is a directory") {
		t.Error(said.String())
	}
	if info, err := os.Stat(f.Path()); err != nil || info.Mode()&fs.ModeDir == 0 {
		t.Error("the folder is gone")
	}
}

func BenchmarkWrite(b *testing.B) {
	f := Create(filepath.Join(b.TempDir(), "audit.jsonl"), Options{Logger: slog.New(slog.DiscardHandler)})
	e := audit.Event{Action: audit.Issue, Outcome: "ok", Operation: "token", Time: time.Now().UTC(), ClientID: "billing-service", GrantID: strings.Repeat("0", 32),
		RequestID: strings.Repeat("a", 24), Source: "127.0.0.1"}
	b.ReportAllocs()
	for b.Loop() {
		audit.JSON{f}.Record(b.Context(), e)
	}
	_ = f.Close()
}
