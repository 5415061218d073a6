package registration_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"rescind/shared/client"
	"rescind/shared/oauth"
	"rescind/shared/registration"
	"rescind/shared/secret"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

const long = "a-plain-secret-of-more-than-32-bytes"

func scoped(words ...string) *oauth.Scope {
	s := oauth.Scope(words)
	return &s
}

func read(t *testing.T, data string, o registration.Options) registration.File {
	t.Helper()
	o.Now = now
	f, err := registration.Read([]byte(data), o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// one reads the only client of a file; the members come beside sound ones.
func one(t *testing.T, members string, o registration.Options) registration.Entry {
	t.Helper()
	sound := map[string]any{"client_id": "app", "client_secret": long, "grant_types": []string{"client_credentials"}, "scope": "read write"}
	var more map[string]any
	if err := json.Unmarshal([]byte("{"+members+"}"), &more); err != nil {
		t.Fatal(err)
	}
	for name, v := range more {
		if sound[name] = v; v == "-" {
			delete(sound, name)
		}
	}
	data, err := json.Marshal(sound)
	if err != nil {
		t.Fatal(err)
	}
	f := read(t, "["+string(data)+"]", o)
	if len(f.Clients) != 1 || f.Form != registration.Metadata {
		t.Fatalf("%d clients, %s", len(f.Clients), f.Form)
	}
	return f.Clients[0]
}

func TestMetadataOfEveryMember(t *testing.T) {
	e := one(t, `"client_name":"Billing","client_id_issued_at":1600000000,"client_secret_expires_at":0,"token_endpoint_auth_method":"client_secret_post",
		"grant_types":["client_credentials","refresh_token","refresh_token"],"default_scope":"read","audience":["https://a.example"],"resource_server":true,
		"access_token_lifetime":900,"refresh_idle_lifetime":1.5,"refresh_total_lifetime":7200,"refresh_rotation":"never","revoke_access_token":"token",
		"state":"off","contacts":["ops@example.com"],"redirect_uris":["https://a.example/back","http://127.0.0.1/back","https://a.example/back"],
		"allowed_origins":["https://a.example"],"response_types":["code"],"jwks":{"keys":[1]},"software_id":null,"epoch":7,"updated_at":9`, registration.Options{})
	if e.Refused != nil {
		t.Fatal(e.Refused)
	}
	want := client.Policy{Name: "Billing", Type: client.Confidential, TokenEndpointAuthMethod: oauth.AuthPost,
		GrantTypes: []string{"client_credentials", "refresh_token"}, Scope: oauth.Scope{"read", "write"}, DefaultScope: oauth.Scope{"read"},
		RedirectURIs: []string{"https://a.example/back", "http://127.0.0.1/back"}, AllowedOrigins: []string{"https://a.example"},
		Audience: []string{"https://a.example"}, ResourceServer: true, AccessTokenLifetime: 15 * time.Minute, RefreshIdleLifetime: 1500 * time.Millisecond,
		RefreshTotalLifetime: 2 * time.Hour, RefreshRotation: client.RotateNever, RevokeAccessToken: client.RevokesToken}
	if got := fmt.Sprintf("%+v", e.Client.Policy); got != fmt.Sprintf("%+v", want) {
		t.Errorf("%s\nis not\n%+v", got, want)
	}
	if e.Client.ID != "app" || e.Client.State != client.Off || e.Client.Created.Unix() != 1600000000 || e.Position != 1 {
		t.Errorf("%+v", e)
	}
	if len(e.Client.Secrets) != 1 || e.Client.Secrets[0].Digest != secret.NewText(long).Digest() || !e.Client.Secrets[0].Created.Equal(now) {
		t.Error("not its secret")
	}
	if !slices.Equal(e.LeftOut, []string{"contacts", "jwks"}) {
		t.Errorf("left out: %q", e.LeftOut)
	}
}

// TestNoGrantTypesStandForCodes, by RFC 7591 section 2, where there is
// somewhere to send them.
func TestNoGrantTypesStandForCodes(t *testing.T) {
	e := one(t, `"grant_types":"-","redirect_uris":["https://a.example/back"],"response_types":["code","token"]`, registration.Options{})
	if e.Refused != nil || !slices.Equal(e.Client.Policy.GrantTypes, []string{"authorization_code"}) || !slices.Equal(e.LeftOut, []string{"response_types"}) {
		t.Errorf("%+v", e)
	}
}

func TestTheThreeShapesOfMetadata(t *testing.T) {
	c := func(id string) string {
		return `{"client_id":"` + id + `","client_secret":"` + long + `","grant_types":["client_credentials"],"scope":"a"}`
	}
	for data, n := range map[string]int{
		c("a"): 1, "[" + c("a") + "," + c("b") + "]": 2, `{"clients":[` + c("a") + "," + c("b") + "," + c("c") + `],"next":"x"}`: 3, "\ufeff\n " + c("a"): 1,
	} {
		f := read(t, data, registration.Options{})
		if len(f.Clients) != n || f.Form != registration.Metadata {
			t.Errorf("%d clients in %s", len(f.Clients), data)
		}
		for i, e := range f.Clients {
			if e.Refused != nil || e.Position != i+1 || e.ID != string(rune('a'+i)) {
				t.Errorf("%+v", e)
			}
		}
	}
}

func TestTypesAndMethods(t *testing.T) {
	for members, want := range map[string][2]string{
		`"x":1`: {client.Confidential, ""},
		`"token_endpoint_auth_method":"client_secret_basic"`:                                                                                     {client.Confidential, oauth.AuthBasic},
		`"token_endpoint_auth_methods_accepted":["client_secret_basic"]`:                                                                         {client.Confidential, oauth.AuthBasic},
		`"token_endpoint_auth_methods_accepted":["client_secret_basic","client_secret_post"],"token_endpoint_auth_method":"client_secret_basic"`: {client.Confidential, ""},
		`"token_endpoint_auth_method":"none","client_secret":"-","grant_types":["refresh_token"]`:                                                {client.Public, ""},
		`"client_type":"public","client_secret":"-","grant_types":[]`:                                                                            {client.Public, ""},
	} {
		e := one(t, members, registration.Options{})
		if p := e.Client.Policy; e.Refused != nil || p.Type != want[0] || p.TokenEndpointAuthMethod != want[1] {
			t.Errorf("%s: %v, %s, %q", members, e.Refused, p.Type, p.TokenEndpointAuthMethod)
		}
	}
}

func TestWhatCannotBeKeptIsRefusedWithWhatToDo(t *testing.T) {
	for members, reason := range map[string]string{
		`"client_id":"-"`: "client_id is missing", `"client_id":7`: "client_id must be a string",
		`"client_id":"a b"`: "printable ASCII", `"client_id":"rsc_at_x"`: "looks like a token",
		`"client_name":"a\u0007"`: "printable", `"client_name":"` + strings.Repeat("n", 201) + `"`: "200 bytes", `"client_name":"rsc_rt_x"`: "looks like a token",
		`"client_name":{}`:  "client_name must be a string",
		`"grant_types":"-"`: "names no grant_types", `"grant_types":null`: "names no grant_types", `"grant_types":"client_credentials"`: "array of strings",
		`"grant_types":["client_credentials",1]`:                                    "array of strings",
		`"grant_types":["authorization_code"]`:                                      "at least one redirect URI",
		`"redirect_uris":["https://a.example/#x"]`:                                  "its redirect URI 1 cannot be kept",
		`"redirect_uris":"https://a.example/"`:                                      "array of strings",
		`"redirect_uris":["https://a.example/rsc_at_x"]`:                            "looks like a token",
		`"allowed_origins":["*"]`:                                                   "its allowed origin 1 cannot be kept",
		`"grant_types":["implicit"]`:                                                "uses implicit, which is not offered; offered are client_credentials, refresh_token, authorization_code",
		`"grant_types":["refresh_token","implicit","password"]`:                     "--drop-unsupported takes it with refresh_token alone",
		`"grant_types":["client_credentials","magic"]`:                              "one that is not known",
		`"token_endpoint_auth_method":"private_key_jwt"`:                            "authenticates with private_key_jwt",
		`"token_endpoint_auth_method":"magic"`:                                      "is not known",
		`"token_endpoint_auth_method":"none","client_secret":"-"`:                   "cannot use client_credentials",
		`"token_endpoint_auth_method":"none","grant_types":["refresh_token"]`:       "public and has a secret",
		`"token_endpoint_auth_method":"none","client_type":"confidential"`:          "contradict",
		`"client_type":"public","token_endpoint_auth_method":"client_secret_basic"`: "contradict",
		`"token_endpoint_auth_methods_accepted":["none","client_secret_basic"]`:     "contradict",
		`"client_type":"magic"`:                                                     "type is none of", `"state":"deleted"`: "was deleted", `"state":"asleep"`: "on or off",
		`"scope":"-"`: "--scopes", `"scope":"a  b"`: "single spaces", `"scope":["a"]`: "scope must be a string", `"default_scope":"x"`: "must be among",
		`"default_scope":"\u00e9"`: "single spaces", `"scope":"rsc_at_x"`: "looks like a token",
		`"audience":["api"]`: "absolute URI", `"resource_server":true`: "at least one audience", `"resource_server":"maybe"`: "true or false",
		`"access_token_lifetime":0.5`: "between 1s and ten years", `"access_token_lifetime":-1`: "number of seconds", `"access_token_lifetime":"1h"`: "number of seconds",
		`"access_token_lifetime":1e300`: "number of seconds", `"refresh_rotation":"sometimes"`: "none of", `"revoke_access_token":"all"`: "none of",
		`"client_secret":"-"`: "--without-secrets", `"client_secret":"short"`: "5 bytes", `"client_secret":"` + strings.Repeat("x", 257) + `"`: "256 is the most",
		`"client_secret":"rsc_cs_mistyped"`: "checksum", `"client_secret":"$2b$12$abcdefghijklmnopqrstuuIihgExMqZZ"`: "client_secret_hashes",
		`"client_secret":"pbkdf2_sha256$1$a$b"`: "client_secret_hashes", `"client_secret_hashes":["sha256$x"]`: "leave one of them out",
		`"client_secret":"-","client_secret_hashes":["sha256$x"]`:                  "not the base64",
		`"client_secret":"-","client_secret_hashes":["scrypt$$2b$12$x"]`:           "not a hash that can be imported",
		`"client_secret":"-","client_secret_hashes":["pbkdf2_sha256$9000000$a$b"]`: "up to 2,000,000 rounds",
		`"client_secret":"-","client_secret_hashes":"x"`:                           "array of strings",
		`"client_secret_expires_at":1700000000`:                                    "expired on 2023-11-14",
		`"client_secret_expires_at":1900000000`:                                    "expires on 2030-03-17",
		`"client_secret_expires_at":"never"`:                                       "number of seconds",
		`"client_secrets_issued_at":["x"]`:                                         "number of seconds",
		`"dpop_bound_access_tokens":true`:                                          "dpop_bound_access_tokens",
		`"tls_client_certificate_bound_access_tokens":true`:                        "tls_client_certificate_bound",
	} {
		e := one(t, members, registration.Options{})
		if e.Refused == nil || !strings.Contains(e.Refused.Error(), reason) {
			t.Errorf("%s: %v, not %q", members, e.Refused, reason)
		}
	}
}

func TestOptionsTakeWhatWouldBeRefused(t *testing.T) {
	e := one(t, `"scope":"-"`, registration.Options{Scope: scoped("a", "b"), DefaultScope: scoped("b")})
	if e.Refused != nil || e.Client.Policy.Scope.String() != "a b" || e.Client.Policy.DefaultScope.String() != "b" {
		t.Errorf("%+v", e)
	}
	e = one(t, `"x":0`, registration.Options{Scope: scoped("a")})
	if e.Refused != nil || e.Client.Policy.Scope.String() != "read write" || e.Client.Policy.DefaultScope.String() != "read write" {
		t.Errorf("its own scope is not what it has: %+v", e)
	}
	e = one(t, `"grant_types":["password","refresh_token"]`, registration.Options{DropUnsupported: true})
	if e.Refused != nil || !slices.Equal(e.Client.Policy.GrantTypes, []string{"refresh_token"}) || !slices.Equal(e.LeftOut, []string{"grant type password"}) {
		t.Errorf("%+v", e)
	}
	if e = one(t, `"grant_types":["password"]`, registration.Options{DropUnsupported: true}); e.Refused == nil {
		t.Error("a client that can do nothing is taken")
	}
	for _, members := range []string{`"client_secret":"-"`, `"client_secret":"short"`, `"client_secret_expires_at":1900000000`,
		`"client_secret":"-","client_secret_hashes":["scrypt$x"]`} {
		e := one(t, members, registration.Options{WithoutSecrets: true})
		if e.Refused != nil || len(e.Client.Secrets) != 0 {
			t.Errorf("%s: %v, %d secrets", members, e.Refused, len(e.Client.Secrets))
		}
		if members != `"client_secret":"-"` && len(e.LeftOut) != 1 {
			t.Errorf("%s: left out %q", members, e.LeftOut)
		}
	}
	if e := one(t, `"x":0`, registration.Options{WithoutSecrets: true}); len(e.Client.Secrets) != 1 {
		t.Error("a sound secret is left out")
	}
}

func TestASecondClientWithTheSameIDIsRefused(t *testing.T) {
	c := `{"client_id":"a","client_secret":"` + long + `","grant_types":[],"scope":""}`
	f := read(t, "["+c+`,7,`+c+"]", registration.Options{})
	if f.Clients[0].Refused != nil || f.Clients[1].Refused == nil || f.Clients[2].Refused == nil {
		t.Fatalf("%+v", f.Clients)
	}
	if got := f.Clients[2].Refused.Error(); !strings.Contains(got, "client 1 of the file has the same client_id") {
		t.Error(got)
	}
	if a, b := f.Clients[1].Name(), f.Clients[2].Name(); a != "client 2" || b != "client 3 (a)" {
		t.Errorf("%s, %s", a, b)
	}
}

func TestFilesThatAreNoneOfTheForms(t *testing.T) {
	for data, reason := range map[string]string{
		"": "empty", " \n": "empty", "hello": "neither", "[": "line 1", "{\n\n}}": "line 3", "{}{}": "one array", "[]": "no client", `{"clients":[]}`: "no client",
		"{}": "neither", `{"clients":7}`: "neither", "\xff\xfe": "not UTF-8", `{"client_id":"a","client_id":"b"}`: "client_id stands twice",
		`{"rsc_cs_x":1,"rsc_cs_x":2}`: "not named here", strings.Repeat("[", 17) + strings.Repeat("]", 17): "nests deeper",
		strings.Repeat("[", 20000): "not JSON", "client_id,authorization_grant_type\n": "no column client_type",
		"client_id,client_type,authorization_grant_type,client_id\n":                            "stands twice",
		"client_id,client_type,authorization_grant_type\n":                                      "no client, only",
		"client_id,client_type,authorization_grant_type\na,b\n":                                 "line 2 has another number of fields",
		"client_id,client_type,authorization_grant_type\n\"a\n":                                 "is not CSV",
		"client_id,client_type,authorization_grant_type\na\"b,c,d\n":                            "line 2 is not CSV",
		"client_id,authorization_grant_type" + strings.Repeat(",x", 300):                        "more than 200 columns",
		`[{"model":"auth.user","fields":{"username":"x"}}]`:                                     "only rows of other tables",
		"[" + strings.Repeat("7,", 100_000) + "7]":                                              "more than 100000 rows",
		"client_id,client_type,authorization_grant_type\n" + strings.Repeat("a,b,c\n", 100_001): "more than 100000 rows",
		strings.Repeat(" ", registration.MaxFile+1):                                             "in parts",
	} {
		_, err := registration.Read([]byte(data), registration.Options{Now: now})
		if err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%.60q: %v, not %q", data, err, reason)
		}
	}
}

func TestTestdataIsThere(t *testing.T) {
	for _, name := range []string{"applications.json", "applications.csv"} {
		if b, err := os.ReadFile("testdata/" + name); err != nil || len(b) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
