package endpoint_test

import (
	"bytes"
	"fmt"
	"log"
	"log/slog"
	"os"
	"sync"
	"testing"

	"rescind/internal/testkit/engine"
)

// logs is where every log of this package's tests goes: access, audit, outages,
// what net/http complains of, and whatever uses the default loggers.
var logs collector

// TestMain ends the run with a look through all that was logged.
func TestMain(m *testing.M) {
	slog.SetDefault(logs.logger())
	log.SetOutput(&logs)
	code := engine.Main(m)
	if leaks := logs.leaks(); len(leaks) > 0 {
		fmt.Printf("--- FAIL: tokens, secrets or digests in the log\n%s\n", bytes.Join(leaks, []byte("\n")))
		code = 1
	} else if n := made.count(); testing.Verbose() {
		fmt.Printf("log hygiene: %d bytes of log hold none of %d tokens, secrets and digests\n", logs.size(), n)
	}
	os.Exit(code)
}

// collector keeps everything that is written to it.
type collector struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (c *collector) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all.Write(p)
}

func (c *collector) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(c, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (c *collector) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all.Len()
}

// leaks are the lines that hold what must not be seen.
func (c *collector) leaks() [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found [][]byte
	for line := range bytes.Lines(c.all.Bytes()) {
		if name := made.in(line); name != "" {
			found = append(found, fmt.Appendf(nil, "%s in: %s", name, line))
		}
	}
	return found
}

// since gives what was logged after the first n bytes.
func (c *collector) since(n int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.all.Bytes()[n:])
}

// cut forgets what was logged, once it has been looked through: a fuzzer's
// millions of lines are not kept.
func (c *collector) cut(t testing.TB) {
	t.Helper()
	for _, leak := range c.leaks() {
		t.Errorf("%s", leak)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all.Reset()
}
