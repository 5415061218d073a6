package main

import (
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// bundles is where systems keep the certificate authorities that they trust:
// Amazon Linux and its kin, Debian, Alpine.
var bundles = []string{"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"}

// endpoint stands before the engine and speaks HTTPS as DynamoDB does: reading
// the certificate authorities and the handshake are most of a function's init.
type endpoint struct {
	proxy *httptest.Server
	roots string       // a file: the system's authorities, and the proxy's own
	asked atomic.Int64 // when it was first connected to, in nanoseconds of the clock; 0: not yet
}

func (b *bench) listen() error {
	to, err := url.Parse(b.engine.Endpoint)
	if err != nil {
		return err
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Host = r.In.Host }}
	b.proxy = httptest.NewUnstartedServer(forward)
	b.proxy.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			b.asked.CompareAndSwap(0, time.Now().UnixNano())
		}
	}
	b.proxy.StartTLS()
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b.proxy.Certificate().Raw})
	b.roots = filepath.Join(b.dir, "roots.pem")
	for _, file := range bundles {
		if system, err := os.ReadFile(file); err == nil {
			return os.WriteFile(b.roots, append(system, own...), 0o600)
		}
	}
	b.proxy.Close()
	return errors.New("this system has no file of certificate authorities: install its package ca-certificates")
}

func (b *bench) close() { b.proxy.Close() }
