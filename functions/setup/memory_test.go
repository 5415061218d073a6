package setup

import (
	"runtime/debug"
	"testing"
)

func TestTheCollectorKeepsWithinTheFunctionsMemory(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	const want = 256 << 20 * 8 / 10
	for _, megabytes := range []string{"256", "", "none", "-1", "0"} {
		limitMemory(megabytes) // what is no number leaves the limit as it is
		if got := debug.SetMemoryLimit(-1); got != want {
			t.Errorf("after %q the limit is %d bytes, not %d", megabytes, got, want)
		}
	}
}
