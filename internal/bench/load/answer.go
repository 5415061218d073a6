package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
)

// maxBody bounds a body whose length the server gives.
const maxBody = 16 << 20

// head is what an answer's header says about where the answer ends.
type head struct {
	status int
	length int // -1: not given
	chunks bool
	close  bool
}

// readAnswer reads one answer, its body appended to body. last is true if the
// connection ends with it. Interim answers (1xx) are passed over.
//
// Where an answer ends: RFC 9112, section 6.3.
func readAnswer(in *bufio.Reader, body []byte) (status int, _ []byte, last bool, err error) {
	var h head
	for h.status < http.StatusOK {
		if h, err = readHead(in); err != nil {
			return 0, body, true, fmt.Errorf("reading an answer: %w", err)
		}
		if h.status == http.StatusSwitchingProtocols {
			return h.status, body, true, errors.New("an answer switches the protocol, which was not asked for")
		}
	}
	switch {
	case h.status == http.StatusNoContent || h.status == http.StatusNotModified:
	case h.chunks:
		body, err = readChunks(in, body)
	case h.length > maxBody:
		err = fmt.Errorf("it is %d bytes long, more than %d", h.length, maxBody)
	case h.length >= 0:
		body, err = readBytes(in, body, h.length)
	default: // to the end of the connection
		h.close = true
		w := bytes.NewBuffer(body)
		_, err = w.ReadFrom(io.LimitReader(in, maxBody))
		body = w.Bytes()
	}
	if err != nil {
		return h.status, body, true, fmt.Errorf("reading an answer's body (status %d): %w", h.status, unexpected(err))
	}
	return h.status, body, h.close, nil
}

// readHead reads a status line and header fields. io.EOF means that not one
// byte came.
func readHead(in *bufio.Reader) (head, error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		if len(line) > 0 {
			err = unexpected(err)
		}
		return head{}, err
	}
	line = bytes.TrimSpace(line)
	h := head{length: -1}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) || line[8] != ' ' {
		return h, fmt.Errorf("not a status line of HTTP/1: %q", line)
	}
	if h.status, err = strconv.Atoi(string(line[9:12])); err != nil || h.status < 100 {
		return h, fmt.Errorf("not a status line of HTTP/1: %q", line)
	}
	h.close = line[7] == '0' // RFC 9112, section 9.3
	for {
		if line, err = in.ReadSlice('\n'); err != nil {
			return h, unexpected(err)
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			return h, nil
		}
		if err := h.field(line); err != nil {
			return h, err
		}
	}
}

// field takes the three fields that say where an answer and its connection end.
func (h *head) field(line []byte) error {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok {
		return fmt.Errorf("a header field without a colon, of %d bytes", len(line))
	}
	value = bytes.TrimSpace(value)
	switch {
	case bytes.EqualFold(name, []byte("Content-Length")):
		n, err := strconv.ParseUint(string(value), 10, 31)
		if err != nil {
			return fmt.Errorf("a length that is no number: %q", value)
		}
		h.length = int(n)
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		if !bytes.EqualFold(value, []byte("chunked")) {
			return fmt.Errorf("a transfer coding that is not chunked: %q", value)
		}
		h.chunks = true
	case bytes.EqualFold(name, []byte("Connection")):
		for option := range bytes.SplitSeq(value, []byte(",")) {
			option = bytes.TrimSpace(option)
			if bytes.EqualFold(option, []byte("close")) {
				h.close = true
			} else if bytes.EqualFold(option, []byte("keep-alive")) {
				h.close = false
			}
		}
	}
	return nil
}

// readChunks reads a chunked body with its trailer (RFC 9112, section 7.1).
func readChunks(in *bufio.Reader, body []byte) ([]byte, error) {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return body, err
		}
		size, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseUint(string(bytes.TrimSpace(size)), 16, 31)
		if err != nil || n > maxBody || len(body)+int(n) > maxBody {
			return body, fmt.Errorf("a chunk's size is no number, or too large: %q", bytes.TrimSpace(line))
		}
		if n == 0 {
			return body, skipTrailer(in)
		}
		if body, err = readBytes(in, body, int(n)); err != nil {
			return body, err
		}
		if line, err = in.ReadSlice('\n'); err != nil {
			return body, err
		}
		if len(bytes.TrimSpace(line)) > 0 {
			return body, errors.New("a chunk is longer than it says")
		}
	}
}

func skipTrailer(in *bufio.Reader) error {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			return nil
		}
	}
}

func readBytes(in *bufio.Reader, body []byte, n int) ([]byte, error) {
	from := len(body)
	body = slices.Grow(body, n)[:from+n]
	_, err := io.ReadFull(in, body[from:])
	return body, err
}

// unexpected tells an answer that was cut off from one that never began.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
