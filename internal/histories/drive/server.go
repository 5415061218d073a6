package drive

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"
)

// startLimit is for a server to say where it listens.
const startLimit = 20 * time.Second

// server is one process of `rescind serve`.
type server struct {
	cmd  *exec.Cmd
	base string // its URL
	done chan struct{}
}

// startTries is how often a server is started. One whose store does not answer at
// that moment ends with an error, and is started again as a supervisor would.
const startTries = 4

func startServer(binary, store string, env []string, logs string) (s *server, err error) {
	for range startTries {
		if s, err = startOnce(binary, store, env, logs); err == nil {
			return s, nil
		}
	}
	said, _ := os.ReadFile(logs) // its folder goes with the run
	return nil, fmt.Errorf("starting a server, %d times: %w; its last words: %s", startTries, err, lastLine(string(said)))
}

func startOnce(binary, store string, env []string, logs string) (*server, error) {
	stderr, err := os.OpenFile(logs, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = stderr.Close() }()
	s := &server{cmd: exec.Command(binary, "serve", "--json", "--addr", "127.0.0.1:0", "--store", store), done: make(chan struct{})}
	s.cmd.Env, s.cmd.Stderr = env, stderr
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line := make(chan []byte, 1)
	var once sync.Once
	go func() {
		scanner := bufio.NewScanner(stdout)
		for scanner.Scan() {
			once.Do(func() { line <- append([]byte(nil), scanner.Bytes()...) })
		}
		_ = s.cmd.Wait()
		close(s.done)
	}()
	var banner struct {
		Addresses []string `json:"addresses"`
	}
	select {
	case b := <-line:
		err = json.Unmarshal(b, &banner)
	case <-s.done:
		err = errors.New("it ended at once")
	case <-time.After(startLimit):
		err = errors.New("it did not say where it listens")
	}
	if err == nil && len(banner.Addresses) == 0 {
		err = errors.New("it names no address")
	}
	if err != nil {
		s.kill()
		return nil, err
	}
	s.base = "http://" + banner.Addresses[0]
	return s, nil
}

// kill is SIGKILL: nothing of the process runs after it.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}
