package registration_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"rescind/shared/client"
	"rescind/shared/registration"
)

// row is the client that an import makes of an entry.
func row(r client.Registration) *client.Client {
	c := &client.Client{ID: r.ID, State: r.State, Policy: r.Policy, Secrets: r.Secrets, Created: r.Created}
	if c.State == "" {
		c.State = client.On
	}
	return c
}

// Whatever a file holds: no panic, no client that could not be registered, no
// id twice; and what was taken is the same client once it went out and came in
// again.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"applications.json", "applications.csv"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, true, true)
	}
	f.Add([]byte(`{"client_id":"a","client_secret":"`+long+`","grant_types":["client_credentials"],"scope":"a b","audience":["https://x.example"],"access_token_lifetime":1.5}`), false, false)
	f.Add([]byte(`{"clients":[{"client_id":"a","token_endpoint_auth_method":"none","grant_types":["refresh_token"],"scope":"","state":"off"}]}`), false, true)
	f.Add([]byte(`{"client_id":"a","token_endpoint_auth_method":"none","redirect_uris":["https://a.example/b"],"allowed_origins":["https://a.example"],"scope":"a"}`), false, true)
	f.Fuzz(func(t *testing.T, data []byte, drop, without bool) {
		o := registration.Options{Now: now, Scope: scoped("read"), DropUnsupported: drop, WithoutSecrets: without}
		file, err := registration.Read(data, o)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, e := range file.Clients {
			if e.Refused != nil {
				continue
			}
			if err := e.Client.Check(); err != nil || seen[e.ID] || e.ID != e.Client.ID {
				t.Fatalf("%s is taken: %v, seen %t", e.Name(), err, seen[e.ID])
			}
			seen[e.ID] = true
			again(t, e.Client)
		}
	})
}

func again(t *testing.T, r client.Registration) {
	t.Helper()
	out, err := json.Marshal(registration.Export(row(r), true))
	if err != nil {
		t.Fatal(err)
	}
	in, err := registration.Read(out, registration.Options{Now: now, WithoutSecrets: true})
	if err != nil || len(in.Clients) != 1 || in.Clients[0].Refused != nil || len(in.Clients[0].LeftOut) != 0 {
		t.Fatalf("what was exported is not read: %v, %+v", err, in)
	}
	if found, err := in.Clients[0].Client.Against(row(r)); err != nil || found != client.Same {
		t.Fatalf("what was exported is another client: %v", err)
	}
}

// Wherever a secret stands, and whatever it is, nothing that is said holds it.
func FuzzNothingSaidHoldsASecret(f *testing.F) {
	for _, s := range []string{"short", long, "bcrypt$$2b$99$x", "pbkdf2_sha256$9999999$x$y", "a\"b", "$argon2id$v=19$m=9999999,t=2,p=4$x$y", "\x00", "scrypt$x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = "Zq" + strings.ToValidUTF8(s, "?") + "qZ" // nothing that we say is like that
		for _, planted := range []string{s, "bcrypt$" + s, "sha256$" + s, "rsc_cs_" + s, "unknown$" + s} {
			for _, data := range placed(t, planted) {
				for _, o := range []registration.Options{{Now: now}, {Now: now, Scope: scoped("a"), DropUnsupported: true, WithoutSecrets: true}} {
					file, err := registration.Read([]byte(data), o)
					said := []string{}
					if err != nil {
						said = append(said, err.Error())
					}
					for _, e := range file.Clients {
						said = append(said, e.Name(), strings.Join(e.LeftOut, " "))
						if e.Refused != nil {
							said = append(said, e.Refused.Error())
						}
					}
					if all := strings.Join(said, "\n"); strings.Contains(all, s) {
						t.Errorf("the secret is said: %q", all)
					}
				}
			}
		}
	})
}

// placed gives files with the secret where secrets stand, and where a slip of
// the hand puts them. Names of members are no values: they are said.
func placed(t *testing.T, s string) []string {
	t.Helper()
	encoded, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	q := string(encoded)
	const sound = `"client_id":"a","grant_types":["client_credentials"],"scope":"b",`
	quoted := `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	return []string{
		`{` + sound + `"client_secret":` + q + `}`, `{` + sound + `"client_secret":` + q + `,"client_secret":` + q + `}`,
		`{` + sound + `"client_secret_hashes":[` + q + `]}`, `{` + sound + `"client_secret_hashes":` + q + `}`,
		`{` + sound + `"client_secret_expires_at":` + q + `}`, `{` + sound + `"token_endpoint_auth_method":` + q + `}`,
		`{` + sound + `"client_type":` + q + `,"refresh_rotation":` + q + `,"state":` + q + `}`, `{` + sound + `"audience":[` + q + `]}`,
		`{` + sound + `"redirect_uris":[` + q + `]}`, `{` + sound + `"allowed_origins":[` + q + `],"response_types":[` + q + `]}`,
		`{"client_id":"a","grant_types":[` + q + `,"refresh_token"]}`, `{"client_id":"a","grant_types":[],"scope":` + q + `}`,
		`{` + sound + `"client_secret":` + q, q, s,
		`[{"model":"m","fields":{"client_id":"a","client_type":"confidential","authorization_grant_type":"client-credentials","client_secret":` + q + `}}]`,
		`[{"model":` + q + `,"fields":{"client_id":"a","client_type":` + q + `,"authorization_grant_type":` + q + `}}]`,
		"client_id,client_type,authorization_grant_type,client_secret\na,confidential,client-credentials," + quoted + "\n",
		"client_id,client_type,authorization_grant_type,client_secret\na,confidential,client-credentials," + s + "\n" + s,
	}
}

func TestAnExportHoldsNoHashUnlessAsked(t *testing.T) {
	f := readFile(t, "applications.json", registration.Options{Scope: scoped("read")})
	for _, e := range f.Clients {
		if e.Refused != nil {
			continue
		}
		again(t, e.Client)
		out, err := json.Marshal(registration.Export(row(e.Client), false))
		if err != nil || strings.Contains(string(out), "secret_hashes") || strings.Contains(string(out), "$") {
			t.Errorf("%s, %v", out, err)
		}
	}
}
