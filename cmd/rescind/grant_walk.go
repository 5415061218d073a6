package main

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// everyPage reads a list to its end. read gives up to limit rows that come
// after the one that place names, the zero place for the first.
func everyPage[T, P any](ctx context.Context, limit int, read func(ctx context.Context, after P, limit int) ([]T, error), place func(T) P, each func([]T) error) error {
	var after P
	for {
		page, err := read(ctx, after, limit)
		if err != nil {
			return err
		}
		if err := each(page); err != nil {
			return err
		}
		if len(page) < limit {
			return nil
		}
		after = place(page[len(page)-1])
	}
}

// progressEvery is how often something that takes long says how far it is.
const progressEvery = 2 * time.Second

// every gives a function that says how far something is, in a line on standard
// error with the number in place of %s, now and then. It may be called from
// many goroutines.
func (a *app) every(line string) func(n int) {
	var mu sync.Mutex
	last := a.rules.Now()
	return func(n int) {
		mu.Lock()
		defer mu.Unlock()
		if now := a.rules.Now(); now.Sub(last) >= progressEvery {
			last = now
			a.log.Info(fmt.Sprintf(line, grouped(n)))
		}
	}
}

// readsAll says that a whole table is read, and gives what says how far that is.
func (a *app) readsAll(why string) func(n int) {
	a.log.Info("reading the whole table of grants: " + why)
	return a.every("read %s grants so far")
}

// grouped is a number for people: 12,000.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// counted is a number of things: "1 grant", "2 grants".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return grouped(n) + " " + what + "s"
}

func wasWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}
