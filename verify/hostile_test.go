package verify_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"rescind/verify"
)

// Whatever the authorization server does that is no introspection response,
// the answer is 503: never 200, and never a 401 that signs somebody out.
func TestWhatIsNotUnderstoodIs503(t *testing.T) {
	status := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(n)
			_, _ = io.WriteString(w, good)
		}
	}
	answers := map[string]http.HandlerFunc{
		"500": status(500), "502": status(502), "503": status(503), "429": status(429),
		"401, our credentials are wrong": status(401), "403": status(403), "404": status(404), "201": status(201), "204": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) },
		"206": status(206), "no body": says(""), "no object": says(`[` + good + `]`), "null": says("null"), "true": says("true"),
		"an empty object": says("{}"), "cut off": says(good[:len(good)-1]), "more behind it": says(good + "{}"),
		"active is a string":    says(strings.Replace(good, "true", `"true"`, 1)),
		"active is 1":           says(strings.Replace(good, "true", "1", 1)),
		"active is null":        says(strings.Replace(good, "true", "null", 1)),
		"active twice":          says(`{"active":false,` + good[1:]),
		"active twice, escaped": says(`{"activ\u0065":false,` + good[1:]),
		"active in capitals":    says(strings.Replace(good, "active", "Active", 1)),
		"scope is a list":       says(strings.Replace(good, `"notes:read notes:list"`, `["notes:read"]`, 1)),
		"scope is null":         says(strings.Replace(good, `"notes:read notes:list"`, `null`, 1)),
		"scope with a control":  says(strings.Replace(good, "notes:list", `\u0000`, 1)),
		"exp is a string":       says(strings.Replace(good, "4102444800", `"4102444800"`, 1)),
		"exp is null":           says(strings.Replace(good, "4102444800", "null", 1)),
		"exp is negative":       says(strings.Replace(good, "4102444800", "-1", 1)),
		"exp is beyond time":    says(strings.Replace(good, "4102444800", "1e300", 1)),
		"exp is beyond numbers": says(strings.Replace(good, "4102444800", "1e999", 1)),
		"aud is a number":       says(strings.Replace(good, `["https://api.example.com"]`, "1", 1)),
		"aud holds null":        says(strings.Replace(good, `["https`, `[null,"https`, 1)),
		"aud is an object":      says(strings.Replace(good, `["https://api.example.com"]`, `{"https://api.example.com":1}`, 1)),
		"not UTF-8":             says(strings.Replace(good, "alice", "\xff", 1)),
		"far too much":          says(`{"padding":"` + strings.Repeat("x", 1<<20) + `",` + good[1:]),
		"far too much behind":   says(good + strings.Repeat(" ", 1<<20)),
		"too deep":              says(`{"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `,` + good[1:]),
		"a bomb":                bomb,
		"HTML": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, good)
		},
		"no media type": func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			_, _ = io.WriteString(w, good)
		},
		"the connection ends": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"the connection ends half-way": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, good)
			panic(http.ErrAbortHandler)
		},
		"headers without end": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Padding", strings.Repeat("x", 1<<20))
			says(good)(w, r)
		},
		"silence":   func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"a trickle": trickle,
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newIssuer(t, answer).config()
			c.Timeout = 300 * time.Millisecond
			is503(t, call(newVerifier(t, c), nil, "notes:read"))
		})
	}
}

func is503(t *testing.T, got *http.Response) {
	t.Helper()
	if got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" || got.Header.Get("WWW-Authenticate") != "" {
		t.Errorf("answered %d, %v", got.StatusCode, got.Header)
	}
	if body := bodyOf(t, got); body != `{"error":"temporarily_unavailable"}` {
		t.Errorf("the answer tells more: %s", body)
	}
}

// bomb is a small answer that unpacks to a large one.
func bomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	_, _ = io.WriteString(z, good+strings.Repeat(" ", 8<<20))
	_ = z.Close()
}

// trickle never ends, and never stops for long.
func trickle(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	for r.Context().Err() == nil {
		_, _ = io.WriteString(w, " ")
		_ = http.NewResponseController(w).Flush()
		time.Sleep(10 * time.Millisecond)
	}
}

// The token and the secret go to the endpoint that was configured, or nowhere.
func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := newIssuer(t, says(good))
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := newIssuer(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, status) })
		is503(t, call(newVerifier(t, s.config()), nil))
	}
	if n := elsewhere.count(); n != 0 {
		t.Errorf("%d redirects were followed", n)
	}
}

func TestNobodyThereIs503(t *testing.T) {
	s := newIssuer(t, says(good))
	v := newVerifier(t, s.config())
	if got := call(v, nil); got.StatusCode != http.StatusOK {
		t.Fatalf("answered %d", got.StatusCode)
	}
	s.Close()
	is503(t, call(v, nil))
}

// A server whose certificate nobody vouches for is nobody.
func TestAnUnknownCertificateIs503(t *testing.T) {
	s := newIssuer(t, says(good))
	c := s.config()
	c.Issuer = strings.Replace(c.Issuer, "http:", "https:", 1)
	is503(t, call(newVerifier(t, c), nil))
}

// Who goes away ends the question too.
func TestCancellationReachesTheServer(t *testing.T) {
	asked, ended := make(chan struct{}), make(chan struct{})
	s := newIssuer(t, func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
		close(ended)
	})
	c := s.config()
	c.Timeout = time.Minute
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	if _, err := newVerifier(t, c).Introspect(ctx, "a-token"); err == nil {
		t.Error("there was an answer")
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the server was not told")
	}
}

// Two verifiers' contexts do not mix: a token that another package put there
// under its own key is none of ours.
func TestAForeignContextValueIsNoToken(t *testing.T) {
	type key struct{}
	if _, ok := verify.FromContext(context.WithValue(t.Context(), key{}, verify.Token{Subject: "alice"})); ok {
		t.Error("it was taken")
	}
}
