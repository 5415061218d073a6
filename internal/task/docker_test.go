package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A script stands for docker here: what is tested is our half of the bargain,
// the published address, the wait for the engine, and the end by end of input.
func TestDockerEngineIsOnLoopbackAndEndsWithItsInput(t *testing.T) {
	engine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Target") != "DynamoDB_20120810.ListTables" {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	defer engine.Close()
	dir := t.TempDir()
	docker := `#!/bin/sh
case $1 in
run) echo "$@" >` + dir + `/run; cat >/dev/null; echo ended >` + dir + `/ended;;
port) echo ` + strings.TrimPrefix(engine.URL, "http://") + `;;
esac
`
	if err := os.WriteFile(filepath.Join(dir, "docker"), []byte(docker), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	use, err := dockerEngine(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if use.endpoint != engine.URL {
		t.Errorf("endpoint %s, want %s", use.endpoint, engine.URL)
	}
	use.stop()
	if _, err := os.Stat(filepath.Join(dir, "ended")); err != nil {
		t.Error("the container did not see the end of its input")
	}
	ran, err := os.ReadFile(filepath.Join(dir, "run"))
	if err != nil || !strings.Contains(string(ran), "-p 127.0.0.1::8000") {
		t.Errorf("docker %s, %v", ran, err)
	}
}

func TestDockerThatFailsIsReported(t *testing.T) {
	fakePath(t, map[string]string{"docker": "exit 125"})
	if _, err := dockerEngine(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "docker run ended") {
		t.Errorf("%v", err)
	}
}
