package registration_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"rescind/shared/client"
	"rescind/shared/registration"
	"rescind/shared/secret"
)

func readFile(t *testing.T, name string, o registration.Options) registration.File {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, string(data), o)
}

func TestAFixture(t *testing.T) {
	f := readFile(t, "applications.json", registration.Options{Scope: scoped("read")})
	if f.Form != registration.Fixture || f.Other != 1 || len(f.Clients) != 5 {
		t.Fatalf("%s, %d others, %d clients", f.Form, f.Other, len(f.Clients))
	}
	for i, want := range []struct {
		position     int
		id, name     string
		leftOut      []string
		refused      string
		hashedPrefix string
	}{
		{1, "nightly-report", "Nightly report", []string{"user"}, "", "pbkdf2_sha256$1000$seasalt$"},
		{3, "stock", "stock", []string{"algorithm", "redirect_uris", "skip_authorization"}, "", "bcrypt$$2b$04$"},
		{4, "shop-page", "The shop's page", nil, "it uses password", ""},
		{5, "warehouse", "Warehouse", nil, "", "argon2$argon2id$"},
		{6, "unhashed", "Verifies HS256", nil, "", "sha256$"},
	} {
		e := f.Clients[i]
		if e.Position != want.position || e.ID != want.id {
			t.Errorf("client %d is %s", i, e.Name())
			continue
		}
		if want.refused != "" {
			if e.Refused == nil || !strings.Contains(e.Refused.Error(), want.refused) {
				t.Errorf("%s: %v", e.Name(), e.Refused)
			}
			continue
		}
		p := e.Client.Policy
		if e.Refused != nil || p.Name != want.name || p.Type != client.Confidential || p.TokenEndpointAuthMethod != "" ||
			!slices.Equal(p.GrantTypes, []string{"client_credentials"}) || p.Scope.String() != "read" || p.DefaultScope.String() != "read" {
			t.Errorf("%s: %v, %+v", e.Name(), e.Refused, p)
		}
		if !slices.Equal(e.LeftOut, want.leftOut) {
			t.Errorf("%s: left out %q", e.Name(), e.LeftOut)
		}
		if len(e.Client.Secrets) != 1 || !strings.HasPrefix(e.Client.Secrets[0].Notation().Reveal(), want.hashedPrefix) {
			t.Errorf("%s: not its secret", e.Name())
		}
	}
	if got := f.Clients[0].Client.Created; !got.Equal(time.Date(2023, 4, 5, 6, 7, 8, 901e6, time.UTC)) {
		t.Errorf("created %v", got)
	}
}

func TestAFixtureWithItsUnofferedGrantTypesDropped(t *testing.T) {
	e := readFile(t, "applications.json", registration.Options{Scope: scoped("read"), DropUnsupported: true}).Clients[2]
	if e.Refused != nil || e.Client.Policy.Type != client.Public || !slices.Equal(e.Client.Policy.GrantTypes, []string{"refresh_token"}) || len(e.Client.Secrets) != 0 {
		t.Errorf("%+v", e)
	}
	if !e.OnlyRefreshes() || e.Client.Policy.RedirectURIs != nil {
		t.Error("it is not said that it can only refresh, or it has redirect URIs to nowhere")
	}
	if !slices.Equal(e.LeftOut, []string{"client_secret", "grant type password", "redirect_uris"}) {
		t.Errorf("left out %q", e.LeftOut)
	}
}

// TestARowThatRedirects keeps where its users come back to, and whose scripts
// may ask.
func TestARowThatRedirects(t *testing.T) {
	for kind, leftOut := range map[string][]string{"authorization-code": nil, "openid-hybrid": {"grant type implicit"}} {
		e := read(t, `[{"client_id":"page","client_type":"public","authorization_grant_type":"`+kind+`","allowed_origins":"https://shop.example",
			"redirect_uris":"https://shop.example/back http://127.0.0.1/back\r\nhttps://shop.example/back"}]`,
			registration.Options{Scope: scoped("read"), DropUnsupported: true}).Clients[0]
		p := e.Client.Policy
		if e.Refused != nil || !slices.Equal(p.GrantTypes, []string{"authorization_code", "refresh_token"}) || e.OnlyRefreshes() ||
			!slices.Equal(p.RedirectURIs, []string{"https://shop.example/back", "http://127.0.0.1/back"}) || !slices.Equal(p.AllowedOrigins, []string{"https://shop.example"}) {
			t.Errorf("%s: %v, %+v", kind, e.Refused, p)
		}
		if !slices.Equal(e.LeftOut, leftOut) {
			t.Errorf("%s: left out %q", kind, e.LeftOut)
		}
	}
}

func TestRowsInCSV(t *testing.T) {
	f := readFile(t, "applications.csv", registration.Options{Scope: scoped("read")})
	if f.Form != registration.RowsCSV || len(f.Clients) != 2 {
		t.Fatalf("%s, %d clients", f.Form, len(f.Clients))
	}
	fixture := readFile(t, "applications.json", registration.Options{Scope: scoped("read")})
	for i, e := range f.Clients {
		if e.Refused != nil || e.Position != i+1 || e.ID != fixture.Clients[i].ID || !e.Client.Created.Equal(fixture.Clients[i].Client.Created) ||
			len(e.Client.Secrets) != 1 || !e.Client.Secrets[0].Same(fixture.Clients[i].Client.Secrets[0]) {
			t.Errorf("%+v", e)
		}
	}
	if n := f.Clients[0].Client.Policy.Name; n != `Nightly "report"` {
		t.Errorf("name %s", n)
	}
	if got := f.Clients[1].LeftOut; !slices.Equal(got, []string{"algorithm", "redirect_uris", "skip_authorization", "user_id"}) {
		t.Errorf("left out %q", got)
	}
}

