package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"rescind/shared/client"
	"rescind/shared/sqlite"
)

func TestClientCreateSpeaksRFC7591(t *testing.T) {
	w := newWorld(t)
	v := w.json("client", "create", "--name", "billing", "--grant-types", "client_credentials,refresh_token",
		"--scopes", "read write", "--audience", "https://a.example", "--audience", "https://b.example",
		"--access-token-lifetime", "15m", "--refresh-idle-lifetime", "1h", "--refresh-total-lifetime", "2h",
		"--refresh-rotation", "never", "--revoke-access-token", "token", "--auth-method", "client_secret_post")
	if id := text(t, v, "client_id"); len(id) < 22 || strings.HasPrefix(id, "-") {
		t.Errorf("client_id %q", id)
	}
	if !strings.HasPrefix(text(t, v, "client_secret"), "rsc_cs_") {
		t.Error("no secret of ours")
	}
	want := map[string]string{
		"client_name": "billing", "grant_types": "[client_credentials refresh_token]", "scope": "read write",
		"default_scope": "read write", "token_endpoint_auth_method": "client_secret_post", "client_secret_expires_at": "0",
		"audience": "[https://a.example https://b.example]", "access_token_lifetime": "900", "refresh_idle_lifetime": "3600",
		"refresh_total_lifetime": "7200", "refresh_rotation": "never", "revoke_access_token": "token",
		"client_type": "confidential", "state": "on", "resource_server": "false",
	}
	for member, value := range want {
		if got := fmt.Sprint(v[member]); got != value {
			t.Errorf("%s is %s, not %s", member, got, value)
		}
	}
	if issued, ok := v["client_id_issued_at"].(float64); !ok || issued < 1.7e9 {
		t.Errorf("client_id_issued_at: %v", v["client_id_issued_at"])
	}
}

func TestClientCreateDefaults(t *testing.T) {
	w := newWorld(t)
	confidential := w.json("client", "create", "--name", "n", "--scopes", "a b")
	public := w.json("client", "create", "--name", "n", "--type", "public", "--scopes", "a b", "--default-scopes", "")
	for _, row := range []struct {
		v            map[string]any
		member, want string
	}{
		{confidential, "grant_types", "[client_credentials]"}, {confidential, "default_scope", "a b"},
		{confidential, "token_endpoint_auth_method", "client_secret_basic"},
		{confidential, "token_endpoint_auth_methods_accepted", "[client_secret_basic client_secret_post]"},
		{public, "grant_types", "[refresh_token]"}, {public, "default_scope", ""}, {public, "token_endpoint_auth_method", "none"},
	} {
		if got := fmt.Sprint(row.v[row.member]); got != row.want {
			t.Errorf("%s is %q, not %q", row.member, got, row.want)
		}
	}
	for _, member := range []string{"client_secret", "client_secret_expires_at"} {
		if _, there := public[member]; there {
			t.Errorf("a public client has a %s", member)
		}
	}
}

func TestClientTextShowsTheSecretOnce(t *testing.T) {
	w := newWorld(t)
	created := w.ok("client", "create", "--name", "n", "--id", "c1", "--scopes", "a")
	expect(t, created, "shown this once", "rsc_cs_", "c1")
	shown := w.ok("client", "show", "c1")
	expect(t, shown, "client_id", "c1", "state", "on", "secret in use")
	listed := w.ok("client", "list")
	expect(t, listed, "CLIENT_ID", "c1")
	if strings.Contains(shown+listed, ours) {
		t.Error("a secret is shown again")
	}
}

func TestClientIDsAreTakenForGood(t *testing.T) {
	w := newWorld(t)
	w.phone("c1")
	for range 2 {
		o := w.try("client", "create", "--name", "n", "--id", "c1")
		if o.status != exitFailed {
			t.Errorf("exit status %d", o.status)
		}
		expect(t, o.sentence(), "choose another id")
		expect(t, o.stderr, `"outcome":"refused"`)
		w.ok("client", "delete", "c1")
	}
}

func TestClientUpdateChangesOnlyWhatIsNamed(t *testing.T) {
	w := newWorld(t)
	before := w.json("client", "create", "--name", "n", "--id", "c1", "--scopes", "a b", "--audience", "https://a.example", "--access-token-lifetime", "5m")
	w.ok("client", "update", "c1", "--default-scopes", "", "--audience", "", "--resource-server=false")
	after := w.json("client", "show", "c1")
	if after["default_scope"] != "" || len(after["audience"].([]any)) != 0 {
		t.Errorf("not changed: %v", after)
	}
	for _, member := range []string{"client_name", "scope", "access_token_lifetime", "client_id_issued_at", "client_secrets_issued_at", "epoch"} {
		if fmt.Sprint(before[member]) != fmt.Sprint(after[member]) {
			t.Errorf("%s changed from %v to %v", member, before[member], after[member])
		}
	}
	w.ok("client", "update", "c1", "--access-token-lifetime", "0", "--name", "m", "--scopes", "x", "--grant-types", "client_credentials,refresh_token")
	after = w.json("client", "show", "c1")
	if _, there := after["access_token_lifetime"]; there || after["client_name"] != "m" || after["scope"] != "x" {
		t.Errorf("not changed: %v", after)
	}
}

