package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"golang.org/x/term"
)

// What a terminal understands (ECMA-48, and xterm's private modes).
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[2J" // the other screen, without a cursor
	leaveScreen = "\x1b[?25h\x1b[?1049l"
	toTop       = "\x1b[H"
	clearLine   = "\x1b[K"
	clearBelow  = "\x1b[J"
)

// watch shows a view each interval until ctx ends, which is no failure.
func (a *app) watch(ctx context.Context, s *statistics) (err error) {
	show := a.showLine
	if a.asJSON {
		show = a.showJSON
	} else if isTerminal(a.stdout) {
		a.log = slog.New(slog.DiscardHandler) // lines would fall into the picture
		if _, err := io.WriteString(a.stdout, enterScreen); err != nil {
			return fmt.Errorf("writing the view: %w", err)
		}
		defer func() { _, _ = io.WriteString(a.stdout, leaveScreen) }()
		show = a.showScreen
	}
	if s.grants != nil {
		s.grants.start(ctx)
	}
	tick := time.NewTicker(s.f.every)
	defer tick.Stop()
	s.firstCount(ctx)
	for {
		v, err := s.view(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if err := show(v); err != nil {
			return fmt.Errorf("writing the view: %w", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// firstCount gives the first count of the grants a moment, so that a small
// store has its number in the first view.
func (s *statistics) firstCount(ctx context.Context) {
	if s.grants == nil {
		return
	}
	for end := time.Now().Add(min(s.f.every, 200*time.Millisecond)); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
		if view, _, err := s.grants.latest(); view != nil || err != nil {
			return
		}
	}
}

func (a *app) showJSON(v statsView) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(append(body, '\n'))
	return err
}

// showLine is the view where nothing can be drawn: what this hour had.
func (a *app) showLine(v statsView) error {
	alive, hour := "unknown", "the last hours are unknown"
	if v.Grants != nil {
		alive = thousands(v.Grants.Alive)
	}
	if v.Trail != nil {
		h := v.Trail.Hours[len(v.Trail.Hours)-1]
		hour = fmt.Sprintf("since %s issued %d, refreshed %d, reused %d, revoked %d, refused %d, outages %d", h.Start.Format("15:04"),
			h.Issues, h.Refreshes+h.Replays, h.Reuse, h.Revocations, h.Refusals, h.Outages)
	}
	_, err := fmt.Fprintf(a.stdout, "%s alive %s; %s\n", v.Time.Format("2006-01-02T15:04:05Z"), alive, hour)
	return err
}

// showScreen draws over the last view, in one write and without clearing
// first, so that nothing flickers.
func (a *app) showScreen(v statsView) error {
	width, height := 80, 24
	if f, ok := a.stdout.(*os.File); ok {
		if w, h, err := term.GetSize(int(f.Fd())); err == nil && w > 0 && h > 0 {
			width, height = w, h
		}
	}
	lines := v.lines(width, max(1, height-1))
	var b bytes.Buffer
	b.WriteString(toTop)
	for _, line := range lines {
		b.WriteString(line + clearLine + "\r\n")
	}
	b.WriteString(fit("Ctrl-C ends this.", width) + clearLine + clearBelow)
	_, err := a.stdout.Write(b.Bytes())
	return err
}
