package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// wire is one keep-alive connection, dialled when it is needed and again after
// the server closed it.
type wire struct {
	addr    string
	timeout time.Duration
	in      *bufio.Reader
	body    []byte
	used    bool // an answer came over conn
	resent  int

	mu   sync.Mutex // for conn, which another goroutine drops when a run ends
	conn net.Conn
}

// roundTrip sends a request and reads its answer, whose body is valid until
// the next call.
//
// A connection that was idle may have been closed by the server while the
// request was on its way. If not one byte came back over a connection in use
// before, the request is sent once more on a new one (RFC 9112, section 9.3.1).
func (w *wire) roundTrip(ctx context.Context, request []byte) (status int, body []byte, err error) {
	for {
		again := w.used
		status, body, err = w.once(ctx, request)
		if err == nil {
			return status, body, nil
		}
		w.drop()
		w.used = false
		if ctx.Err() != nil {
			return 0, nil, context.Cause(ctx)
		}
		if !again || !closed(err) {
			return 0, nil, err
		}
		w.resent++
	}
}

func (w *wire) once(ctx context.Context, request []byte) (int, []byte, error) {
	conn, err := w.connected(ctx)
	if err != nil {
		return 0, nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(w.timeout)); err != nil {
		return 0, nil, fmt.Errorf("sending: %w", err)
	}
	if _, err := conn.Write(request); err != nil {
		return 0, nil, fmt.Errorf("sending: %w", err)
	}
	status, body, last, err := readAnswer(w.in, w.body[:0])
	if err != nil {
		return 0, nil, err
	}
	w.body, w.used = body, true
	if last {
		w.drop()
		w.used = false
	}
	return status, body, nil
}

func (w *wire) connected(ctx context.Context) (net.Conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn != nil {
		return w.conn, nil
	}
	d := net.Dialer{Timeout: w.timeout}
	conn, err := d.DialContext(ctx, "tcp", w.addr)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	if err := ctx.Err(); err != nil { // the run ended while this dialled
		_ = conn.Close()
		return nil, err
	}
	w.conn, w.used = conn, false
	if w.in == nil {
		w.in = bufio.NewReader(conn)
	} else {
		w.in.Reset(conn)
	}
	return conn, nil
}

// drop closes the connection; the next request dials.
func (w *wire) drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn != nil {
		_ = w.conn.Close()
		w.conn = nil
	}
}

// closed tells a connection that the other side had closed before it answered:
// io.EOF stands only where not one byte came.
func closed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}
