package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"io"
	"strings"
	"testing"

	"rescind/internal/testkit/openid"
	"rescind/shared/upstream"
)

// What is printed is all that it takes to sign in.
func TestSignInByWhatIsPrinted(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"--addr", "127.0.0.1:0", "--for", "http://localhost:8000/", "--email", "joe@example.com"}, in)
		_ = in.Close()
	}()
	environ := map[string]string{}
	for lines := bufio.NewScanner(out); len(environ) < 3 && lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), "=")
		environ[name] = value
	}
	cfg, err := upstream.FromEnv(func(name string) string { return environ[name] })
	if err != nil || cfg == nil {
		t.Fatalf("printed is %v: %v", environ, err)
	}
	p := upstream.New(*cfg, "http://localhost:8000/o/upstream/callback/", nil, nil)
	a, err := p.NewAttempt(rand.Reader, "")
	if err != nil {
		t.Fatal(err)
	}
	to, err := p.AuthURL(t.Context(), a, upstream.AuthOptions{})
	if err != nil {
		t.Fatal(err)
	}
	person, err := p.Exchange(t.Context(), a, visit(t, to))
	if err != nil || person.Email != "joe@example.com" || person.Subject != "jane-1" {
		t.Errorf("signed in is %+v, %v", person, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func visit(t *testing.T, to string) upstream.Answer {
	t.Helper()
	q := openid.Visit(t, to).Query()
	return upstream.Answer{State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss")}
}

func TestNobodyElseIsLetIn(t *testing.T) {
	if err := run(t.Context(), []string{"--addr", "0.0.0.0:0"}, io.Discard); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("the error is %v", err)
	}
}
