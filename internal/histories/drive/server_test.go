package drive

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAServerIsStartedAgain: one that ends at once is, some times; then its last
// words are told.
func TestAServerIsStartedAgain(t *testing.T) {
	dir := t.TempDir()
	script := func(name, body string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	later := script("later", `echo x >>`+dir+`/tries
[ $(wc -l <`+dir+`/tries) -lt 3 ] && exit 1
echo '{"addresses":["127.0.0.1:1"]}'
exec sleep 60
`)
	s, err := startServer(later, "none", os.Environ(), filepath.Join(dir, "later.log"))
	if err != nil {
		t.Fatal(err)
	}
	if s.kill(); s.base != "http://127.0.0.1:1" {
		t.Errorf("it is at %s", s.base)
	}
	never := script("never", "echo no store >&2\nexit 1\n")
	if _, err := startServer(never, "none", os.Environ(), filepath.Join(dir, "never.log")); err == nil || !strings.HasSuffix(err.Error(), "no store") {
		t.Errorf("one that never starts gives %v", err)
	}
}
