package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal opens a pseudo-terminal: what is typed into keyboard arrives at
// tty, and what the command writes to tty appears on the screen.
func terminal(t *testing.T) (keyboard, tty *os.File, shown *screen) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	fd := int(keyboard.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	shown = &screen{}
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := keyboard.Read(b)
			if err != nil {
				return // the terminal was closed
			}
			_, _ = shown.Write(b[:n])
		}
	}()
	t.Cleanup(func() { _, _ = tty.Close(), keyboard.Close() })
	return keyboard, tty, shown
}

// await waits until the screen shows something.
func await(t *testing.T, shown *screen, want string) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !strings.Contains(shown.String(), want); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%q is not shown:\n%s", want, shown.String())
		}
	}
}

// settle waits until the screen shows all that was written to the terminal: its
// reader is another goroutine.
func settle(t *testing.T, tty *os.File, shown *screen) {
	t.Helper()
	const mark = "<that was all>"
	if _, err := tty.WriteString(mark); err != nil {
		t.Fatal(err)
	}
	await(t, shown, mark)
}

// typed runs a command at a terminal, types an answer when the question
// appears, and gives status, stdout and what the terminal showed.
func typed(t *testing.T, w *world, question, answer string, args ...string) (int, string, string) {
	t.Helper()
	keyboard, tty, shown := terminal(t)
	var stdout screen
	ended := make(chan int, 1)
	go func() { ended <- Run(t.Context(), w.args(args), tty, &stdout, tty, noEnvironment) }()
	await(t, shown, question)
	if _, err := keyboard.WriteString(answer + "\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case status := <-ended:
		settle(t, tty, shown)
		return status, stdout.String(), shown.String()
	case <-time.After(startLimit):
		t.Fatal("the command did not end")
		return 0, "", ""
	}
}

func TestTokenTypedAtATerminalIsNotShown(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	value := text(t, w.mint(), "access_token")
	status, stdout, shown := typed(t, w, "Token (not shown): ", value, "revoke", "--token", "-")
	if status != exitOK {
		t.Fatalf("exit status %d: %s", status, shown)
	}
	expect(t, stdout, "has ended")
	expect(t, shown, "audit action=revoke outcome=ok") // the readable form
	if strings.Contains(shown, ours) {
		t.Error("the terminal showed the token")
	}
}

func TestPasswordsTypedAtATerminalAreAskedForTwiceAndNotShown(t *testing.T) {
	for _, c := range []struct {
		second, sentence string
		status           int
	}{{annPassword, "has a new password", exitOK}, {"something else", "the two passwords differ", exitUsage}} {
		w := newWorld(t)
		w.ok("user", "create", annEmail, "--generate")
		keyboard, tty, shown := terminal(t)
		var stdout screen
		ended := make(chan int, 1)
		go func() {
			ended <- Run(t.Context(), w.args([]string{"user", "set-password", annEmail}), tty, &stdout, tty, noEnvironment)
		}()
		for _, step := range [][2]string{{"New password (not shown): ", annPassword}, {"The same again: ", c.second}} {
			await(t, shown, step[0])
			if _, err := keyboard.WriteString(step[1] + "\n"); err != nil {
				t.Fatal(err)
			}
		}
		select {
		case status := <-ended:
			if status != c.status || w.signsIn(annEmail, annPassword) != (c.status == exitOK) {
				t.Errorf("exit status %d: %s", status, shown.String())
			}
		case <-time.After(startLimit):
			t.Fatal("the command did not end")
		}
		settle(t, tty, shown)
		expect(t, stdout.String()+shown.String(), c.sentence)
		if strings.Contains(shown.String(), annPassword) || strings.Contains(stdout.String(), annPassword) {
			t.Error("the terminal showed the password")
		}
	}
}

func TestRestoreAcceptAsksAtATerminal(t *testing.T) {
	w := newWorld(t)
	for answer, want := range map[string]int{"yes": exitOK, "no": exitFailed, "": exitFailed} {
		status, stdout, shown := typed(t, w, "Type yes to go on:", answer, "restore", "accept")
		if status != want {
			t.Errorf("%q: exit status %d: %s", answer, status, shown)
		}
		if (stdout == "") == (want == exitOK) {
			t.Errorf("%q: %q", answer, stdout)
		}
	}
}

func TestLogIsReadableOnATerminalAndJSONWhenAskedFor(t *testing.T) {
	for _, asJSON := range []bool{false, true} {
		_, tty, shown := terminal(t)
		w := &world{t, "sqlite:" + filepath.Join(privateDir(t), "t.db")}
		w.ok("store", "create")
		args := w.args([]string{"client", "create", "--name", "n"})
		want := "audit action=client"
		if asJSON {
			args, want = append(args, "--json"), `"msg":"audit"`
		}
		if status := Run(t.Context(), args, strings.NewReader(""), &screen{}, tty, noEnvironment); status != exitOK {
			t.Errorf("exit status %d", status)
		}
		await(t, shown, want)
	}
}
