package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"rescind/internal/testkit/broken"
)

// export --with-secret-hashes, then import into another store: the same clients,
// and each authenticates as before.
func TestWhatIsExportedCanBeImported(t *testing.T) {
	w := newWorld(t)
	w.ok("client", "import", applications, "--scopes", "read write", "--skip-bad")
	made := w.json("client", "create", "--id", "made", "--name", "made here", "--scopes", "read", "--audience", "https://a.example",
		"--access-token-lifetime", "90s", "--auth-method", "client_secret_post", "--revoke-access-token", "token")
	w.phone("phone")
	w.ok("client", "create", "--id", "off", "--name", "off")
	w.ok("client", "disable", "off")
	w.ok("client", "create", "--id", "gone", "--name", "gone")
	w.ok("client", "delete", "gone")

	o := w.try("client", "export", "--with-secret-hashes")
	expect(t, o.stderr, "exported 7 clients, left out 1 deleted", "keep it as you keep the store")
	elsewhere := newWorld(t)
	if got := elsewhere.okWith(o.stdout, "client", "import", "-"); !strings.Contains(got, "7 clients: 7 imported.") {
		t.Fatal(got)
	}
	if again := elsewhere.ok("client", "export", "--with-secret-hashes"); again != o.stdout {
		t.Errorf("%s\nbecame\n%s", o.stdout, again)
	}
	s := start(t, elsewhere.store)
	for id, secret := range map[string]string{"made": text(t, made, "client_secret"), "stock": "an imported secret of forty characters!!"} {
		if status, v := s.post("/o/token/", "grant_type", "client_credentials", "client_id", id, "client_secret", secret); status != http.StatusOK {
			t.Errorf("%s: status %d, %v", id, status, v)
		}
	}
	if status, _ := s.post("/o/token/", "grant_type", "client_credentials", "client_id", "off", "client_secret", "x"); status != http.StatusUnauthorized {
		t.Errorf("a client that was off: status %d", status)
	}
}

func TestAnExportHoldsNoSecretUnlessAsked(t *testing.T) {
	w := newWorld(t)
	w.ok("client", "import", applications, "--scopes", "read write", "--skip-bad")
	w.ok("client", "create", "--id", "made", "--name", "made here", "--scopes", "read")
	o := w.try("client", "export")
	if o.status != exitOK || strings.Contains(o.stdout, "$") || strings.Contains(o.stdout, "secret_hashes") || strings.Contains(o.stderr, "keep it as") {
		t.Errorf("%s, %s", o.stdout, o.stderr)
	}
	var list []map[string]any
	if err := json.Unmarshal([]byte(o.stdout), &list); err != nil || len(list) != 5 {
		t.Errorf("%d clients, %v", len(list), err)
	}
	elsewhere := newWorld(t)
	if o, v := elsewhere.report(o.stdout, "client", "import", "-"); o.status != exitFailed || v.Counts[refused] != 5 {
		t.Errorf("clients without secrets are imported: %v", v.Counts)
	}
	if o, v := elsewhere.report(o.stdout, "client", "import", "-", "--without-secrets"); o.status != exitOK || v.Counts[imported] != 5 || !v.Results[0].NoSecret {
		t.Errorf("%d, %v", o.status, v.Counts)
	}
	if got := newWorld(t).ok("client", "export"); got != "[\n]\n" {
		t.Errorf("an empty store: %q", got)
	}
}

func TestAnExportThatFailsPrintsNothing(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	a, store, stdout, _ := w.onBroken()
	store.Inject(broken.Fault{Verb: broken.ListClients})
	if err := a.exportClients(t.Context(), store, false); !errors.Is(err, broken.ErrInjected) || stdout.Len() > 0 {
		t.Errorf("%v, %s", err, stdout)
	}
	store.Heal()
	a.stdout = unwritable{}
	if err := a.exportClients(t.Context(), store, false); !errors.Is(err, errUnwritable) {
		t.Errorf("a full disk: %v", err)
	}
}
