package doctor_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rescind/cmd/rescind/doctor"
	"rescind/shared/client"
	"rescind/shared/oauth"
	"rescind/shared/sqlite"
)

// makeStore gives a store with a client in it, which nobody has open.
func makeStore(t *testing.T, now func() time.Time) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "rescind.db")
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	m := client.Manager{Store: s, Now: now, Rand: rand.Reader}
	p := client.Policy{Name: "n", Type: client.Confidential, GrantTypes: []string{oauth.GrantClientCredentials}, Scope: oauth.Scope{"read"}, DefaultScope: oauth.Scope{"read"}}
	if _, _, err := m.Create(t.Context(), "app", p); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func examine(t *testing.T, path string) doctor.Report {
	t.Helper()
	return doctor.File(t.Context(), path, path+"-audit.jsonl", time.Now())
}

// expect checks that a report has a finding with this sentence, and that what
// is not ok says what to do.
func expect(t *testing.T, r doctor.Report, verdict doctor.Verdict, check, sentence string) {
	t.Helper()
	met := false
	for _, f := range r {
		met = met || f.Verdict == verdict && f.Check == check && strings.Contains(f.Found, sentence)
		if (f.Verdict == doctor.OK) != (f.Do == "") {
			t.Errorf("%s: %s, to do: %q", f.Check, f.Verdict, f.Do)
		}
	}
	if !met {
		t.Errorf("no %s %s %q in\n%v", verdict, check, sentence, r)
	}
}

