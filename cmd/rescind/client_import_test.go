package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rescind/internal/testkit/broken"
	"rescind/shared/registration"
	"rescind/shared/sqlite"
)

const applications = "../../shared/registration/testdata/applications.json"

// report runs a command that prints its result whatever the status is.
func (w *world) report(stdin string, args ...string) (outcome, importView) {
	w.t.Helper()
	var stdout, stderr bytes.Buffer
	status := Run(w.t.Context(), w.args(append(args, "--json")), strings.NewReader(stdin), &stdout, &stderr, noEnvironment)
	var v importView
	if err := json.Unmarshal(stdout.Bytes(), &v); err != nil {
		w.t.Fatalf("%q: %v: %s, %s", args, err, stdout.String(), stderr.String())
	}
	return outcome{status, stdout.String(), stderr.String()}, v
}

func outcomes(v importView) string {
	var all []string
	for _, r := range v.Results {
		all = append(all, fmt.Sprintf("%s %s", r.ID, r.Outcome))
	}
	return strings.Join(all, ", ")
}

func metadata(ids ...string) string {
	var all []string
	for _, id := range ids {
		all = append(all, `{"client_id":"`+id+`","client_name":"n","client_secret":"a-plain-secret-of-32-bytes-or-so-`+id+`","grant_types":["client_credentials"],"scope":"read"}`)
	}
	return "[" + strings.Join(all, ",") + "]"
}

func TestImportedClientsAuthenticateWithTheSecretsTheyHad(t *testing.T) {
	w := newWorld(t)
	w.ok("client", "import", applications, "--scopes", "read write", "--default-scopes", "read", "--skip-bad")
	s := start(t, w.store)
	for id, secret := range map[string]string{
		"nightly-report": "correct horse battery staple, 36 by+", "stock": "an imported secret of forty characters!!",
		"warehouse": "correct horse battery staple, 36 by+", "unhashed": "plain-and-as-long-as-the-toolkit-makes-them-by-itself",
	} {
		for range 2 { // the second time, what was kept has been upgraded
			status, v := s.post("/o/token/", "grant_type", "client_credentials", "client_id", id, "client_secret", secret)
			if status != http.StatusOK || v["scope"] != "read" || !strings.HasPrefix(text(t, v, "access_token"), "rsc_at_") {
				t.Errorf("%s: status %d, %v", id, status, v["error"])
			}
		}
		if status, v := s.post("/o/token/", "grant_type", "client_credentials", "client_id", id, "client_secret", secret+"x"); status != http.StatusUnauthorized {
			t.Errorf("%s with another secret: status %d, %v", id, status, v)
		}
	}
	// Those that came with hashes have digests by now: an import that is run again knows them.
	again := []string{"client", "import", applications, "--scopes", "read write", "--default-scopes", "read", "--skip-bad"}
	o, v := w.report("", again...)
	if o.status != exitOK || v.Counts[alreadyIn] != 4 || !v.Results[0].Newer || v.Results[4].Newer {
		t.Errorf("again: status %d: %s", o.status, o.stdout)
	}
	expect(t, w.ok(again...), "with another secret than the file's hash", "  nightly-report, stock, warehouse\n")
}

func TestImportChangesNothingUnlessAllIsWell(t *testing.T) {
	w := newWorld(t)
	o, v := w.report("", "client", "import", applications, "--scopes", "read")
	if o.status != exitFailed || outcomes(v) != "nightly-report not_tried, stock not_tried, shop-page refused, warehouse not_tried, unhashed not_tried" {
		t.Errorf("status %d: %s", o.status, outcomes(v))
	}
	expect(t, o.sentence(), "1 of 5 clients cannot be imported, so nothing was changed", "--skip-bad")
	expect(t, o.stdout, `"position":4`, "--drop-unsupported", `"rows_of_other_tables":1`)
	if strings.Contains(o.stderr, `"audit"`) {
		t.Error("what was not done is in the audit")
	}
	if s := w.ok("client", "list", "--deleted"); !strings.Contains(s, "There are no clients") {
		t.Errorf("there are clients: %s", s)
	}
	for _, dry := range [][]string{{"--skip-bad"}, {"--drop-unsupported"}} {
		o, v := w.report("", append([]string{"client", "import", applications, "--scopes", "read", "--dry-run"}, dry...)...)
		if o.status != exitOK || !v.DryRun || v.Counts[wouldImport] < 4 || v.Counts[imported] != 0 || o.stderr != "" {
			t.Errorf("%s: status %d, %v, %s", dry, o.status, v.Counts, o.stderr)
		}
	}
	if o, v := w.report("", "client", "import", applications, "--scopes", "read", "--dry-run"); o.status != exitFailed || v.Counts[wouldImport] != 4 || v.Counts[refused] != 1 {
		t.Errorf("a dry run: status %d, %v", o.status, v.Counts)
	}
	if s := w.ok("client", "list", "--deleted"); !strings.Contains(s, "There are no clients") {
		t.Errorf("a dry run made clients: %s", s)
	}
	o, v = w.report("", "client", "import", applications, "--scopes", "read", "--skip-bad")
	if o.status != exitOK || v.Counts[imported] != 4 || v.Counts[refused] != 1 || strings.Count(o.stderr, `"operation":"client import"`) != 4 {
		t.Errorf("status %d, %v, %s", o.status, v.Counts, o.stderr)
	}
}

