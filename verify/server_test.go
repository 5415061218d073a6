package verify_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"rescind/verify"
)

// issuer is an authorization server whose answers a test writes itself.
type issuer struct {
	*httptest.Server
	mu     sync.Mutex
	answer http.HandlerFunc
	asked  int
}

func newIssuer(t *testing.T, answer http.HandlerFunc) *issuer {
	t.Helper()
	s := &issuer{answer: answer}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked++
		do := s.answer
		s.mu.Unlock()
		// net/http notices a caller that is gone only once the body was read.
		_ = r.ParseForm()
		do(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // some of its answers are broken on purpose
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func (s *issuer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *issuer) says(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// says is an answer of 200 with this JSON.
func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	}
}

const good = `{"active":true,"scope":"notes:read notes:list","client_id":"app","sub":"alice","aud":["https://api.example.com"],"token_type":"Bearer","exp":4102444800}`

func (s *issuer) config() verify.Config {
	return verify.Config{Issuer: s.URL, ClientID: "api", ClientSecret: verify.NewSecret("s3cret"),
		Audience: "https://api.example.com", Timeout: 2 * time.Second}
}

func newVerifier(t *testing.T, c verify.Config) *verify.Verifier {
	t.Helper()
	v, err := verify.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// call sends a request through Require to a handler that answers 200.
func call(v *verify.Verifier, edit func(*http.Request), scopes ...string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, "/notes", nil)
	r.Header.Set("Authorization", "Bearer a-token")
	if edit != nil {
		edit(r)
	}
	w := httptest.NewRecorder()
	v.Require(scopes...)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := verify.FromContext(r.Context()); !ok {
			panic("a request without a token was passed on")
		}
		_, _ = io.WriteString(w, "ok")
	})).ServeHTTP(w, r)
	return w.Result()
}