// folder is what lies in the store's folder, to the byte.
func folder(t *testing.T, path string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(filepath.Dir(path), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		info, err2 := d.Info()
		if err == nil && err2 == nil && !strings.HasSuffix(name, "-shm") {
			all[name] = info.Mode().String() + string(b)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestASoundStoreIsAllWellAndNothingIsChanged(t *testing.T) {
	path := makeStore(t, time.Now)
	before := folder(t, path)
	r := examine(t, path)
	for _, f := range r {
		if f.Verdict == doctor.Wrong || f.Verdict == doctor.Look && f.Check != "disk space" {
			t.Errorf("%+v", f)
		}
	}
	if len(r) != 12 {
		t.Errorf("%d checks: %v", len(r), r)
	}
	expect(t, r, doctor.OK, "schema", "version ")
	expect(t, r, doctor.OK, "generation", "1 clients")
	expect(t, r, doctor.OK, "pages", "every page")
	after := folder(t, path)
	if len(before) != len(after) {
		t.Errorf("%d files, and then %d", len(before), len(after))
	}
	for name, content := range before {
		if after[name] != content {
			t.Errorf("%s was changed", name)
		}
	}
}

// While a server has it open, what is only in the log is seen too.
func TestAStoreInUseIsReadThroughItsLog(t *testing.T) {
	path := makeStore(t, time.Now)
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	m := client.Manager{Store: s, Now: time.Now, Rand: rand.Reader}
	for _, id := range []string{"b", "c"} {
		if _, _, err := m.Create(t.Context(), id, client.Policy{Name: id, Type: client.Public, GrantTypes: []string{oauth.GrantRefreshToken}, Scope: oauth.Scope{"a"}}); err != nil {
			t.Fatal(err)
		}
	}
	r := examine(t, path)
	expect(t, r, doctor.OK, "generation", "3 clients")
	expect(t, r, doctor.OK, "original", "writes")
	if _, _, err := m.Create(t.Context(), "d", client.Policy{Name: "d", Type: client.Public, GrantTypes: []string{oauth.GrantRefreshToken}, Scope: oauth.Scope{"a"}}); err != nil {
		t.Errorf("the store does not go on: %v", err)
	}
}

func TestEachFaultOfAFileHasItsSentence(t *testing.T) {
	for name, c := range map[string]struct {
		spoil           func(t *testing.T, path string) string
		verdict         doctor.Verdict
		check, sentence string
	}{
		"missing":     {func(t *testing.T, path string) string { return path + "x" }, doctor.Wrong, "file", "there is no file"},
		"a folder":    {func(t *testing.T, path string) string { return filepath.Dir(path) }, doctor.Wrong, "file", "not a regular file"},
		"empty":       {func(t *testing.T, path string) string { write(t, path, ""); return path }, doctor.Look, "file", "is empty"},
		"copied":      {func(t *testing.T, path string) string { return replaced(t, path) }, doctor.Wrong, "original", "a copy"},
		"without log": {func(t *testing.T, path string) string { remove(t, path+"-wal"); return path }, doctor.Wrong, "log", "there is no"},
		"older in place": {func(t *testing.T, path string) string {
			write(t, path+"-turn", "\x00\x00\x00\x00\x00\x00\x03\xe8")
			return path
		}, doctor.Wrong, "original", "there were 1000"},
		"two names": {linked, doctor.Wrong, "hard links", "2 names"},
		"mode":      {func(t *testing.T, path string) string { chmod(t, path, 0o644); return path }, doctor.Look, "owner and mode", "mode 0644"},
		"trail's mode": {func(t *testing.T, path string) string {
			write(t, path+"-audit.jsonl", "{}\n")
			chmod(t, path+"-audit.jsonl", 0o640)
			return path
		}, doctor.Look, "owner and mode", "audit.jsonl (mode 0640)"},
		"folder's mode":  {func(t *testing.T, path string) string { chmod(t, filepath.Dir(path), 0o777); return path }, doctor.Wrong, "folder", "everybody"},
		"group's folder": {func(t *testing.T, path string) string { chmod(t, filepath.Dir(path), 0o770); return path }, doctor.Look, "folder", "others may write"},
		"damaged":        {damage, doctor.Wrong, "pages", "page 2 has a wrong checksum"},
		"another's write": {func(t *testing.T, path string) string {
			return changed(t, path, `UPDATE clients SET epoch = epoch - 1`)
		}, doctor.Wrong, "pages", "has a wrong checksum"},
		"an older schema": {func(t *testing.T, path string) string {
			return changed(t, path, `PRAGMA user_version = 2`)
		}, doctor.Wrong, "pages", "page 1 has a wrong checksum"},
		"no database":    {func(t *testing.T, path string) string { write(t, path, strings.Repeat("x", 9000)); return path }, doctor.Wrong, "pages", "not a database"},
		"a pipe's place": {func(t *testing.T, path string) string { remove(t, path+"-turn"); mkdir(t, path+"-turn"); return path }, doctor.Wrong, "owner and mode", "not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			path := c.spoil(t, makeStore(t, time.Now))
			r := examine(t, path)
			expect(t, r, c.verdict, c.check, c.sentence)
			if r.Wrong() != (c.verdict == doctor.Wrong) {
				t.Errorf("wrong is %v: %v", r.Wrong(), r)
			}
		})
	}
}

func TestATimeInTheFutureIsFound(t *testing.T) {
	path := makeStore(t, func() time.Time { return time.Now().Add(time.Hour) })
	expect(t, examine(t, path), doctor.Wrong, "clock", "in the future")
}

func TestABackupIsKnown(t *testing.T) {
	path := makeStore(t, time.Now)
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(filepath.Dir(path), "backup.db")
	if _, err := s.Backup(t.Context(), to, sqlite.BackupOptions{}); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	before := folder(t, to)
	r := examine(t, to)
	expect(t, r, doctor.Look, "file", "it is a backup, whole")
	expect(t, r, doctor.OK, "pages", "every page")
	advice := 0
	for _, f := range r {
		if f.Do != "" {
			advice++
			if !strings.Contains(f.Do, "rescind restore "+to) {
				t.Errorf("%+v", f)
			}
		}
	}
	if advice != 1 || r.Wrong() {
		t.Errorf("%d pieces of advice: %v", advice, r)
	}
	for name, content := range folder(t, to) {
		if before[name] != content {
			t.Errorf("%s was changed", name)
		}
	}
	r = examine(t, damage(t, to))
	expect(t, r, doctor.Look, "file", "it is a backup, damaged")
	expect(t, r, doctor.Wrong, "pages", "damaged: ")
	for _, f := range r {
		if strings.Contains(f.Do, "accept") || strings.Contains(f.Do, "stop the server") {
			t.Errorf("%+v", f)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o600))
}
func remove(t *testing.T, path string)                  { t.Helper(); must(t, os.Remove(path)) }
func mkdir(t *testing.T, path string)                   { t.Helper(); must(t, os.Mkdir(path, 0o700)) }
func chmod(t *testing.T, path string, mode fs.FileMode) { t.Helper(); must(t, os.Chmod(path, mode)) }

func linked(t *testing.T, path string) string {
	t.Helper()
	must(t, os.Link(path, path+".second"))
	return path
}

// replaced is another file of the same content under the same name.
func replaced(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	write(t, path+".copy", string(b))
	must(t, os.Rename(path+".copy", path))
	return path
}

// changed is a store that another program wrote to.
func changed(t *testing.T, path, statement string) string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	_, err = db.Exec(statement)
	must(t, err)
	must(t, db.Close())
	write(t, path+"-wal", "")
	return path
}

// A schema without checksums is worth a look. That the version is not the one
// which the pages were made with is another finding.
func TestAnOlderSchemaIsWorthALook(t *testing.T) {
	r := examine(t, changed(t, makeStore(t, time.Now), `PRAGMA user_version = 2`))
	expect(t, r, doctor.Look, "schema", "no checksums")
}

// damage overwrites all pages but the first.
func damage(t *testing.T, path string) string {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	info, err := f.Stat()
	must(t, err)
	_, err = f.WriteAt([]byte(strings.Repeat("\xa5", int(info.Size())-4096)), 4096)
	must(t, err)
	must(t, f.Close())
	return path
}

func timeoutContext(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}
