package sqlite_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rescind/shared/sqlite"
)

const asRestore = "RESCIND_TEST_RESTORE"

// TestRestoreChild is no test: it is the process that the next one kills.
func TestRestoreChild(t *testing.T) {
	args := strings.Split(os.Getenv(asRestore), "|")
	if len(args) != 3 {
		t.Skip("only TestARestoreKilledAtAnyStep runs it")
	}
	kill := func(step string, _, _ int64) {
		if step == args[0] {
			self, _ := os.FindProcess(os.Getpid())
			_ = self.Kill()
			time.Sleep(time.Minute)
		}
	}
	b, err := sqlite.BeginRestore(t.Context(), args[1], args[2], sqlite.RestoreOptions{Step: kill})
	if err == nil {
		_, err = b.Finish(t.Context())
	}
	t.Errorf("the restore was not killed: %v", err)
}

func (r *restoring) killedAt(step string) {
	r.t.Helper()
	self, err := os.Executable()
	if err != nil {
		r.t.Fatal(err)
	}
	cmd := exec.CommandContext(r.t.Context(), self, "-test.run=^TestRestoreChild$")
	cmd.Env = append(os.Environ(), asRestore+"="+step+"|"+r.path+"|"+r.backup)
	if out, err := cmd.CombinedOutput(); err == nil || len(out) > 0 {
		r.t.Fatalf("the restore: %v: %s", err, out)
	}
}

func TestARestoreKilledAtAnyStep(t *testing.T) {
	for step, want := range map[string]string{
		sqlite.StepCopy: "old", sqlite.StepCheck: "old", sqlite.StepAccept: "old", sqlite.StepBegin: "old",
		sqlite.StepLog: "", sqlite.StepAside: "", sqlite.StepPlace: "", sqlite.StepMark: "", sqlite.StepEnd: "",
	} {
		t.Run(step, func(t *testing.T) {
			r := newRestoring(t)
			r.killedAt(step)
			if want == "old" {
				if got := r.state("killed"); got != want {
					t.Errorf("the store is the %s one", got)
				}
			} else {
				for _, o := range []sqlite.Options{{}, {MustExist: true}, {Accept: true}} {
					s, err := sqlite.Open(t.Context(), r.path, o)
					if err == nil {
						_ = s.Close()
						t.Fatalf("a store whose restore was cut off opens with %+v", o)
					}
					if !strings.Contains(err.Error(), "was cut off") || !strings.Contains(err.Error(), "rescind restore FILE") {
						t.Errorf("%v", err)
					}
				}
			}
			if done := r.restore(); done.Kept != nil {
				t.Errorf("the store that was: %v", done.Kept)
			}
			if r.state("restored again") != "new" {
				t.Error("the store is the old one")
			}
			r.litter()
			for _, name := range asideOf(t, r.path) { // each is one file, and a backup
				if _, err := sqlite.ReadBackup(name); err != nil {
					t.Errorf("%v", err)
				}
			}
		})
	}
}

// After a cut, a restore that goes no further has still put right what is there.
func TestACutRestoreIsTakenBackOrEnded(t *testing.T) {
	for step, want := range map[string]string{
		sqlite.StepLog: "old", sqlite.StepAside: "old", sqlite.StepPlace: "old", sqlite.StepMark: "new", sqlite.StepEnd: "new",
	} {
		r := newRestoring(t)
		r.killedAt(step)
		b, err := sqlite.BeginRestore(t.Context(), r.path, r.backup, sqlite.RestoreOptions{})
		if err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		b.Abort()
		if got := r.state(step); got != want {
			t.Errorf("cut at %s and recovered, the store is the %s one", step, got)
		}
		r.litter()
	}
}

func asideOf(t *testing.T, p string) []string {
	t.Helper()
	names, err := filepath.Glob(p + ".before-*")
	if err != nil {
		t.Fatal(err)
	}
	return names
}

var errHalf = errors.New("half-way")

func TestAnAcceptThatWasCutOffOpensNothing(t *testing.T) {
	r := newRestoring(t)
	r.path = r.backup
	_, err := sqlite.AcceptAfter(t.Context(), r.path, sqlite.Options{}, func(s *sqlite.Store) error {
		born(t, s, 1)
		if _, err := sqlite.Open(t.Context(), r.path, sqlite.Options{}); err == nil {
			t.Error("a store opens while it is being accepted")
		}
		return errHalf
	})
	if !errors.Is(err, errHalf) {
		t.Fatal(err)
	}
	for _, o := range []sqlite.Options{{}, {Accept: true}} {
		if _, err := sqlite.Open(t.Context(), r.path, o); err == nil || !strings.Contains(err.Error(), "restore accept --replay") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	first := int64(0)
	generation, err := sqlite.AcceptAfter(t.Context(), r.path, sqlite.Options{}, func(s *sqlite.Store) (err error) {
		first, err = s.Generation(t.Context())
		return err
	})
	if err != nil || generation != first || generation <= r.before {
		t.Errorf("generation %d after %d and %d: %v", generation, first, r.before, err)
	}
	if r.state("accepted") != "new" {
		t.Error("it is the old one")
	}
}
