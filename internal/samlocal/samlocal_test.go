package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"rescind/internal/integration/stack"
)

func TestCommandLine(t *testing.T) {
	o, err := parse([]string{"--sam", "x", "--emulator", "--json"})
	if err != nil || o != (options{"x", true, true}) {
		t.Errorf("%+v, %v", o, err)
	}
	for _, args := range [][]string{{"more"}, {"--events"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}

func TestReport(t *testing.T) {
	r := &report{Ran: "x", DynamoDB: "run on y", Passed: 2, Checks: []stack.Check{{Name: "c"}}}
	r.failed("start-api", errors.New("why"))
	var out bytes.Buffer
	if err := r.print(&out, false); err != nil {
		t.Fatal(err)
	}
	want := "start-api: FAILED: why\nevents: 0 answered as expected; conversation: 1 checks\n2 passed, 1 failed, 0 skipped\nDynamoDB: run on y; events by x\n"
	if out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}

// The image holds the program where sam looks for it, executable.
func TestArchived(t *testing.T) {
	archive, err := archived([]byte("program"))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := r.Next()
		if err != nil {
			t.Fatalf("no %s: %v", emulator, err)
		}
		if h.Name != emulator {
			continue
		}
		content, err := io.ReadAll(r)
		if err != nil || string(content) != "program" || h.Mode&0o111 == 0 {
			t.Errorf("%q, mode %o, %v", content, h.Mode, err)
		}
		return
	}
}

func TestForward(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // whole: who answers before that may lose the rest
		_, _ = w.Write(body)
	}))
	defer server.Close()
	base, end, err := forward(netip.MustParseAddr("127.0.0.1"), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 1<<20)
	for range 3 {
		res, err := http.Post(base, "text/plain", strings.NewReader(long))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || string(got) != long {
			t.Fatalf("%d bytes came back of %d: %v", len(got), len(long), err)
		}
	}
	end() // returns though a kept connection is open
	if res, err := http.Get(base); err == nil {
		_ = res.Body.Close()
		t.Error("it answers after its end")
	}
}
