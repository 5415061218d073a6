package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

func TestPortTakenByAnotherRescindSaysWhoAndWhatToType(t *testing.T) {
	w := newWorld(t)
	s := launch(t, w.store)
	unmade := "sqlite:" + filepath.Join(privateDir(t), "none.db")
	o := run(t, "", "serve", "--demo", "--addr", "127.0.0.1:"+s.port(), "--store", unmade)
	if o.status != exitFailed {
		t.Errorf("exit status %d", o.status)
	}
	expect(t, o.sentence(), "port "+s.port()+" is taken by another rescind", "make run PORT=", "--addr 127.0.0.1:")
	if runtime.GOOS == "linux" {
		expect(t, o.sentence(), fmt.Sprintf("(process %d)", s.pid))
	}
	if strings.Contains(o.sentence(), "PORT="+s.port()) {
		t.Error("it proposes the port that is taken")
	}
	if _, err := os.Stat(strings.TrimPrefix(unmade, "sqlite:")); err == nil {
		t.Error("a store was made before the port was looked at")
	}
}

func TestPortTakenByAnotherProgram(t *testing.T) {
	for _, host := range []string{loopback4, loopback6} {
		if host == loopback6 && !hasIPv6() {
			continue
		}
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Fatal(err)
		}
		port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
		go hangUp(l)
		o := run(t, "", "serve", "--addr", "localhost:"+port, "--store", newWorld(t).store)
		_ = l.Close()
		if o.status != exitFailed {
			t.Errorf("%s: exit status %d", host, o.status)
		}
		expect(t, o.sentence(), "port "+port+" is taken by", "stop that, or type `make run PORT=")
		if strings.Contains(o.sentence(), "another rescind") {
			t.Errorf("it takes anything for one of ours: %s", o.sentence())
		}
		if runtime.GOOS == "linux" {
			expect(t, o.sentence(), fmt.Sprintf("(process %d)", os.Getpid()))
		}
	}
}

// hangUp accepts and says nothing.
func hangUp(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		_ = conn.Close()
	}
}

func TestAddressThatIsNotThisMachines(t *testing.T) {
	o := run(t, "", "serve", "--addr", "192.0.2.1:8000", "--store", newWorld(t).store)
	if o.status != exitFailed {
		t.Errorf("exit status %d", o.status)
	}
	expect(t, o.sentence(), "no address 192.0.2.1")
}

func TestProcTablesAreRead(t *testing.T) {
	for s, want := range map[string]string{
		"0100007F:1F40": "127.0.0.1:8000", "00000000:0050": "0.0.0.0:80",
		"00000000000000000000000001000000:1F41": "[::1]:8001", "0000000000000000FFFF00000100007F:1F41": "127.0.0.1:8001",
	} {
		if got, ok := parseProcAddress(s); !ok || got.String() != want {
			t.Errorf("%s: %s, not %s", s, got, want)
		}
	}
	for _, s := range []string{"", "0100007F", "0100007F:", "01:1F40", "zz00007F:1F40", "0100007F:1F40F"} {
		if got, ok := parseProcAddress(s); ok {
			t.Errorf("%q: %s", s, got)
		}
	}
	if pid, name := listener(t.TempDir(), loopback4, 8000); pid != 0 || name != "" {
		t.Errorf("without proc: %d %s", pid, name)
	}
}

func TestBaseURL(t *testing.T) {
	for _, row := range []struct{ host, issuer, want string }{
		{"127.0.0.1", "http://localhost:8001", "http://localhost:8001"},
		{"localhost", "https://auth.example.com/a", "http://localhost:8001/a"},
		{"0.0.0.0", "https://auth.example.com", "http://localhost:8001"},
		{"", "https://auth.example.com", "http://localhost:8001"},
		{"127.0.0.2", "http://localhost:8001", "http://127.0.0.2:8001"},
		{"fd00::1", "http://localhost:8001", "http://[fd00::1]:8001"},
	} {
		if got := (site{issuer: row.issuer, addr: address{row.host, 8001}}).base(); got != row.want {
			t.Errorf("%s: %s, not %s", row.host, got, row.want)
		}
	}
}
