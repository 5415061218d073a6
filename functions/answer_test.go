package functions_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rescind/shared/grant"
	"rescind/shared/token"
)

// issuer stands for "<issuer>" in the expected answers.
const issuer = "https://auth.example.com"

// answer is what a function returns, in both payload formats.
type answer struct {
	StatusCode        int                 `json:"statusCode"`
	Headers           map[string]string   `json:"headers"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
	Cookies           []string            `json:"cookies"`
	Body              string              `json:"body"`
	IsBase64Encoded   bool                `json:"isBase64Encoded"`
}

func readAnswer(t testing.TB, out []byte) answer {
	t.Helper()
	var a answer
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatalf("the answer is no JSON: %v", err)
	}
	if a.IsBase64Encoded {
		t.Error("the body is in base64: a REST API would hand it out so")
	}
	for name, values := range a.MultiValueHeaders {
		if a.Headers == nil {
			a.Headers = map[string]string{}
		}
		if name == "Set-Cookie" {
			a.Cookies = values // each one a header line, as in payload 2.0
			continue
		}
		a.Headers[name] = strings.Join(values, ", ")
	}
	return a
}

// cookieNames are the cookies that the answer sets, and with a minus those that
// it takes away. Each must be for this host alone.
func (a answer) cookieNames(t testing.TB) (names []string) {
	t.Helper()
	for _, line := range a.Cookies {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatal("a Set-Cookie that is none")
		}
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("the cookie %s has other attributes than it should", c.Name)
		}
		if c.MaxAge < 0 {
			c.Name = "-" + c.Name
		}
		names = append(names, c.Name)
	}
	return names
}

// check holds the answer and the store against the expectation.
func (e event) check(t *testing.T, out []byte, store grant.Store) {
	t.Helper()
	a := readAnswer(t, out)
	if a.StatusCode != e.expected.Status {
		t.Errorf("status %d, want %d; body %s", a.StatusCode, e.expected.Status, redact(a.Body))
	}
	for name, want := range e.expected.Headers {
		if got := a.Headers[http.CanonicalHeaderKey(name)]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if a.Headers["X-Request-Id"] == "" {
		t.Error("no X-Request-Id")
	}
	if got := a.cookieNames(t); !slices.Equal(got, e.expected.Cookies) || a.Headers["Set-Cookie"] != "" {
		t.Errorf("the cookies are %q and %q, want %q", got, a.Headers["Set-Cookie"], e.expected.Cookies)
	}
	if e.expected.Page != nil {
		for _, want := range e.expected.Page {
			if !strings.Contains(a.Body, want) {
				t.Errorf("the page does not hold %q: %s", want, redact(a.Body))
			}
		}
	} else if e.expected.Body == "" {
		if a.Body != "" {
			t.Errorf("the body is %s, want none", redact(a.Body))
		}
	} else {
		var body any
		if err := json.Unmarshal([]byte(a.Body), &body); err != nil {
			t.Fatalf("the body is no JSON: %s", redact(a.Body))
		}
		if fault := meets(body, e.expected.Body, "body"); fault != "" {
			t.Error(redact(fault))
		}
	}
	for _, name := range e.expected.Ended {
		if stands(t, store, name) {
			t.Errorf("the grant %q still stands", name)
		}
	}
	for _, name := range e.expected.Alive {
		if !stands(t, store, name) {
			t.Errorf("the grant %q was revoked", name)
		}
	}
}

// meets compares JSON, member by member, and says what differs. In want,
// "<access_token>" and "<refresh_token>" are a well-formed one, "<time>" is a
// time within a year of now, "<text>" any words, for people, and "<issuer>"
// at the beginning the issuer.
func meets(got, want any, path string) string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(g) != len(w) {
			return fmt.Sprintf("%s is %v, want %v", path, got, want)
		}
		for name, v := range w {
			if fault := meets(g[name], v, path+"."+name); fault != "" {
				return fault
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return fmt.Sprintf("%s is %v, want %v", path, got, want)
		}
		for i, v := range w {
			if fault := meets(g[i], v, fmt.Sprint(path, i)); fault != "" {
				return fault
			}
		}
		return ""
	}
	ok := false
	switch want {
	case "<access_token>":
		ok = kindOf(got) == token.Access
	case "<refresh_token>":
		ok = kindOf(got) == token.Refresh
	case "<text>":
		s, isString := got.(string)
		ok = isString && s != ""
	case "<time>":
		seconds, isNumber := got.(float64)
		ok = isNumber && math.Abs(seconds-float64(time.Now().Unix())) < 365*24*3600
	default:
		if s, isString := want.(string); isString {
			want = strings.Replace(s, "<issuer>", issuer, 1)
		}
		ok = got == want
	}
	if ok {
		return ""
	}
	return fmt.Sprintf("%s is %v, want %v", path, got, want)
}

func kindOf(v any) token.Kind {
	s, _ := v.(string)
	value, _ := token.Parse(s)
	return value.Kind()
}

var value = regexp.MustCompile(`rsc_[a-z]+_[A-Za-z0-9_-]+`)

// redact keeps tokens out of the tests' own output.
func redact(s string) string { return value.ReplaceAllString(s, "[redacted]") }