func TestImportSaysItToPeople(t *testing.T) {
	w := newWorld(t)
	expect(t, w.ok("client", "import", applications, "--scopes", "read", "--skip-bad"),
		"The file holds 5 clients: django-oauth-toolkit applications, as dumpdata writes them. 1 row of other tables was passed over.",
		"  client 4 (shop-page): it uses password", "left out:\n", "  redirect_uris, of stock\n", "  user, of nightly-report\n",
		"5 clients: 4 imported; 1 refused.")
	expect(t, w.ok("client", "import", applications, "--scopes", "read", "--drop-unsupported", "--dry-run"),
		"These get tokens only through `rescind grant create`, until their grant type is offered:\n  shop-page\n")
	if _, v := w.report("", "client", "import", applications, "--scopes", "read", "--drop-unsupported", "--dry-run"); !v.Results[2].Refresh || v.Results[0].Refresh {
		t.Errorf("%+v", v.Results)
	}
	many := []string{"a1", "a2", "a3", "a4", "a5", "a6", "a7"}
	stripped := strings.ReplaceAll(metadata(many...), `"client_secret"`, `"contacts"`)
	expect(t, w.okWith(stripped, "client", "import", "-", "--without-secrets"), "contacts, of a1, a2, a3, a4, a5 and 2 more",
		"These have no secret", "7 clients: 7 imported.")
	expect(t, w.okWith(stripped, "client", "import", "-", "--without-secrets"), "7 clients: 7 already there.")
	expect(t, w.ok("client", "rotate-secret", "a1"), "rsc_cs_")
}

func TestImportNeverOverwrites(t *testing.T) {
	w := newWorld(t)
	file := metadata("mine", "gone", "new")
	w.ok("client", "create", "--id", "mine", "--name", "mine", "--scopes", "other")
	w.ok("client", "create", "--id", "gone", "--name", "gone")
	w.ok("client", "delete", "gone")
	before := w.ok("client", "show", "mine", "--json")
	o, v := w.report(file, "client", "import", "-", "--skip-bad")
	if o.status != exitOK || outcomes(v) != "mine refused, gone refused, new imported" {
		t.Errorf("status %d: %s", o.status, outcomes(v))
	}
	expect(t, o.stdout, "another client has this id here", "was deleted here")
	if o, v := w.report(file, "client", "import", "-", "--skip-bad"); o.status != exitOK || outcomes(v) != "mine refused, gone refused, new already_there" {
		t.Errorf("again: status %d: %s", o.status, outcomes(v))
	}
	if after := w.ok("client", "show", "mine", "--json"); after != before {
		t.Errorf("%s became %s", before, after)
	}
}

func TestImportRefusesFilesItCannotRead(t *testing.T) {
	w := newWorld(t)
	missing := filepath.Join(t.TempDir(), "none.json")
	for _, row := range []struct {
		stdin, sentence string
		args            []string
		status          int
	}{
		{"", "none.json", []string{missing}, exitFailed},
		{"{", "standard input cannot be imported: the file is not JSON", []string{"-"}, exitFailed},
		{"hello", "neither RFC 7591", []string{"-"}, exitFailed},
		{strings.Repeat(" ", registration.MaxFile+1), "16 MiB", []string{"-"}, exitFailed},
		{"{}", "single spaces", []string{"-", "--scopes", "a  b"}, exitUsage},
		{"{}", "--default-scopes must be", []string{"-", "--default-scopes", `"`}, exitUsage},
	} {
		o := run(t, row.stdin, w.args(append([]string{"client", "import"}, row.args...))...)
		if o.status != row.status {
			t.Errorf("%q: exit status %d", row.args, o.status)
		}
		expect(t, o.sentence(), row.sentence)
	}
}

// onBroken is an app over a store that breaks, and what it says.
func (w *world) onBroken() (a *app, s *broken.Store, stdout, stderr *bytes.Buffer) {
	w.t.Helper()
	db, err := sqlite.Open(w.t.Context(), strings.TrimPrefix(w.store, "sqlite:"), sqlite.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = db.Close() })
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	a = newApp(strings.NewReader(""), stdout, stderr, noEnvironment)
	a.asJSON, a.storeName = true, w.store
	a.log = a.newLogger()
	return a, broken.Wrap(db), stdout, stderr
}

