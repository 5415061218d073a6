package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	dialLimit   = 300 * time.Millisecond
	healthLimit = time.Second
	loopback4   = "127.0.0.1"
	loopback6   = "::1"
)

// address is a parsed --addr.
type address struct {
	host string
	port int // 0: any that is free
}

func parseAddress(s string) (address, error) {
	host, digits, err := net.SplitHostPort(s)
	port, err2 := strconv.ParseUint(digits, 10, 16)
	if err != nil || err2 != nil {
		return address{}, usagef("--addr must be HOST:PORT with a port from 0 to 65535, such as 127.0.0.1:8000")
	}
	return address{host, int(port)}, nil
}

// hosts are what is listened on. On this machine "localhost" means either
// loopback address, and which one a program tries first is its own choice.
func (a address) hosts() []string {
	if a.host == loopback4 || a.host == "localhost" {
		return []string{loopback4, loopback6}
	}
	return []string{a.host}
}

// dialled are the addresses at which somebody who holds the port would answer.
func (a address) dialled() []string {
	if ip := net.ParseIP(a.host); a.host == "" || ip.IsUnspecified() {
		return []string{loopback4, loopback6}
	}
	return a.hosts()
}

// isLocal tells whether only this machine can reach it.
func (a address) isLocal() bool {
	ip := net.ParseIP(a.host)
	return a.host == "localhost" || ip.IsLoopback()
}

func join(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// listen takes the port on every host, and gives it. It dials first: some
// systems let two programs listen where one of them named a wildcard, and
// would send the requests to either.
func listen(ctx context.Context, a address) ([]net.Listener, int, error) {
	if a.port != 0 {
		for _, host := range a.dialled() {
			d := net.Dialer{Timeout: dialLimit}
			if conn, err := d.DialContext(ctx, "tcp", join(host, a.port)); err == nil {
				_ = conn.Close()
				return nil, 0, takenError(ctx, a, host)
			}
		}
	}
	all, port, err := listenAll(ctx, a)
	for tries := 1; err != nil && a.port == 0 && tries < 10; tries++ {
		// A port that is free on the one loopback address may not be on the other.
		all, port, err = listenAll(ctx, a)
	}
	if err != nil {
		return nil, 0, listenError(ctx, a, err)
	}
	return all, port, nil
}

// listenAll takes the port on every host, or on none.
func listenAll(ctx context.Context, a address) (all []net.Listener, port int, err error) {
	port = a.port
	for i, host := range a.hosts() {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", join(host, port))
		switch {
		case err == nil:
			all = append(all, l)
			port = l.Addr().(*net.TCPAddr).Port
		case i > 0 && lacksIPv6(err):
			// This machine has no IPv6: 127.0.0.1 is all of localhost.
		default:
			closeAll(all)
			return nil, 0, err
		}
	}
	return all, port, nil
}

func lacksIPv6(err error) bool {
	return errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT) || errors.Is(err, syscall.EPROTONOSUPPORT)
}

func closeAll(all []net.Listener) {
	for _, l := range all {
		_ = l.Close() // nothing was accepted yet
	}
}

func listenError(ctx context.Context, a address, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return takenError(ctx, a, a.dialled()[0])
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("port %d needs privileges that this user lacks; type `make run PORT=8000`, or --addr %s", a.port, join(a.host, 8000))
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("this machine has no address %s; use --addr 127.0.0.1:%d", a.host, a.port)
	}
	return fmt.Errorf("cannot listen on %s (%w); choose another --addr", join(a.host, a.port), err)
}

// takenError says who holds the port, as far as can be seen, and what to type.
func takenError(ctx context.Context, a address, host string) error {
	who := "another process"
	if pid, name := listener(procRoot, host, a.port); pid != 0 {
		who = fmt.Sprintf("%s (process %d)", name, pid)
	}
	if isRescind(ctx, join(host, a.port)) {
		who = "another rescind: " + who
	}
	free := freePort(ctx, a)
	return fmt.Errorf("port %d is taken by %s; stop that, or type `make run PORT=%d` (without make: --addr %s)", a.port, who, free, join(a.host, free))
}

// isRescind asks the health check. No proxy: it is this machine that is asked.
func isRescind(ctx context.Context, hostPort string) bool {
	ctx, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+hostPort+"/healthz", nil)
	if err != nil {
		return false
	}
	transport := &http.Transport{DisableKeepAlives: true}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return false
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1024))
	return err == nil && res.Header.Get("X-Request-Id") != "" &&
		(strings.TrimSpace(string(body)) == `{"status":"ok"}` || strings.Contains(string(body), `"temporarily_unavailable"`))
}

// freePort is the next port that is free just now.
func freePort(ctx context.Context, a address) int {
	for port := a.port + 1; port <= min(a.port+50, 65535); port++ {
		if all, _, err := listenAll(ctx, address{a.host, port}); err == nil {
			closeAll(all)
			return port
		}
	}
	return 8000
}