func TestRowsInOtherDressAreTheSame(t *testing.T) {
	for data, form := range map[string]registration.Form{
		"client_id;client_type;authorization_grant_type;client_secret;hash_client_secret\na;confidential;client-credentials;" + long + ";0\n":                           registration.RowsCSV,
		"client_id\tclient_type\tauthorization_grant_type\tclient_secret\tname\r\na\tconfidential\tclient-credentials\t" + long + "\t\\N\r\n":                           registration.RowsCSV,
		`[{"client_id":"a","client_type":"confidential","authorization_grant_type":"client-credentials","client_secret":"` + long + `","id":1,"hash_client_secret":0}]`: registration.RowsJSON,
	} {
		f := read(t, data, registration.Options{Scope: scoped("read")})
		e := f.Clients[0]
		if f.Form != form || e.Refused != nil || e.ID != "a" || e.Client.Policy.Name != "a" || len(e.LeftOut) != 0 || e.Client.Secrets[0].Digest != secret.NewText(long).Digest() {
			t.Errorf("%s: %+v", f.Form, e)
		}
	}
}

func TestRowsThatCannotBeKept(t *testing.T) {
	row := func(fields string) string {
		return `[{"model":"oauth2_provider.application","fields":{"client_id":"a",` + fields + `}},{"model":"x.y","fields":7}]`
	}
	const kind = `"client_type":"confidential","authorization_grant_type":"client-credentials",`
	for fields, reason := range map[string]string{
		`"client_type":"magic","authorization_grant_type":"client-credentials"`:                                                                              "neither confidential nor public",
		`"client_type":"confidential","authorization_grant_type":"magic"`:                                                                                    "is not known",
		`"client_type":"confidential","authorization_grant_type":"implicit"`:                                                                                 "uses implicit",
		`"client_type":"confidential","authorization_grant_type":"openid-hybrid"`:                                                                            "it also uses implicit, which is not offered",
		`"client_type":"public","authorization_grant_type":"authorization-code"`:                                                                             "at least one redirect URI",
		`"client_type":"public","authorization_grant_type":"authorization-code","redirect_uris":"https://a.example/ http://b.example/cb"`:                    "its redirect URI 2 cannot be kept: an http redirect URI goes to",
		`"client_type":"public","authorization_grant_type":"authorization-code","redirect_uris":"myapp://cb"`:                                                "domain name backwards",
		`"client_type":"public","authorization_grant_type":"authorization-code","redirect_uris":["https://a.example/"]`:                                      "redirect_uris must be a string",
		`"client_type":"public","authorization_grant_type":"authorization-code","redirect_uris":"https://a.example/","allowed_origins":"https://a.example/"`: "its allowed origin 1 cannot be kept",
		`"client_type":"confidential","authorization_grant_type":"password"`:                                                                                 "it uses password, which is not offered",
		`"client_type":"public","authorization_grant_type":"client-credentials"`:                                                                             "cannot use client_credentials",
		kind + `"client_secret":""`:                                                       "brings no secret",
		kind + `"client_secret":"short"`:                                                  "--without-secrets takes",
		kind + `"client_secret":"scrypt$$2b$12$x"`:                                        "cannot be taken over",
		kind + `"client_secret":"sha256$ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="`:    "cannot be taken over",
		kind + `"client_secret":"md5$a$b","hash_client_secret":false`:                     "cannot be taken over",
		kind + `"client_secret":"` + long + `$"`:                                          "hash_client_secret false",
		kind + `"client_secret":"x","hash_client_secret":"perhaps"`:                       "true or false",
		kind + `"name":"` + strings.Repeat("n", 255) + `","client_secret":"` + long + `"`: "200 bytes",
	} {
		f := read(t, row(fields), registration.Options{Scope: scoped("read")})
		if e := f.Clients[0]; e.Refused == nil || !strings.Contains(e.Refused.Error(), reason) {
			t.Errorf("%s: %v, not %q", fields, e.Refused, reason)
		}
		if e := f.Clients[1]; e.Refused == nil || e.Name() != "client 2" {
			t.Errorf("%+v", e)
		}
	}
	dollar := read(t, row(kind+`"client_secret":"`+long+`$","hash_client_secret":false`), registration.Options{Scope: scoped("read")}).Clients[0]
	if dollar.Refused != nil || dollar.Client.Secrets[0].Digest != secret.NewText(long+"$").Digest() {
		t.Errorf("a plain secret with a dollar: %v", dollar.Refused)
	}
	if e := read(t, row(kind+`"client_secret":"`+long+`"`), registration.Options{}).Clients[0]; e.Refused == nil || !strings.Contains(e.Refused.Error(), "--scopes") {
		t.Errorf("a row without scopes: %v", e.Refused)
	}
}