func readMetadata(t *testing.T, a *app, ids ...string) registration.File {
	t.Helper()
	file, err := registration.Read([]byte(metadata(ids...)), registration.Options{Now: a.rules.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// After an outage midway it is said exactly what is in; and what is said is so.
func TestAnOutageInTheMiddleOfAnImport(t *testing.T) {
	var ids []string
	for i := range 60 {
		ids = append(ids, fmt.Sprintf("c%02d", i))
	}
	for _, mode := range []broken.Mode{broken.Fails, broken.Late} {
		w := newWorld(t)
		a, store, stdout, _ := w.onBroken()
		store.Inject(broken.Fault{Verb: broken.CreateClient, N: 30, Mode: mode})
		store.Inject(broken.Fault{Verb: broken.FindClient, Mode: broken.Fails}) // nor can it be looked up
		err := a.importClients(t.Context(), store, readMetadata(t, a, ids...), importFlags{})
		if !errors.Is(err, broken.ErrInjected) {
			t.Fatalf("%s: %v", mode, err)
		}
		expect(t, err.Error(), "the import was cut off", "of 60 clients of the file are in (by position: 1", "of 1 nobody knows (", "not tried", "running it again is safe")
		var v importView
		if err := json.Unmarshal(stdout.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		if v.Counts[unknown] != 1 || v.Counts[imported] < 29-importAtOnce || v.Counts[notTried] == 0 || v.Counts[imported]+v.Counts[notTried]+1 != 60 {
			t.Errorf("%s: %v", mode, v.Counts)
		}
		store.Heal()
		for _, r := range v.Results {
			c, err := store.FindClient(t.Context(), r.ID)
			if err != nil || (c != nil) != (r.Outcome == imported) && r.Outcome != unknown {
				t.Errorf("%s: %s is said to be %s: there %t, %v", mode, r.ID, r.Outcome, c != nil, err)
			}
		}
		store.Deliver(t.Context())
		in := v.Counts[imported]
		stdout.Reset()
		if err := a.importClients(t.Context(), store, readMetadata(t, a, ids...), importFlags{}); err != nil {
			t.Errorf("%s, again: %v", mode, err)
		}
		v = importView{}
		if err := json.Unmarshal(stdout.Bytes(), &v); err != nil || v.Counts[alreadyIn] < in || v.Counts[alreadyIn]+v.Counts[imported] != 60 {
			t.Errorf("%s, again: %v, %v", mode, v.Counts, err)
		}
	}
}

func TestAnOutageBeforeAnImportChangesNothing(t *testing.T) {
	w := newWorld(t)
	a, store, stdout, _ := w.onBroken()
	store.FailAll()
	err := a.importClients(t.Context(), store, readMetadata(t, a, "a"), importFlags{})
	if !errors.Is(err, broken.ErrInjected) || stdout.Len() > 0 || store.Count(broken.CreateClient) != 0 {
		t.Errorf("%v, %s", err, stdout)
	}
	expect(t, err.Error(), "nothing was changed")
}

// A client that somebody else registers between the check and the write stays
// theirs.
func TestAClientThatCameMeanwhileIsNotOverwritten(t *testing.T) {
	w := newWorld(t)
	a, store, stdout, stderr := w.onBroken()
	theirs := false
	store.Hook(func(c broken.Call) {
		if c.Verb == broken.Find && c.After && !theirs {
			theirs = true
			w.ok("client", "create", "--id", "b", "--name", "theirs", "--scopes", "x")
		}
	})
	err := a.importClients(t.Context(), store, readMetadata(t, a, "a", "b", "c"), importFlags{})
	if err == nil || isRefusal(err) {
		t.Fatalf("%v", err)
	}
	expect(t, err.Error(), "1 client of the file came in by another hand meanwhile", "(by position: 2)")
	expect(t, stdout.String(), `{"position":1,"client_id":"a","outcome":"imported"}`, `"client_id":"b","outcome":"refused"`)
	expect(t, stderr.String(), `"outcome":"refused"`)
	if v := w.json("client", "show", "b"); v["client_name"] != "theirs" {
		t.Errorf("%v", v)
	}
}

func TestADryRunOfAnImportCallsNoWrite(t *testing.T) {
	w := newWorld(t)
	a, store, _, stderr := w.onBroken()
	if err := a.importClients(t.Context(), store, readMetadata(t, a, "a", "b"), importFlags{dryRun: true}); err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(store.Calls(), broken.Verb.Writes) || stderr.Len() > 0 {
		t.Errorf("%v, %s", store.Calls(), stderr)
	}
}

func TestAResultThatCannotBeShownIsSaidSo(t *testing.T) {
	w := newWorld(t)
	a, store, _, _ := w.onBroken()
	a.stdout = unwritable{}
	err := a.importClients(t.Context(), store, readMetadata(t, a, "a"), importFlags{})
	if err == nil || !strings.Contains(err.Error(), "importing again tells") || !errors.Is(err, errUnwritable) {
		t.Errorf("%v", err)
	}
	expect(t, w.okWith(metadata("a"), "client", "import", "-"), "1 client: 1 already there.")
}

var errUnwritable = errors.New("no space left on this device")

type unwritable struct{}

func (unwritable) Write([]byte) (int, error) { return 0, errUnwritable }
