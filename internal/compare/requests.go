package main

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rescind/internal/bench/load"
)

// The forms are the same for every server. The hint spares those that look for
// refresh tokens first a look-up.
const (
	issueForm   = "grant_type=client_credentials&scope=read+write"
	refreshForm = "grant_type=refresh_token&refresh_token="
	hintForm    = "token_type_hint=access_token&token="
)

// work makes the requests of each operation for one target. Each answer is
// judged: what is not right ends the run.
type work struct {
	*target
	paths       Paths
	connections int
	issued      [][]string // by connection
	revoked     [][]string // the same
}

func newWork(t *target, paths Paths, connections int) *work {
	return &work{target: t, paths: paths, connections: connections, issued: make([][]string, connections), revoked: make([][]string, connections)}
}

// maker is what one connection sends. Only revocation needs from: it presents
// each token once.
func (w *work) maker(operation string, from []string) func(int) load.Maker {
	switch operation {
	case introspection:
		return func(int) load.Maker { return w.introspector() }
	case issue:
		return w.issuer
	case refresh:
		return w.refresher
	default:
		return func(i int) load.Maker { return w.revoker(i, from) }
	}
}

func (w *work) post(path, form string) []byte { return load.Post(path, w.addr, w.basic, form) }

func (w *work) introspector() load.Maker {
	return load.Maker{
		Next: func() ([]byte, bool) {
			return w.post(w.paths.Introspection, hintForm+url.QueryEscape(w.access[rand.IntN(len(w.access))])), true
		},
		Took: func(body []byte) error {
			if !isTrue(body, "active") {
				return errors.New("a live token was not called active")
			}
			return nil
		},
	}
}

func (w *work) issuer(i int) load.Maker {
	request := w.post(w.paths.Token, issueForm)
	return load.Maker{
		Next: func() ([]byte, bool) { return request, true },
		Took: func(body []byte) error {
			value, ok := member(body, "access_token")
			if !ok {
				return errors.New("an answer holds no access token")
			}
			w.issued[i] = append(w.issued[i], string(value))
			return nil
		},
	}
}

// refresher takes grants at random, of which each connection has its own, and
// presents the current token of each.
func (w *work) refresher(i int) load.Maker {
	n := 0
	return load.Maker{
		Next: func() ([]byte, bool) {
			n = rand.IntN(len(w.refresh)/w.connections)*w.connections + i
			return w.post(w.paths.Token, refreshForm+url.QueryEscape(w.refresh[n])), true
		},
		Took: func(body []byte) error {
			value, ok := member(body, "refresh_token")
			if _, also := member(body, "access_token"); !ok || !also {
				return errors.New("an answer does not hold both tokens")
			}
			if string(value) == w.refresh[n] {
				return errors.New("the refresh token was not replaced")
			}
			w.refresh[n] = string(value)
			return nil
		},
	}
}

func (w *work) revoker(i int, from []string) load.Maker {
	n := i - w.connections
	return load.Maker{
		Next: func() ([]byte, bool) {
			if n += w.connections; n >= len(from) {
				return nil, false
			}
			return w.post(w.paths.Revocation, hintForm+url.QueryEscape(from[n])), true
		},
		Took: func([]byte) error {
			w.revoked[i] = append(w.revoked[i], from[n])
			return nil
		},
	}
}

// member is a string member's value in a JSON object, which needs no unescaping
// for what tokens are made of; ok is false where it is not there or empty.
func member(body []byte, name string) (value []byte, ok bool) {
	rest, ok := after(body, name)
	if !ok || len(rest) == 0 || rest[0] != '"' {
		return nil, false
	}
	value, _, ok = bytes.Cut(rest[1:], []byte{'"'})
	return value, ok && len(value) > 0 && !bytes.ContainsRune(value, '\\')
}

// isTrue tells whether a member is there and true.
func isTrue(body []byte, name string) bool {
	rest, ok := after(body, name)
	return ok && bytes.HasPrefix(rest, []byte("true"))
}

func after(body []byte, name string) ([]byte, bool) {
	_, rest, ok := bytes.Cut(body, []byte(`"`+name+`"`))
	if !ok {
		return nil, false
	}
	rest, ok = bytes.CutPrefix(bytes.TrimLeft(rest, " \n\t"), []byte{':'})
	return bytes.TrimLeft(rest, " \n\t"), ok
}

var asker = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{Proxy: nil}}

// ask introspects one token, outside of any measurement.
func ask(ctx context.Context, t *target, paths Paths, token string) (active bool, err error) {
	body, err := send(ctx, t, paths.Introspection, hintForm+url.QueryEscape(token))
	return isTrue(body, "active"), err
}

// fetch gets one access token by client_credentials.
func fetch(ctx context.Context, t *target, paths Paths) (string, error) {
	body, err := send(ctx, t, paths.Token, issueForm)
	value, ok := member(body, "access_token")
	if err == nil && !ok {
		err = errors.New("an answer holds no access token")
	}
	return string(value), err
}

func send(ctx context.Context, t *target, path, form string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+t.addr+path, strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Basic "+t.basic)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := asker.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(http.MaxBytesReader(nil, answer.Body, 1<<20)); err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, errors.New("it answered " + answer.Status)
	}
	return body.Bytes(), nil
}
