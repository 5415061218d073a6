package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestWatchDrawsInPlaceAndGivesTheTerminalBack(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	keyboard, tty, shown := terminal(t)
	if err := unix.IoctlSetWinsize(int(keyboard.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, w.args([]string{"stats", "--watch", "--every", "100ms"}), tty, tty, &screen{}, noEnvironment)
	}()
	await(t, shown, "Grants alive: 0")
	w.ok("grant", "create", "--client", "phone", "--subject", "alice")
	await(t, shown, "Grants alive: 1")
	cancel() // Ctrl-C
	select {
	case status := <-ended:
		if status != exitOK {
			t.Errorf("status %d", status)
		}
	case <-time.After(startLimit):
		t.Fatal("it did not end")
	}
	await(t, shown, leaveScreen)
	text := shown.String()
	if strings.Count(text, enterScreen) != 1 || !strings.HasSuffix(text, leaveScreen) || strings.Count(text, toTop) < 2 {
		t.Errorf("%q", text)
	}
	for _, frame := range strings.Split(text, toTop)[1:] {
		lines := strings.Split(frame, "\r\n")
		if len(lines) > 24 {
			t.Errorf("%d lines in a window of 24", len(lines))
		}
	}
}
