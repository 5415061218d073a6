package endpoint_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"rescind/shared/lambdahttp"
)

// request is one request in the words of a message.
type request struct {
	from   string // the caller's address; empty: 192.0.2.1
	method string
	target string // path and query
	header []string
	body   string
}

func post(path, body string, header ...string) request {
	return request{method: "POST", target: path, body: body,
		header: append([]string{"Content-Type: application/x-www-form-urlencoded"}, header...)}
}

func basicHeader(id, text string) string {
	pair := url.QueryEscape(id) + ":" + url.QueryEscape(text)
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
}

func (r request) address() string {
	if r.from == "" {
		return "192.0.2.1"
	}
	return r.from
}

// bytes is the request as HTTP/1.1 has it.
func (r request) bytes() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: localhost:8000\r\n", r.method, r.target)
	for _, h := range r.header {
		b.WriteString(h + "\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(r.body), r.body)
	return b.Bytes()
}

// response is a whole answer, without what net/http adds of its own.
type response struct {
	status int
	header map[string]string // each once
	body   string
	took   time.Duration // until its first byte came; over HTTP only
}

// without is the answer in the words of a message, less some headers: for
// comparing whole answers.
func (r response) without(names ...string) string {
	h := make(http.Header)
	for name, value := range r.header {
		h.Set(name, value)
	}
	for _, name := range names {
		h.Del(name)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", r.status)
	_ = h.Write(&b) // a Builder takes everything
	return b.String() + "\n" + r.body
}

// way is how a request travels to the handlers.
type way struct {
	name string
	send func(t testing.TB, h http.Handler, r request) response
}

var ways = []way{{"http", overHTTP}, {"lambda", asEvent}}

// overHTTP sends the request's bytes to net/http's own server, through memory.
func overHTTP(t testing.TB, h http.Handler, r request) response {
	t.Helper()
	raw, took, err := exchange(h, r.address(), r.bytes())
	if err != nil {
		t.Fatalf("%s %s: %v", r.method, r.target, err)
	}
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), &http.Request{Method: r.method})
	if err != nil {
		t.Fatalf("%s %s: reading the answer %q: %v", r.method, r.target, raw, err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: reading the answer's body: %v", r.method, r.target, err)
	}
	header := map[string]string{}
	for name, values := range res.Header {
		if name != "Date" && name != "Connection" {
			header[name] = strings.Join(values, ", ")
		}
	}
	return noted(t, response{res.StatusCode, header, string(body), took})
}

// exchange serves one connection on which the bytes arrive, and gives what is
// answered until the server closes it, and how long the first byte took.
func exchange(h http.Handler, from string, raw []byte) ([]byte, time.Duration, error) {
	ours, theirs := net.Pipe()
	listener := &oneConn{conn: remote{theirs, from}, done: make(chan struct{})}
	server := &http.Server{Handler: h, ErrorLog: log.New(&logs, "", 0)}
	server.SetKeepAlivesEnabled(false)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // always ends with ErrServerClosed
	}()
	began := time.Now()
	go func() { _, _ = ours.Write(raw) }() // ends when the server closes, read or not
	answer := make([]byte, 1)
	_, err := io.ReadFull(ours, answer)
	took := time.Since(began)
	if err == nil {
		var rest []byte
		rest, err = io.ReadAll(ours)
		answer = append(answer, rest...)
	}
	_ = ours.Close()
	_ = server.Close()
	<-served
	if err != nil && !errors.Is(err, io.ErrClosedPipe) {
		return nil, took, err
	}
	return answer, took, nil
}

// oneConn is a listener that accepts one connection.
type oneConn struct {
	conn net.Conn
	once sync.Once
	done chan struct{}
	took bool
}

func (l *oneConn) Accept() (net.Conn, error) {
	if !l.took {
		l.took = true
		return l.conn, nil
	}
	<-l.done
	return nil, net.ErrClosed
}
func (l *oneConn) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *oneConn) Addr() net.Addr { return l.conn.LocalAddr() }

// remote is a connection that comes from somewhere else.
type remote struct {
	net.Conn
	from string
}

func (c remote) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(c.from), Port: 40000} }

// asEvent sends the request as API Gateway's event of payload format 2.0.
func asEvent(t testing.TB, h http.Handler, r request) response {
	t.Helper()
	path, query, _ := strings.Cut(r.target, "?")
	headers := map[string]string{"host": "auth.example.com"}
	for _, line := range r.header {
		name, value, _ := strings.Cut(line, ": ")
		key := strings.ToLower(name)
		if old, ok := headers[key]; ok { // format 2.0 joins repeated headers
			value = old + "," + value
		}
		headers[key] = value
	}
	event := map[string]any{
		"version": "2.0", "rawPath": path, "rawQueryString": query, "headers": headers, "isBase64Encoded": true,
		"body": base64.StdEncoding.EncodeToString([]byte(r.body)),
		"requestContext": map[string]any{"requestId": "gateway-1", "stage": "$default", "domainName": "auth.example.com",
			"http": map[string]string{"method": r.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": r.address()}},
	}
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	out, err := lambdahttp.Handler(h).Invoke(context.Background(), payload)
	if err != nil {
		t.Fatalf("%s %s: %v", r.method, r.target, err)
	}
	var a struct {
		StatusCode      int
		Headers         map[string]string
		Body            string
		IsBase64Encoded bool
		Cookies         []string
	}
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatal(err)
	}
	if a.IsBase64Encoded || len(a.Cookies) > 0 {
		t.Errorf("%s %s: the answer is base64 or sets cookies: %s", r.method, r.target, out)
	}
	return noted(t, response{status: a.StatusCode, header: a.Headers, body: a.Body})
}

// noted puts the tokens of an answer into the ledger; an error must hold none.
func noted(t testing.TB, r response) response {
	t.Helper()
	text := r.without()
	if r.status < 300 {
		made.values(text)
	} else if name := made.in([]byte(text)); name != "" || valueForm.MatchString(text) {
		t.Errorf("%s or the like in an error: %s", name, text)
	}
	return r
}
