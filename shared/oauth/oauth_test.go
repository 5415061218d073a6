package oauth

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

func TestScopeFollowsTheGrammar(t *testing.T) {
	for _, c := range []struct {
		in   string
		want string
		ok   bool
	}{
		{"", "", true},
		{"a", "a", true},
		{"read write", "read write", true},
		{"b a b", "b a", true},
		{"!#[]~:/.", "!#[]~:/.", true},
		{" ", "", false},
		{" a", "", false},
		{"a ", "", false},
		{"a  b", "", false},
		{"a\tb", "", false},
		{"a\nb", "", false},
		{`a"b`, "", false},
		{`a\b`, "", false},
		{"a\x00", "", false},
		{"a\x7f", "", false},
		{"ä", "", false},
		{"\xff", "", false},
	} {
		got, ok := ParseScope(c.in)
		if ok != c.ok || got.String() != c.want {
			t.Errorf("ParseScope(%q) gives %q, %t", c.in, got, ok)
		}
	}
	for b := range 256 {
		in := string([]byte{byte(b)})
		_, ok := ParseScope(in)
		// RFC 6749 section 3.3: %x21 / %x23-5B / %x5D-7E.
		if want := b == 0x21 || b >= 0x23 && b <= 0x5b || b >= 0x5d && b <= 0x7e; ok != want {
			t.Errorf("a scope of the byte %#x: %t", b, ok)
		}
	}
}

func TestScopeIsASet(t *testing.T) {
	ab, ba, a := Scope{"a", "b"}, Scope{"b", "a"}, Scope{"a"}
	if !ab.Equal(ba) || ab.Equal(a) || a.Equal(ab) || !Scope(nil).Equal(Scope{}) {
		t.Error("equality is wrong")
	}
	if !a.Within(ab) || ab.Within(a) || !Scope(nil).Within(a) || !Scope(nil).Within(nil) {
		t.Error("inclusion is wrong")
	}
	if !ab.Has("b") || ab.Has("c") || ab.Has("") {
		t.Error("membership is wrong")
	}
}

// codes reads the constants of type Code from the source, so that a new one
// cannot be forgotten here.
func codes(t *testing.T) []Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []Code
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typed, ok := spec.Type.(*ast.Ident); ok && typed.Name == "Code" {
			s, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, Code(s))
		}
		return true
	})
	return all
}

func TestEveryCodeHasItsAnswer(t *testing.T) {
	all := codes(t)
	if len(all) < 14 || len(all) != len(answers) {
		t.Fatalf("%d codes and %d answers", len(all), len(answers))
	}
	for _, c := range all {
		a, ok := answers[c]
		if !ok {
			t.Errorf("%s has no answer", c)
		}
		if a.status < 400 || a.status > 599 || a.word == "" {
			t.Errorf("%s is answered %q, %d", c, a.word, a.status)
		}
	}
}

func TestTheWireSaysWhatTheRFCsSay(t *testing.T) {
	for c, want := range map[Code]string{
		InvalidRequest: "invalid_request 400", InvalidClient: "invalid_client 401", InvalidGrant: "invalid_grant 400",
		UnauthorizedClient: "unauthorized_client 400", UnsupportedGrantType: "unsupported_grant_type 400", InvalidScope: "invalid_scope 400",
		InvalidTarget: "invalid_target 400", InvalidToken: "invalid_token 401", MethodNotAllowed: "invalid_request 405",
		UnsupportedMediaType: "invalid_request 415", ContentTooLarge: "invalid_request 413", NotFound: "invalid_request 404",
		TooManyRequests: "temporarily_unavailable 429", TemporarilyUnavailable: "temporarily_unavailable 503",
		AccessDenied: "access_denied 403", UnsupportedResponseType: "unsupported_response_type 400", LoginRequired: "login_required 400",
		ConsentRequired: "consent_required 400", InteractionRequired: "interaction_required 400",
		RequestNotSupported: "request_not_supported 400", RequestURINotSupported: "request_uri_not_supported 400",
		Code("never heard of"): "temporarily_unavailable 503",
	} {
		if got := fmt.Sprintf("%s %d", c.Word(), c.Status()); got != want {
			t.Errorf("%s is answered %q, not %q", c, got, want)
		}
	}
}

func TestARefusalIsAnError(t *testing.T) {
	err := fmt.Errorf("wrapped: %w", Refuse(InvalidScope, "Too wide."))
	var answer *Error
	if !errors.As(err, &answer) || answer.Code != InvalidScope || answer.Error() != "invalid_scope: Too wide." {
		t.Errorf("the refusal is %v", err)
	}
}

func TestResourcesAreAbsoluteURIs(t *testing.T) {
	for in, want := range map[string]bool{
		"https://api.example": true, "https://api.example/a?b=c": true, "urn:example:api": true, "http://[::1]:8000/": true,
		"": false, "api.example": false, "/path": false, "//api.example": false, "https://": false, "https://a.example#": false,
		"https://a.example#f": false, "https://a.example/a b": false, "https://a.example/\n": false, "https://a.example/ü": false,
		"https://a.example/\"": false, ":": false, "https://a.example/%zz": false, "https://a.example/" + strings.Repeat("a", 512): false,
	} {
		if got := ValidResource(in); got != want {
			t.Errorf("ValidResource(%q) is %t", in, got)
		}
	}
}

func TestClientIDsAreVisibleASCII(t *testing.T) {
	for in, want := range map[string]bool{
		"a": true, "demo-client": true, strings.Repeat("x", 128): true, "!~%+": true,
		"": false, strings.Repeat("x", 129): false, "a b": false, "a\x00": false, "ä": false, "\x7f": false,
	} {
		if got := ValidClientID(in); got != want {
			t.Errorf("ValidClientID(%q) is %t", in, got)
		}
	}
}

// Comparing words with each other takes time that grows with their square.
func TestAScopeOfThousandsOfWordsIsNoScope(t *testing.T) {
	words := make([]string, 201)
	for i := range words {
		words[i] = fmt.Sprint(i)
	}
	if scope, ok := ParseScope(strings.Join(words[:200], " ")); !ok || len(scope) != 200 {
		t.Errorf("200 words are read as %d (%v)", len(scope), ok)
	}
	if _, ok := ParseScope(strings.Join(words, " ")); ok {
		t.Error("201 words were taken")
	}
}
