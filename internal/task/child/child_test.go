package child

import (
	"bytes"
	"strings"
	"testing"
)

// The task's count is taken out of its report, and all else handed on.
func TestRead(t *testing.T) {
	var out bytes.Buffer
	c, counted := read(strings.NewReader("ok  \trescind/x\t1s\n--- FAIL: TestY\n12 passed, 3 failed, 4 skipped\nDynamoDB: run on x\nexit status 1"), &out)
	if c != (Count{12, 3, 4}) || !counted {
		t.Errorf("%+v, %t", c, counted)
	}
	if out.String() != "ok  \trescind/x\t1s\n--- FAIL: TestY\nexit status 1" {
		t.Errorf("handed on: %q", out.String())
	}
	if _, counted := read(strings.NewReader("no tests\n"), &out); counted {
		t.Error("a report without a count is one")
	}
}
