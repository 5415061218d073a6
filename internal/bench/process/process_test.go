package process

import (
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"
)

func onLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc but on Linux")
	}
}

func TestOneCountsWhatIsOpened(t *testing.T) {
	onLinux(t)
	before, err := One(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	const opened = 25
	for range opened {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
	}
	held := make([]byte, 64<<20)
	for i := 0; i < len(held); i += 4096 {
		held[i] = 1
	}
	after, err := One(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	runtime.KeepAlive(held)
	if d := after.Descriptors - before.Descriptors; d < opened || d > opened+3 {
		t.Errorf("%d descriptors more, after %d were opened", d, opened)
	}
	if d := after.Resident - before.Resident; d < 48<<20 {
		t.Errorf("%d bytes more, after 64 MiB were written", d)
	}
	if after.Processes != 1 || after.Threads < 1 || after.Peak < after.Resident {
		t.Errorf("%+v", after)
	}
}

func TestTreeCountsChildren(t *testing.T) {
	onLinux(t)
	cmd := exec.Command("sh", "-c", "sleep 30 & sleep 30 & wait")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pids := []int{}
	t.Cleanup(func() {
		for _, pid := range pids {
			if p, err := os.FindProcess(pid); err == nil {
				_ = p.Kill()
			}
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	var s Sample
	for deadline := time.Now().Add(10 * time.Second); s.Processes != 3 && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var err error
		if s, err = Tree(cmd.Process.Pid); err != nil {
			t.Fatal(err)
		}
		pids = descendants(cmd.Process.Pid)
	}
	if s.Processes != 3 || s.Resident == 0 {
		t.Errorf("%+v", s)
	}
	if n, err := Proportional(cmd.Process.Pid); err != nil || n <= 0 || n > s.Peak*2 {
		t.Errorf("%d bytes, error %v", n, err)
	}
}

func TestAProcessThatIsGoneIsAnError(t *testing.T) {
	onLinux(t)
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if s, err := Tree(cmd.Process.Pid); err == nil {
		t.Errorf("%+v of a process that has ended", s)
	}
}
