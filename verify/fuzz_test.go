package verify

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

var credentials = regexp.MustCompile(`^(?i:bearer) +([-A-Za-z0-9._~+/]+=*)$`)

// The parser agrees with the grammar of RFC 6750 section 2.1.
func FuzzBearer(f *testing.F) {
	for _, s := range []string{"", "Bearer", "Bearer ", "bearer abc", "BEARER  a.b-c_~+/==", "Bearer a b", "Bearer =", "Basic YTpi", "Bearer\ta", "Bearer a\n", " Bearer a", "Bearer ä"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, field string) {
		token, err := parseBearer(field)
		want := credentials.FindStringSubmatch(field)
		switch {
		case want == nil || len(want[1]) > maxToken || strings.Contains(field, "\n"):
			if err == nil {
				t.Errorf("%q is taken", field)
			}
		case err != nil || token != want[1]:
			t.Errorf("%q is refused, or read wrongly: %v", field, err)
		}
		if err != nil && (token != "" || err != errNoToken && err != errMalformed) {
			t.Errorf("%q: %v", field, err)
		}
	})
}

// An answer opens the door only where a reader of JSON that knows nothing of
// ours finds "active": true in it too, and scopes that it names.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{`{"active":true}`, `{"active":false}`, `{"active":true,"active":false}`, `{"Active":true}`, `{}`, `[]`, `null`, ``,
		`{"active":true,"scope":"a b","aud":["x"],"exp":1e9,"nbf":0,"token_type":"Bearer","cnf":{}}`, `{"active":true,"aud":"x","exp":"1"}`, `{"active":true}{}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := parseAnswer(body)
		if err != nil {
			if err != errAnswer {
				t.Errorf("an error of its own: %v", err)
			}
			return
		}
		var plain map[string]any
		if json.Unmarshal(body, &plain) != nil || !utf8.Valid(body) {
			t.Fatal("what is no JSON object was understood")
		}
		if a.active != (plain["active"] == true) {
			t.Fatal("active is read wrongly")
		}
		if !a.active {
			return
		}
		scope, _ := plain["scope"].(string)
		if strings.Join(a.token.Scope, " ") != strings.Join(strings.FieldsFunc(scope, func(r rune) bool { return r == ' ' }), " ") {
			t.Errorf("scope is read wrongly")
		}
		if a.expires != (plain["exp"] != nil) || a.token.Expires.Year() > 9999 {
			t.Error("exp is read wrongly")
		}
	})
}
