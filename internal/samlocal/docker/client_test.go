package docker

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// serve gives an engine that answers as handler does.
func serve(t *testing.T, handler http.HandlerFunc) *Engine {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return &Engine{client: newClient(socket)}
}

func TestFindTakesTheEngineThatRuns(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/version" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		_, _ = io.WriteString(w, `{"Version":"1.2.3"}`)
	})}
	go func() { _ = server.Serve(l) }()
	t.Setenv("DOCKER_HOST", "unix://"+socket)
	e, err := Find(t.Context())
	if err != nil || e.Version != "1.2.3" || e.Ours || e.Host != "unix://"+socket || e.Stop() != nil {
		t.Errorf("%+v, %v", e, err)
	}
	_ = server.Close()
	for _, host := range []string{"unix://" + socket, "tcp://127.0.0.1:1"} {
		t.Setenv("DOCKER_HOST", host)
		if _, err := Find(t.Context()); !errors.Is(err, ErrNone) {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestBridge(t *testing.T) {
	for config, want := range map[string]string{
		`[{"Subnet":"172.17.0.0/16","Gateway":"172.17.0.1"}]`:                   "172.17.0.1",
		`[{"Subnet":"10.9.8.0/24"}]`:                                            "10.9.8.1",
		`[{"Subnet":"fd00::/64","Gateway":"fd00::1"},{"Gateway":"172.18.0.1"}]`: "172.18.0.1",
		`[]`: "",
	} {
		e := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"IPAM":{"Config":`+config+`}}`)
		})
		addr, err := e.Bridge(t.Context())
		if want == "" && err == nil || want != "" && addr.String() != want {
			t.Errorf("%s: %v, %v", config, addr, err)
		}
	}
}

// An engine says 200, and then in the body that it failed.
func TestImportFails(t *testing.T) {
	const name = "host:5000/x/y:tag-1"
	said := `{"status":"sha256:0"}`
	var got string
	e := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = r.Method + " " + r.URL.Path + " " + r.URL.Query().Get("repo") + " " + r.URL.Query().Get("tag") + " " + string(body)
		_, _ = io.WriteString(w, said)
	})
	importing := func(ctx context.Context) error { return e.Import(ctx, name, strings.NewReader("tar")) }
	if err := importing(t.Context()); err != nil || got != "POST /images/create host:5000/x/y tag-1 tar" {
		t.Errorf("%s, %v", got, err)
	}
	said = `{"errorDetail":{"message":"disk"},"error":"disk"}`
	if err := importing(t.Context()); err == nil || !strings.Contains(err.Error(), "disk") {
		t.Errorf("a failed import: %v", err)
	}
	for _, bad := range []string{"x", "x:", "host:5000/x"} {
		if err := e.Import(t.Context(), bad, strings.NewReader("")); err == nil {
			t.Errorf("%q is taken for a name with a tag", bad)
		}
	}
}
