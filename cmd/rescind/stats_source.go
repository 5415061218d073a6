package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"rescind/cmd/rescind/census"
	"rescind/shared/audit/trail"
)

// notKnown is why nothing is known of the last hours, and what to do.
type notKnown string

func (u notKnown) Error() string { return string(u) }

// trailSource gives what happened since then. Where it knows nothing its error
// is a notKnown.
type trailSource interface {
	name() string
	summary(ctx context.Context, since, now time.Time) (trail.Summary, error)
	// changes gives the newest changes that the last summary's lines had, and
	// how many there were.
	changes(since time.Time) ([]change, int)
}

func (a *app) trailSource(ctx context.Context, f statsFlags, l location) trailSource {
	since := a.rules.Now().Add(-time.Duration(f.hours-1) * time.Hour)
	path := f.trail
	if path == "" {
		path = a.trailPath()
	}
	switch {
	case path == "-":
		return readStdin(ctx, a.stdin, since, f.watch)
	case path != "" && path != "off":
		return &fileTrail{path, trail.NewReader(path, since), changeReader{path: path}}
	case l.isFile():
		return noTrail("the audit trail is switched off, so nothing is known of the last hours; start the server with --audit-trail FILE, and name that with --trail")
	}
	return noTrail("a DynamoDB store has no audit trail on this machine; give the functions' logs: aws logs tail GROUP --since 24h | rescind stats --trail -")
}

type noTrail string

func (noTrail) name() string { return "" }
func (n noTrail) summary(context.Context, time.Time, time.Time) (trail.Summary, error) {
	return trail.Summary{}, notKnown(n)
}
func (noTrail) changes(time.Time) ([]change, int) { return nil, 0 }

type fileTrail struct {
	path    string
	reader  *trail.Reader
	clients changeReader
}

func (t *fileTrail) name() string { return t.path }

func (t *fileTrail) summary(ctx context.Context, since, now time.Time) (trail.Summary, error) {
	s, err := t.reader.Summary(ctx, since, now)
	if err == nil {
		err = t.clients.read(ctx)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return s, notKnown(fmt.Sprintf("there is no audit trail %s, so nothing is known of the last hours; `rescind serve` makes one with its first event, unless --audit-trail says otherwise", t.path))
	}
	if err != nil {
		return s, fmt.Errorf("reading the audit trail: %w", err)
	}
	return s, nil
}

func (t *fileTrail) changes(since time.Time) ([]change, int) { return t.clients.log.since(since) }

// stdinTrail counts lines as they come.
type stdinTrail struct {
	mu    sync.Mutex
	c     *trail.Collector
	log   changeLog
	err   error
	ended chan struct{}
	waits bool // for the end of the lines
}

func readStdin(ctx context.Context, stdin io.Reader, since time.Time, watched bool) *stdinTrail {
	t := &stdinTrail{c: trail.NewCollector(since), ended: make(chan struct{}), waits: !watched}
	go func() {
		defer close(t.ended)
		err := trail.Lines(ctx, stdin, func(line []byte) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.c.Add(line)
			t.log.add(line)
		})
		t.mu.Lock()
		defer t.mu.Unlock()
		t.err = err
	}()
	return t
}

func (*stdinTrail) name() string { return "standard input" }

func (t *stdinTrail) summary(ctx context.Context, since, now time.Time) (trail.Summary, error) {
	if t.waits {
		select {
		case <-t.ended:
		case <-ctx.Done():
			return trail.Summary{}, ctx.Err()
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return trail.Summary{}, fmt.Errorf("reading the audit trail from standard input: %w", t.err)
	}
	t.c.Forget(since)
	return t.c.Summary(now), nil
}

func (t *stdinTrail) changes(since time.Time) ([]change, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.log.since(since)
}

// counter counts the grants, for a watch in the background. Counting takes a
// tenth of the time at most.
type counter struct {
	store census.Store
	now   func() time.Time
	least time.Duration // between two counts

	mu      sync.Mutex
	view    *grantsView
	reading int
	err     error
	cancel  context.CancelFunc
	ended   chan struct{}
}

const restFactor = 10

// once counts and gives why it could not.
func (c *counter) once(ctx context.Context) error {
	began := time.Now()
	count, err := census.Take(ctx, c.store, c.now(), func(n int) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.reading = n
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && ctx.Err() != nil {
		return err // it was told to stop: the last count that came to its end stands
	}
	if c.err = err; err == nil {
		c.view = viewOf(count, c.now(), time.Since(began))
	}
	return err
}

// start counts again and again until stop.
func (c *counter) start(ctx context.Context) {
	ctx, c.cancel = context.WithCancel(ctx)
	c.ended = make(chan struct{})
	go func() {
		defer close(c.ended)
		for ctx.Err() == nil {
			began := time.Now()
			_ = c.once(ctx) // the next view says it
			select {
			case <-time.After(max(c.least, restFactor*time.Since(began))):
			case <-ctx.Done():
			}
		}
	}()
}

// stop ends the counting: the store is closed next.
func (c *counter) stop() {
	if c.cancel != nil {
		c.cancel()
		<-c.ended
	}
}

// latest is the last count, nil where there is none yet; how far the count
// under way is; and why the last one failed.
func (c *counter) latest() (*grantsView, int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.view, c.reading, c.err
}
