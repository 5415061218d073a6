package sqlite_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/sqlite"
)

// damages, in the environment, is how often each kind of damage is tried.
const (
	damages     = "RESCIND_DAMAGES"
	someDamages = 30
)

// sample is a database that was closed, with all that is in it.
type sample struct {
	path             string
	file, log, count []byte
	keys             grant.Keys
	rows             grant.Rows
}

const pageSize = 4096

// makeSample makes one of some 80 pages, whose log is empty or holds the
// latest writes.
func makeSample(t *testing.T, inLog bool) sample {
	t.Helper()
	f := sample{path: path(t)}
	s := open(t, f.path, sqlite.Options{})
	write := func(from, to int) {
		for i := from; i < to; i++ {
			b := birth()
			b.Subject = fmt.Sprintf("subject-%d", i)
			tokens, err := rules.Issue(t.Context(), s, b)
			if err == nil && i%3 == 0 {
				_, err = rules.RevokeGrant(t.Context(), s, tokens.Grant, "asked")
			}
			if err == nil && i%10 == 0 {
				_, err = rules.RevokeSubject(t.Context(), s, b.Subject)
				f.keys.Subjects = append(f.keys.Subjects, b.Subject)
			}
			if err == nil && i%10 == 1 {
				_, _, err = client.Manager{Store: s, Now: time.Now, Rand: rules.Rand}.Create(t.Context(), b.Subject, client.Policy{Type: client.Confidential})
				f.keys.Clients = append(f.keys.Clients, b.Subject)
			}
			if err != nil {
				t.Fatal(err)
			}
			f.keys.Grants = append(f.keys.Grants, tokens.Grant)
		}
	}
	write(0, 250)
	if inLog { // and the process ends without a word
		_ = s.Close()
		s = open(t, f.path, sqlite.Options{})
		write(250, 280)
	}
	var err error
	if f.rows, err = s.Find(t.Context(), f.keys); err != nil {
		t.Fatal(err)
	}
	if !inLog {
		_ = s.Close()
	}
	for name, to := range map[string]*[]byte{"": &f.file, "-wal": &f.log, "-turn": &f.count} {
		if *to, err = os.ReadFile(f.path + name); err != nil {
			t.Fatal(err)
		}
	}
	_ = s.Close()
	return f
}

// put writes the files back, with damage, in their own inodes.
func (f sample) put(t *testing.T, file, log []byte) {
	t.Helper()
	for name, content := range map[string][]byte{"": file, "-wal": log, "-turn": f.count} {
		if err := os.WriteFile(f.path+name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	remove(t, f.path+"-shm")
}

// verdict is what came of one damage.
type verdict int

const (
	harmless verdict = iota // every row is right
	refused                 // the store does not open
	anOutage                // rows that are touched by it are errors, all others right
	lost                    // a row is not found: its tokens are dead
	changed                 // a row is another, and no less dead
	revived                 // what was dead is alive
)

func (v verdict) String() string {
	return [...]string{"harmless", "refused when opened", "an outage of the rows it touches", "unnoticed: a row is lost", "unnoticed: a row is changed", "unnoticed: what was revoked is alive"}[v]
}

// look opens the database, reads every row, and gives the worst that it met
// and each error.
func (f sample) look(t *testing.T) (worst verdict, says []string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), f.path, sqlite.Options{Logger: slog.New(slog.DiscardHandler), Fatal: func(error) {}})
	if err != nil {
		return refused, []string{err.Error()}
	}
	defer func() { _ = s.Close() }()
	read := func(keys grant.Keys, judge func(grant.Rows) verdict) {
		rows, err := s.Find(t.Context(), keys)
		if err != nil {
			worst, says = max(worst, anOutage), append(says, err.Error())
			return
		}
		worst = max(worst, judge(rows))
	}
	for i, id := range f.keys.Grants {
		read(grant.Keys{Grants: ids(grant.Tokens{Grant: id})}, func(rows grant.Rows) verdict { return grantNow(rows.Grants[0], f.rows.Grants[i]) })
	}
	for i, name := range f.keys.Subjects {
		read(grant.Keys{Subjects: []string{name}}, func(rows grant.Rows) verdict { return epochNow(rows.Subjects[0], f.rows.Subjects[i]) })
	}
	for i, id := range f.keys.Clients {
		read(grant.Keys{Clients: []string{id}}, func(rows grant.Rows) verdict {
			is, was := rows.Clients[0], f.rows.Clients[i]
			switch {
			case is == nil:
				return lost
			case !reflect.DeepEqual(is, was):
				return max(changed, epochNow(is.Epoch, was.Epoch))
			}
			return harmless
		})
	}
	return worst, says
}

