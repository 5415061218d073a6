package plant

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../../.."

// TestEveryFaultHasItsPlace: the text that it replaces stands exactly once, and
// is changed.
func TestEveryFaultHasItsPlace(t *testing.T) {
	seen := map[string]bool{}
	on := map[string]int{}
	for _, f := range Faults {
		changed, err := Apply(root, f.Name)
		if err != nil {
			t.Error(err)
		}
		if len(changed) == 0 || seen[f.Name] || f.What == "" || len(f.Store) == 0 {
			t.Errorf("%s: a fault changes something, has a name of its own, says what it is and where it shows", f.Name)
		}
		for file, text := range changed {
			if was, err := os.ReadFile(filepath.Join(root, file)); err != nil || bytes.Equal(was, text) {
				t.Errorf("%s: %s stays as it is, %v", f.Name, file, err)
			}
		}
		seen[f.Name] = true
		for _, store := range f.Store {
			on[strings.TrimSuffix(strings.TrimSuffix(f.Name, "-sqlite"), "-dynamodb")+" "+store]++
		}
	}
	for _, must := range []string{"stale-read", "lost-condition", "lowered-epoch", "code-good-twice"} {
		for _, store := range []string{sqlite, dynamo} {
			if on[must+" "+store] != 1 {
				t.Errorf("%s is planted %d times for %s", must, on[must+" "+store], store)
			}
		}
	}
}

// TestAPlaceMustStandOnce, or the fault is not the one that was meant.
func TestAPlaceMustStandOnce(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.go"), []byte("one two two"), 0o600); err != nil {
		t.Fatal(err)
	}
	for find, good := range map[string]bool{"one": true, "two": false, "three": false} {
		changed, err := Fault{Name: "f", Edits: []Edit{{"a.go", find, "x"}}}.apply(dir)
		if (err == nil) != good || good && string(changed["a.go"]) != "x two two" {
			t.Errorf("%s: %q, %v", find, changed["a.go"], err)
		}
	}
	if _, err := Apply(dir, "no such"); err == nil || !slices.Contains(Names(), "stale-read") {
		t.Error("an unknown fault is planted")
	}
}
