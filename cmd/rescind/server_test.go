package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// server is a `rescind serve`, in this process or in one of its own.
type server struct {
	t      *testing.T
	url    string
	stdout *screen
	stderr *screen
	pid    int
	stop   func(os.Signal) int // gives the exit status
}

const startLimit = 10 * time.Second

// start serves in this process over a store of its own or a given one. Ctrl-C
// is the end of its context.
func start(t *testing.T, store string, args ...string) *server {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &server{t: t, stdout: &screen{}, stderr: &screen{}}
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, append([]string{"serve", "--addr", "127.0.0.1:0", "--store", store}, args...), strings.NewReader(""), s.stdout, s.stderr, noEnvironment)
	}()
	s.stop = func(os.Signal) int {
		cancel()
		select {
		case status := <-ended:
			ended <- status
			return status
		case <-time.After(startLimit):
			t.Error("the server did not stop")
			return -1
		}
	}
	t.Cleanup(func() { s.stop(nil) })
	s.ready(ended)
	return s
}

// launch serves in another process, which takes real signals.
func launch(t *testing.T, store string, args ...string) *server {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, stdout: &screen{}, stderr: &screen{}}
	cmd := exec.Command(self, append([]string{"serve", "--addr", "127.0.0.1:0", "--store", store}, args...)...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	cmd.Stdout, cmd.Stderr = s.stdout, s.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.pid = cmd.Process.Pid
	ended := make(chan int, 1)
	go func() {
		_ = cmd.Wait() // the status says all
		ended <- cmd.ProcessState.ExitCode()
	}()
	s.stop = func(signal os.Signal) int {
		_ = cmd.Process.Signal(signal) // it may have ended
		select {
		case status := <-ended:
			ended <- status
			return status
		case <-time.After(startLimit):
			_ = cmd.Process.Kill()
			t.Error("the server did not stop")
			return -1
		}
	}
	t.Cleanup(func() { s.stop(syscall.SIGTERM) })
	s.ready(ended)
	return s
}

// ready waits for the banner and takes the URL from it.
func (s *server) ready(ended chan int) {
	s.t.Helper()
	for deadline := time.Now().Add(startLimit); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		select {
		case status := <-ended:
			ended <- status
			s.t.Fatalf("the server ended with status %d: %s", status, s.stderr.String())
		default:
		}
		out := s.stdout.String()
		if _, after, ok := strings.Cut(out, "rescind serves "); ok && strings.Contains(out, "Ctrl-C stops it.") {
			s.url, _, _ = strings.Cut(after, " ")
			return
		}
		if b := (bannerView{}); json.Unmarshal([]byte(out), &b) == nil {
			s.url = "http://" + b.Addresses[0]
			return
		}
	}
	s.t.Fatalf("the server did not start: %s", s.stderr.String())
}

func (s *server) port() string {
	u, err := url.Parse(s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	return u.Port()
}

// post sends a form and gives status and body.
func (s *server) post(path string, form ...string) (int, map[string]any) {
	s.t.Helper()
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	res, err := http.PostForm(s.url+path, values)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	v := map[string]any{}
	if len(body) > 0 {
		v = object(s.t, string(body))
	}
	return res.StatusCode, v
}

// credentials are a confidential client's, as registered.
type credentials struct{ id, secret string }

func (c credentials) form(more ...string) []string {
	return append([]string{"client_id", c.id, "client_secret", c.secret}, more...)
}

// token gets an access token with the client's own credentials.
func (s *server) token(c credentials) string {
	s.t.Helper()
	status, v := s.post("/o/token/", c.form("grant_type", "client_credentials")...)
	if status != http.StatusOK {
		s.t.Fatalf("no token: %d %v", status, v)
	}
	return text(s.t, v, "access_token")
}

func (s *server) active(c credentials, value string) bool {
	s.t.Helper()
	status, v := s.post("/o/introspect/", c.form("token", value)...)
	if status != http.StatusOK {
		s.t.Fatalf("introspection: %d %v", status, v)
	}
	return v["active"] == true
}

// confidential registers a client with client_credentials and refresh_token.
func (w *world) confidential() credentials {
	w.t.Helper()
	v := w.json("client", "create", "--name", "n", "--grant-types", "client_credentials,refresh_token", "--scopes", "read write")
	return credentials{text(w.t, v, "client_id"), text(w.t, v, "client_secret")}
}

// logLines checks that stderr is JSON lines without a secret, and gives them.
func (s *server) logLines() []map[string]any {
	s.t.Helper()
	var all []map[string]any
	for lines := bufio.NewScanner(strings.NewReader(s.stderr.String())); lines.Scan(); {
		all = append(all, object(s.t, lines.Text()))
	}
	if strings.Contains(s.stderr.String(), ours) {
		s.t.Error("something like a secret on stderr")
	}
	return all
}
