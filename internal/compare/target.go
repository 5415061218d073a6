package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// contender is one row: a server that can be started.
type contender struct {
	row   Row
	paths Paths
	open  func(ctx context.Context, s site) (*target, error)
	skip  map[string]string // operations it does not offer, and why
}

// site is what every contender is given.
type site struct {
	dir    string // its own, empty
	grants int
}

// target is a running server, filled, with what a load needs to know of it.
type target struct {
	addr            string
	basic           string // the client's credentials, base64
	access, refresh []string
	pid             int
	stop            func() error
}

// readTokens reads the file that a driver's seed wrote: an access token and a
// refresh token in each line.
func readTokens(path string, want int) (access, refresh []string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("the seed wrote no tokens: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		a, r, ok := strings.Cut(lines.Text(), " ")
		if !ok || a == "" || r == "" {
			return nil, nil, errors.New("a line of the seed's tokens does not hold two")
		}
		access, refresh = append(access, a), append(refresh, r)
	}
	if err := lines.Err(); err != nil {
		return nil, nil, err
	}
	if len(access) != want {
		return nil, nil, fmt.Errorf("the seed made %d grants of %d", len(access), want)
	}
	return access, refresh, nil
}
