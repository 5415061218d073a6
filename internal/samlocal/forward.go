package main

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
)

// forward hands every request to addr, this machine's address on the containers'
// network, on to the engine at endpoint, which listens on the loopback only. It
// gives the URL that containers use, and what ends it.
func forward(addr netip.Addr, endpoint string) (string, func(), error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", nil, err
	}
	l, err := net.Listen("tcp", netip.AddrPortFrom(addr, 0).String())
	if err != nil {
		return "", nil, err
	}
	quiet := log.New(io.Discard, "", 0) // a caller that went away, or an engine that did: the caller has 502
	server := &http.Server{ErrorLog: quiet, Handler: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) }, ErrorLog: quiet,
		Transport: &http.Transport{MaxIdleConnsPerHost: 16}, // no proxy of the environment's: the engine is near
	}}
	ended := make(chan struct{})
	go func() {
		_ = server.Serve(l)
		close(ended)
	}()
	return "http://" + l.Addr().String(), func() {
		_ = server.Close()
		<-ended
	}, nil
}