func TestClientStates(t *testing.T) {
	w := newWorld(t)
	w.phone("c1")
	first := w.json("client", "show", "c1")["epoch"].(float64)
	expect(t, w.ok("client", "disable", "c1"), "Client c1 is off. All its grants born until")
	second := w.json("client", "show", "c1")["epoch"].(float64)
	if second <= first {
		t.Error("disabling did not raise the epoch")
	}
	expect(t, w.ok("client", "disable", "c1"), "already off")
	expect(t, w.ok("client", "enable", "c1"), "Client c1 is on.", "stay ended")
	expect(t, w.ok("client", "enable", "c1"), "Nothing was changed")
	if v := w.json("client", "disable", "c1"); v["state"] != "off" {
		t.Errorf("%v", v)
	}
	if v := w.json("client", "enable", "c1"); v["state"] != "on" {
		t.Errorf("%v", v)
	}
	expect(t, w.ok("client", "delete", "c1"), "Client c1 is deleted", "cannot be registered again")
	expect(t, w.ok("client", "delete", "c1"), "already deleted")
	if v := w.json("client", "show", "c1"); v["state"] != "deleted" {
		t.Errorf("%v", v)
	}
	for _, verb := range []string{"disable", "enable", "rotate-secret"} {
		o := w.try("client", verb, "c1")
		if o.status != exitFailed {
			t.Errorf("%s of a deleted client: exit status %d", verb, o.status)
		}
	}
	if s := w.ok("client", "list"); strings.Contains(s, "c1") {
		t.Errorf("a deleted client is listed: %s", s)
	}
	expect(t, w.ok("client", "list", "--deleted"), "c1", "deleted")
}

func TestUnknownClientIsStatus1(t *testing.T) {
	w := newWorld(t)
	for _, args := range [][]string{
		{"client", "show", "c9"}, {"client", "update", "c9", "--name", "n"}, {"client", "disable", "c9"}, {"client", "enable", "c9"},
		{"client", "delete", "c9"}, {"client", "rotate-secret", "c9"}, {"client", "rotate-secret", "c9", "--drop-old"},
		{"grant", "create", "--client", "c9", "--subject", "s"}, {"revoke", "--client", "c9"},
	} {
		o := w.try(args...)
		if o.status != exitFailed {
			t.Errorf("%q: exit status %d", args, o.status)
		}
		expect(t, o.sentence(), "there is no client with this id; `rescind client list`")
	}
}

func TestListPagesThroughAllClients(t *testing.T) {
	w := newWorld(t)
	store, err := sqlite.Open(t.Context(), strings.TrimPrefix(w.store, "sqlite:"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m := client.Manager{Store: store, Now: time.Now, Rand: rand.Reader}
	var want []string
	var all errgroup.Group // the store syncs them together
	for i := range listPage + 3 {
		id := fmt.Sprintf("c%04d", i)
		want = append(want, id)
		all.Go(func() error {
			_, _, err := m.Create(t.Context(), id, client.Policy{Name: "n", Type: client.Public})
			return err
		})
	}
	if err := errors.Join(all.Wait(), store.Close()); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range w.json("client", "list")["clients"].([]any) {
		got = append(got, text(t, c.(map[string]any), "client_id"))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d clients listed, not %d, or in another order", len(got), len(want))
	}
}

func TestEmptyListsAreSentencesAndEmptyArrays(t *testing.T) {
	w := newWorld(t)
	expect(t, w.ok("client", "list"), "There are no clients")
	expect(t, w.ok("client", "list", "--json"), `{"clients":[]}`)
	expect(t, w.ok("grant", "list", "--subject", "s"), "has no grants")
	expect(t, w.ok("grant", "list", "--subject", "s", "--json"), `{"grants":[]}`)
}

func TestRotateSecretText(t *testing.T) {
	w := newWorld(t)
	w.ok("client", "create", "--name", "n", "--id", "c1")
	expect(t, w.ok("client", "rotate-secret", "c1", "--drop-old"), "one secret only")
	expect(t, w.ok("client", "rotate-secret", "c1"), "shown this once", "rescind client rotate-secret c1 --drop-old", "rsc_cs_")
	expect(t, w.ok("client", "rotate-secret", "c1"), "The one before that has stopped working")
	v := w.json("client", "rotate-secret", "c1")
	if !strings.HasPrefix(text(t, v, "client_secret"), "rsc_cs_") || len(v["client_secrets_issued_at"].([]any)) != 2 {
		t.Errorf("%v", len(v))
	}
	expect(t, w.ok("client", "rotate-secret", "c1", "--drop-old"), "the old one has stopped working")
	w.phone("p1")
	if o := w.try("client", "rotate-secret", "p1"); o.status != exitFailed {
		t.Errorf("a public client got a secret: %d", o.status)
	}
}
