package load

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestReadAnswer(t *testing.T) {
	for _, c := range []struct {
		name, raw string
		status    int
		body      string
		last      bool
	}{
		{"a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", false},
		{"names in another case", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nCONNECTION: Close\r\n\r\nhello", 200, "hello", true},
		{"no reason phrase", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, "", false},
		{"nothing, and kept alive", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", 200, "", false},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\n\r\n", 200, "hello, world", false},
		{"chunks in capitals, and a trailer", "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\nDigest: x\r\n\r\n", 200, "0123456789", false},
		{"no chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, "", false},
		{"chunks win over a length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 200, "hi", false},
		{"to the end", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it", 200, "all of it", true},
		{"to the end, empty", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", 200, "", true},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true},
		{"HTTP/1.0, kept alive", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: Keep-Alive\r\n\r\nhi", 200, "hi", false},
		{"204", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", false},
		{"an interim answer first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}", 400, "{}", false},
		{"several options", "HTTP/1.1 200 OK\r\nConnection: x, close\r\nContent-Length: 0\r\n\r\n", 200, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			rest := ""
			if !c.last {
				rest = "HTTP/1.1 201 Next\r\n"
			}
			in := bufio.NewReader(strings.NewReader(c.raw + rest))
			status, body, last, err := readAnswer(in, []byte("kept "))
			if err != nil || status != c.status || string(body) != "kept "+c.body || last != c.last {
				t.Errorf("%d %q, last %t, error %v", status, body, last, err)
			}
			if left, _ := io.ReadAll(in); !c.last && string(left) != rest {
				t.Errorf("it left %q of what follows", left)
			}
		})
	}
}

func TestReadAnswerRefuses(t *testing.T) {
	for name, raw := range map[string]string{
		"no HTTP":            "SSH-2.0-OpenSSH\r\n",
		"HTTP/2":             "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
		"a status of words":  "HTTP/1.1 abc\r\n\r\n",
		"a bad length":       "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
		"a negative length":  "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"a huge length":      "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n",
		"cut in the header":  "HTTP/1.1 200 OK\r\nContent-Len",
		"cut in the body":    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe",
		"cut in a chunk":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
		"cut before the end": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n",
		"a chunk too long":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n",
		"a huge chunk":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\n",
		"another coding":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
		"another protocol":   "HTTP/1.1 101 Switching Protocols\r\n\r\n",
		"no colon":           "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
	} {
		_, _, _, err := readAnswer(bufio.NewReader(strings.NewReader(raw)), nil)
		if err == nil {
			t.Errorf("%s was taken for an answer", name)
		}
		if errors.Is(err, io.EOF) {
			t.Errorf("%s counts as an answer that never began", name)
		}
	}
	if _, _, _, err := readAnswer(bufio.NewReader(strings.NewReader("")), nil); !errors.Is(err, io.EOF) {
		t.Errorf("a connection closed before an answer: %v", err)
	}
}
