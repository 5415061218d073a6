package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestMember(t *testing.T) {
	for body, want := range map[string]string{
		`{"access_token":"a.b-c_d","x":1}`:      "a.b-c_d",
		`{"x": 1, "access_token" :  "value"}`:   "value",
		"{\n\t\"access_token\": \"lines\"\n}\n": "lines",
		`{"access_token":""}`:                   "",
		`{"access_token":12}`:                   "",
		`{"access_token"`:                       "",
		`{"access_token":"cut`:                  "",
		`{"access_token":"es\"caped"}`:          "",
		`{"refresh_token":"other"}`:             "",
		``:                                      "",
	} {
		got, ok := member([]byte(body), "access_token")
		if string(got) != want && ok || ok != (want != "") {
			t.Errorf("%q: %q, %t", body, got, ok)
		}
	}
	for body, want := range map[string]bool{`{"active":true}`: true, `{"active" : true}`: true, `{"active":false}`: false, `{}`: false, `{"active":"true"}`: false} {
		if isTrue([]byte(body), "active") != want {
			t.Error(body)
		}
	}
}

func TestMixedTakesTurns(t *testing.T) {
	got := mixed([][]string{{"a1", "a2", "a3"}, nil, {"b1"}})
	if want := []string{"a1", "b1", "a2", "a3"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestReadTokens(t *testing.T) {
	for text, ok := range map[string]bool{"a b\nc d\n": true, "a b\n": false, "a b\nc\n": false, "a b\nc \n": false, "": false} {
		path := filepath.Join(t.TempDir(), "tokens")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := readTokens(path, 2); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, _, err := readTokens(filepath.Join(t.TempDir(), "none"), 1); err == nil {
		t.Error("no file is no error")
	}
}

// toy is a server of the four operations, right unless told otherwise.
type toy struct {
	mu    sync.Mutex
	n     int
	live  map[string]bool
	wrong string // "never revokes", "keeps its refresh token", "active is false"
}

func (s *toy) token() string {
	s.n++
	value := strings.Repeat("x", s.n%7) + string(rune('a'+s.n%26)) + time.Duration(s.n).String()
	s.live[value] = true
	return value
}

func (s *toy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = r.ParseForm()
	switch presented := r.PostForm.Get("token"); {
	case r.URL.Path == "/i":
		_, _ = io.WriteString(w, map[bool]string{true: `{"active":true}`, false: `{"active": false}`}[s.live[presented] && s.wrong != "active is false"])
	case r.URL.Path == "/r":
		if s.wrong != "never revokes" {
			delete(s.live, presented)
		}
	case r.PostForm.Get("grant_type") == "refresh_token":
		next := s.token()
		if s.wrong == "keeps its refresh token" {
			next = r.PostForm.Get("refresh_token")
		}
		_, _ = io.WriteString(w, `{"access_token":"`+s.token()+`","refresh_token":"`+next+`"}`)
	default:
		_, _ = io.WriteString(w, `{"access_token":"`+s.token()+`"}`)
	}
}

func measureToy(t *testing.T, wrong string, skip map[string]string) Row {
	t.Helper()
	s := &toy{live: map[string]bool{}, wrong: wrong}
	server := httptest.NewServer(s)
	defer server.Close()
	at := &target{addr: strings.TrimPrefix(server.URL, "http://"), pid: os.Getpid(), stop: func() error { return nil }}
	for range 8 {
		at.access, at.refresh = append(at.access, s.token()), append(at.refresh, s.token())
	}
	p := plan{Connections: 4, Grants: 8, Duration: 30 * time.Millisecond, progress: &bytes.Buffer{}}
	return p.run(t.Context(), contender{row: Row{Name: "toy"}, paths: Paths{"/t", "/i", "/r"}, skip: skip,
		open: func(context.Context, site) (*target, error) { return at, nil }}, t.TempDir())
}

func TestARightServerIsMeasured(t *testing.T) {
	row := measureToy(t, "", map[string]string{refresh: "has none"})
	for _, name := range operations {
		o := row.Operations[name]
		if name == refresh && (o.measured() || o.Reason != "has none") || name != refresh && !o.measured() {
			t.Errorf("%s: %+v", name, o)
		}
	}
	if row.Resident == 0 || row.Reason != "" {
		t.Errorf("%+v", row)
	}
}

func TestAWrongAnswerIsNoFigure(t *testing.T) {
	for wrong, want := range map[string][2]string{
		"active is false":         {introspection, "not called active"},
		"never revokes":           {revocation, "a revoked token is active"},
		"keeps its refresh token": {refresh, "was not replaced"},
	} {
		o := measureToy(t, wrong, nil).Operations[want[0]]
		if o.measured() || !strings.Contains(o.Reason, want[1]) {
			t.Errorf("%s: %+v", wrong, o)
		}
	}
}
