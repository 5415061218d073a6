package main

import (
	"io"
	"net"
	"net/netip"
	"net/url"
	"sync"
)

// forward hands every connection to addr, this machine's address on the
// containers' network, on to the engine at endpoint, which listens on the
// loopback only. It gives the URL that containers use, and what ends it.
func forward(addr netip.Addr, endpoint string) (string, func(), error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", nil, err
	}
	l, err := net.Listen("tcp", netip.AddrPortFrom(addr, 0).String())
	if err != nil {
		return "", nil, err
	}
	f := &forwarder{target: u.Host, open: map[net.Conn]bool{}}
	f.under.Go(func() { f.accept(l) })
	return "http://" + l.Addr().String(), func() {
		_ = l.Close()
		f.end()
		f.under.Wait()
	}, nil
}

type forwarder struct {
	target string
	under  sync.WaitGroup

	mu    sync.Mutex
	open  map[net.Conn]bool
	ended bool
}

func (f *forwarder) accept(l net.Listener) {
	for {
		from, err := l.Accept()
		if err != nil {
			return // closed
		}
		f.under.Go(func() { f.serve(from) })
	}
}

func (f *forwarder) serve(from net.Conn) {
	defer from.Close()
	to, err := net.Dial("tcp", f.target)
	if err != nil {
		return // the caller sees a connection that ends
	}
	defer to.Close()
	if !f.keep(from, to) {
		return
	}
	defer f.forget(from, to)
	var back sync.WaitGroup
	back.Go(func() { pipe(from, to) })
	pipe(to, from)
	back.Wait()
}

// pipe copies until the one ends, then tells the other so.
func pipe(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

// keep is false once the forwarder has ended.
func (f *forwarder) keep(all ...net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range all {
		f.open[c] = true
	}
	return !f.ended
}

func (f *forwarder) forget(all ...net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range all {
		delete(f.open, c)
	}
}

func (f *forwarder) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
	for c := range f.open {
		_ = c.Close()
	}
}
