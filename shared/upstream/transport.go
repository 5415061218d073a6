package upstream

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	// patience is how long any one request to a provider may take.
	patience = 10 * time.Second
	// longestAnswer of a provider, in bytes. Metadata and keys have a few KB.
	longestAnswer = 512 << 10
)

// careful is a client for a provider's endpoints: it follows no redirect, which
// would carry codes and secrets to where nobody looked, waits no longer than
// patience, and reads no more than longestAnswer.
func careful(hc *http.Client) *http.Client {
	c := http.Client{}
	if hc != nil {
		c = *hc
	}
	if c.Timeout <= 0 || c.Timeout > patience {
		c.Timeout = patience
	}
	next := c.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	c.Transport = short{next}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Jar = nil
	return &c
}

// short ends answers that are too long, and makes errors of documents that the
// provider would not give: the libraries would quote their bodies.
type short struct{ next http.RoundTripper }

func (s short) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := s.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if r.Method == http.MethodGet && response.StatusCode != http.StatusOK {
		_ = response.Body.Close() // nothing of it is used
		return nil, fmt.Errorf("the answer has the status %d", response.StatusCode)
	}
	response.Body = http.MaxBytesReader(nil, response.Body, longestAnswer)
	return response, nil
}

// brief is an error's text, cut and printable: it may quote a provider.
func brief(err error) string {
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, err.Error())
	return text[:min(len(text), 300)]
}
