package dynamodblocal

import (
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func fetched(t *testing.T) string {
	t.Helper()
	root, err := Root(".")
	if err != nil {
		t.Fatal(err)
	}
	if !Fetched(root) {
		t.Skip("DynamoDB Local is not fetched; make test-dynamodb")
	}
	return Dir(root)
}

func reachable(host, port string) bool {
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(host, port), time.Second)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

func TestEngineListensOnLoopbackOnlyAndStops(t *testing.T) {
	e, err := Start(t.Context(), fetched(t))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Stop()
	u, err := url.Parse(e.Endpoint())
	if err != nil || u.Hostname() != "127.0.0.1" {
		t.Fatalf("endpoint %s, %v", e.Endpoint(), err)
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range addrs {
		ip := addr.(*net.IPNet).IP
		if !ip.IsLoopback() && !ip.IsLinkLocalUnicast() && reachable(ip.String(), u.Port()) {
			t.Errorf("it listens on %s too", ip)
		}
	}
	e.Stop()
	e.Stop()
	if reachable(u.Hostname(), u.Port()) {
		t.Error("it answers after Stop")
	}
}

// The child is this test binary, which starts an engine, prints its endpoint
// and is killed: it gets no chance to clean up.
func TestEngineDiesWithItsParent(t *testing.T) {
	dir := fetched(t)
	if os.Getenv("RESCIND_TEST_CHILD") == "1" {
		e, err := Start(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = os.Stdout.WriteString(e.Endpoint() + "\n")
		select {}
	}
	child := exec.Command(os.Args[0], "-test.run=^TestEngineDiesWithItsParent$")
	child.Env = append(os.Environ(), "RESCIND_TEST_CHILD=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 256)
	n, err := out.Read(line)
	_ = child.Process.Signal(syscall.SIGKILL)
	_ = child.Wait()
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(strings.TrimSpace(string(line[:n])))
	if err != nil || u.Port() == "" {
		t.Fatalf("child said %q", line[:n])
	}
	for range 100 {
		if !reachable(u.Hostname(), u.Port()) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("the engine at %s outlives its parent", u.Host)
}

func TestStartSaysWhyItFails(t *testing.T) {
	if _, err := exec.LookPath("java"); err != nil {
		t.Skip("no java on this machine")
	}
	_, err := Start(t.Context(), t.TempDir())
	if err == nil || !strings.Contains(err.Error(), MainClass) || !strings.Contains(err.Error(), "make test-dynamodb") {
		t.Errorf("%v", err)
	}
}

func TestRootIsTheNearestFolderWithGoMod(t *testing.T) {
	root := t.TempDir()
	below := filepath.Join(root, "a", "b")
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Fatal(err)
	}
	if got, err := Root(below); err == nil {
		t.Errorf("%s out of nothing", got)
	}
	if err := os.WriteFile(filepath.Join(root, "go.mod"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := Root(below); err != nil || got != root {
		t.Errorf("%s, %v, want %s", got, err, root)
	}
	if Fetched(root) {
		t.Error("an engine out of nothing")
	}
}

func TestPortIsFoundHoweverTheOutputIsCut(t *testing.T) {
	said := &output{port: make(chan int, 1)}
	for _, part := range []string{"Port:\t8000\nrescind-dyn", "amodb-port 43", "595", "\nmore\n"} {
		if n, err := said.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	if n := <-said.port; n != 43595 {
		t.Errorf("port %d", n)
	}
	for range 1000 {
		_, _ = said.Write([]byte(strings.Repeat("x", 100)))
	}
	if len(said.tail()) > 9000 {
		t.Errorf("keeps %d bytes", len(said.tail()))
	}
}
