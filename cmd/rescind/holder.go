package main

import (
	"bufio"
	"encoding/hex"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// procRoot is where Linux tells of its processes; elsewhere there is nothing
// there, and the one who holds a port stays unnamed.
const procRoot = "/proc"

// listener finds the process that listens on a port of this machine, so that
// it takes connections to host: 0 where that cannot be seen, as for another
// user's. It gives the process's short name and never its command line, where
// people put secrets.
func listener(root, host string, port int) (pid int, name string) {
	inodes := listening(root, host, port)
	if len(inodes) == 0 {
		return 0, ""
	}
	fds, err := filepath.Glob(filepath.Join(root, "[0-9]*", "fd", "*"))
	if err != nil {
		return 0, ""
	}
	for _, fd := range fds {
		target, err := os.Readlink(fd)
		if err != nil || !slices.Contains(inodes, target) {
			continue
		}
		process := filepath.Dir(filepath.Dir(fd))
		if pid, err = strconv.Atoi(filepath.Base(process)); err != nil {
			continue
		}
		comm, err := os.ReadFile(filepath.Join(process, "comm"))
		if err != nil {
			return pid, "a process"
		}
		return pid, strings.Map(printable, strings.TrimSpace(string(comm)))
	}
	return 0, ""
}

func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return '?'
	}
	return r
}

// listening gives "socket:[inode]" of every listening socket of the port that
// takes connections to host, from the tables of proc(5).
func listening(root, host string, port int) []string {
	asked, err := netip.ParseAddr(host)
	if err != nil {
		asked = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	var inodes []string
	for _, table := range []string{"tcp", "tcp6"} {
		f, err := os.Open(filepath.Join(root, "net", table))
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			// sl local_address rem_address st ... uid timeout inode
			fields := strings.Fields(lines.Text())
			if len(fields) < 10 || fields[3] != "0A" { // TCP_LISTEN
				continue
			}
			addr, ok := parseProcAddress(fields[1])
			if ok && int(addr.Port()) == port && (addr.Addr().IsUnspecified() || addr.Addr() == asked) {
				inodes = append(inodes, "socket:["+fields[9]+"]")
			}
		}
		_ = f.Close() // only read
	}
	return inodes
}

// parseProcAddress reads "0100007F:1F40": 32-bit words, each in this machine's
// byte order, which is little-endian wherever Go runs Linux programs of ours,
// then the port.
func parseProcAddress(s string) (netip.AddrPort, bool) {
	words, digits, ok := strings.Cut(s, ":")
	port, err := strconv.ParseUint(digits, 16, 16)
	b, err2 := hex.DecodeString(words)
	if !ok || err != nil || err2 != nil || len(b)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(b); i += 4 {
		slices.Reverse(b[i : i+4])
	}
	addr, ok := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)), ok
}