func grantNow(is, was *grant.Grant) verdict {
	switch {
	case is == nil:
		return lost
	case !was.Revoked.At.IsZero() && is.Revoked.At.IsZero(),
		is.Epochs.Client > was.Epochs.Client, is.Epochs.Subject > was.Epochs.Subject, is.Epochs.Store > was.Epochs.Store:
		return revived
	case !reflect.DeepEqual(is, was):
		return changed
	}
	return harmless
}

func epochNow(is, was int64) verdict {
	switch {
	case is < was:
		return revived
	case is > was:
		return changed
	}
	return harmless
}

// A harm changes a part of a file, at random.
type harm struct {
	name string
	make func(r *rand.Rand, b []byte)
}

var kindsOfDamage = []harm{
	{"a page of zeros", func(r *rand.Rand, b []byte) { clear(pageOf(r, b)) }},
	{"a page of noise", func(r *rand.Rand, b []byte) { noise(r, pageOf(r, b)) }},
	{"a page in another's place", func(r *rand.Rand, b []byte) { copy(pageOf(r, b), append([]byte{}, pageOf(r, b)...)) }},
	{"a sector of zeros", func(r *rand.Rand, b []byte) { clear(sectorOf(r, b)) }},
	{"a sector of noise", func(r *rand.Rand, b []byte) { noise(r, sectorOf(r, b)) }},
	{"one bit", func(r *rand.Rand, b []byte) { b[r.IntN(len(b))] ^= 1 << r.IntN(8) }},
}

func pageOf(r *rand.Rand, b []byte) []byte {
	n := r.IntN(len(b)/pageSize) * pageSize
	return b[n : n+pageSize]
}

func sectorOf(r *rand.Rand, b []byte) []byte {
	n := r.IntN(len(b)/512) * 512
	return b[n : n+512]
}

func noise(r *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(r.Uint32())
	}
}

func howOften(t *testing.T) int {
	if text := os.Getenv(damages); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%s: %v", damages, err)
		}
		return n
	}
	return someDamages
}

// TestEveryDamageIsNoticed damages the file and reads every row: none is ever
// another than it was, and the error names the page. Check finds the damage even
// where no row is on it.
func TestEveryDamageIsNoticed(t *testing.T) {
	f := makeSample(t, false)
	r, n := rand.New(rand.NewPCG(3, 5)), howOften(t)
	for _, kind := range kindsOfDamage {
		came := map[verdict]int{}
		for range n {
			file := append([]byte{}, f.file...)
			kind.make(r, file)
			f.put(t, file, f.log)
			v, says := f.look(t)
			came[v]++
			named(t, f, says)
			pages := harmed(f.file, file)
			if v > anOutage {
				t.Errorf("%s on pages %v: %s", kind.name, pages, v)
			}
			f.put(t, file, f.log)
			f.checked(t, kind.name, pages)
		}
		t.Logf("%-26s %v", kind.name, came)
	}
}

// named checks that an error says which file is damaged, or what it lacks.
func named(t *testing.T, f sample, says []string) {
	t.Helper()
	for _, s := range says {
		if !strings.Contains(s, f.path) || !strings.Contains(s, "damaged") && !strings.Contains(s, "is not a database") &&
			!strings.Contains(s, "belongs to another program") && !strings.Contains(s, "newer rescind") && !strings.Contains(s, "a copy") {
			t.Errorf("an error names neither file nor damage: %s", s)
		}
	}
}

// TestDamageToTheLogIsNoticed damages the log that a process left by dying.
// SQLite takes a log up to the first frame whose checksum is wrong, without a
// word; that the writes behind it are gone is told by their count, which is
// kept beside.
func TestDamageToTheLogIsNoticed(t *testing.T) {
	f := makeSample(t, true)
	r, n := rand.New(rand.NewPCG(7, 5)), howOften(t)
	kinds := append(kindsOfDamage, harm{"an end that is cut off", func(r *rand.Rand, b []byte) { clear(b[r.IntN(len(b)):]) }})
	for _, kind := range kinds {
		came := map[verdict]int{}
		for range n {
			log := append([]byte{}, f.log...)
			kind.make(r, log)
			f.put(t, f.file, log)
			v, says := f.look(t)
			came[v]++
			named(t, f, says)
			if v > anOutage {
				t.Errorf("%s in the log: %s", kind.name, v)
			}
		}
		t.Logf("%-26s %v", kind.name, came)
	}
}
