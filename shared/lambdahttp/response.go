package lambdahttp

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

// responseWriter gathers an answer by net/http's rules: the first WriteHeader
// counts, later changes of the header do not, the first Write implies 200, and
// HEAD, 204 and 304 have no body. It sniffs no content type and cannot flush:
// these events carry whole answers.
type responseWriter struct {
	header http.Header
	sent   http.Header // header as it was at WriteHeader
	status int
	body   bytes.Buffer
	head   bool // a HEAD request: its body is counted as written and dropped
}

// Header implements http.ResponseWriter.
func (w *responseWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. Informational statuses are
// dropped, since no gateway passes them on; one that is no status panics, as in
// net/http.
func (w *responseWriter) WriteHeader(status int) {
	if status < 100 || status > 999 {
		panic(fmt.Sprintf("invalid WriteHeader code %d", status))
	}
	if w.status != 0 || status < 200 {
		return
	}
	w.status = status
	w.sent = w.header.Clone()
}

// Write implements http.ResponseWriter.
func (w *responseWriter) Write(p []byte) (int, error) {
	if err := w.beforeBody(); err != nil {
		return 0, err
	}
	if w.head {
		return len(p), nil
	}
	return w.body.Write(p)
}

// WriteString implements io.StringWriter.
func (w *responseWriter) WriteString(s string) (int, error) {
	if err := w.beforeBody(); err != nil {
		return 0, err
	}
	if w.head {
		return len(s), nil
	}
	return w.body.WriteString(s)
}

func (w *responseWriter) beforeBody() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.status == http.StatusNoContent || w.status == http.StatusNotModified {
		return http.ErrBodyNotAllowed
	}
	return nil
}

// answer is the response of both payload formats: 1.0 reads multiValueHeaders,
// 2.0 reads headers and cookies.
type answer struct {
	StatusCode        int                 `json:"statusCode"`
	Headers           map[string]string   `json:"headers,omitempty"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders,omitempty"`
	Cookies           []string            `json:"cookies,omitempty"`
	Body              string              `json:"body"`
	IsBase64Encoded   bool                `json:"isBase64Encoded"`
}

// encode returns the answer in payload format 2.0 or 1.0.
func (w *responseWriter) encode(format20 bool) ([]byte, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	a := answer{StatusCode: w.status}
	if format20 {
		a.Headers, a.Cookies = headers20(w.sent)
	} else {
		a.MultiValueHeaders = headers10(w.sent)
	}
	if body := w.body.Bytes(); isText(w.sent, body) {
		a.Body = string(body)
	} else {
		a.Body, a.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}

	var out bytes.Buffer
	out.Grow(len(a.Body) + 512)
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // no HTML page embeds this, and it would grow
	if err := encoder.Encode(a); err != nil {
		return nil, fmt.Errorf("lambdahttp: the response cannot be encoded: %w", err)
	}
	return out.Bytes(), nil
}

// oneLine takes line breaks out of header values, as net/http does, so that no
// value can begin a header of its own.
var oneLine = strings.NewReplacer("\n", " ", "\r", " ")

func headers10(sent http.Header) map[string][]string {
	h := make(map[string][]string, len(sent))
	for name, values := range sent {
		key := http.CanonicalHeaderKey(name)
		for _, value := range values {
			h[key] = append(h[key], oneLine.Replace(value))
		}
	}
	return h
}

func headers20(sent http.Header) (h map[string]string, cookies []string) {
	h = make(map[string]string, len(sent))
	for name, values := range headers10(sent) {
		if name == "Set-Cookie" {
			cookies = values
			continue
		}
		h[name] = strings.Join(values, ", ")
	}
	return h, cookies
}

// isText tells whether a body can travel as JSON text: valid UTF-8, under a
// type whose bytes a gateway would not convert. REST APIs need it so, since
// they decode base64 only for types that they were told are binary.
func isText(h http.Header, body []byte) bool {
	if len(body) == 0 {
		return true
	}
	if !utf8.Valid(body) || h.Get("Content-Encoding") != "" {
		return false
	}
	contentType := h.Get("Content-Type")
	if contentType == "" {
		return true
	}
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch strings.ToLower(params["charset"]) {
	case "", "utf-8", "us-ascii":
	default:
		return false
	}
	kind, subtype, _ := strings.Cut(mediaType, "/")
	switch subtype[strings.LastIndexByte(subtype, '+')+1:] { // RFC 6838 section 4.2.8
	case "json", "xml", "javascript", "jwt", "yaml", "x-www-form-urlencoded":
		return true
	}
	return kind == "text"
}
