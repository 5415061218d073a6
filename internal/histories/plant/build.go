package plant

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Edit replaces Find, which stands once in File, by Replace.
type Edit struct{ File, Find, Replace string }

// Fault is one that can be planted.
type Fault struct {
	Name  string
	What  string   // one line for people
	Store []string // the stores on which a history must show it
	Among []string // the profiles that can show it; nil: all
	Edits []Edit
}

// Names are the names of all faults.
func Names() []string {
	var all []string
	for _, f := range Faults {
		all = append(all, f.Name)
	}
	return all
}

// Build builds the command of the sources in root to out, with the named fault
// in it; without one for the empty name.
func Build(ctx context.Context, root, out, name string) error {
	args := []string{"build", "-trimpath", "-o", out}
	if name != "" {
		overlay, clean, err := overlay(root, name)
		if err != nil {
			return err
		}
		defer clean()
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./cmd/rescind")...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the command %s: %w\n%s", name, err, bytes.TrimSpace(said))
	}
	return nil
}

// Apply gives the changed files of the named fault by their paths below root.
func Apply(root, name string) (map[string][]byte, error) {
	for _, f := range Faults {
		if f.Name == name {
			return f.apply(root)
		}
	}
	return nil, fmt.Errorf("there is no fault %q; there are %s", name, strings.Join(Names(), ", "))
}

func (f Fault) apply(root string) (map[string][]byte, error) {
	changed := map[string][]byte{}
	for _, e := range f.Edits {
		text, ok := changed[e.File]
		if !ok {
			var err error
			if text, err = os.ReadFile(filepath.Join(root, filepath.FromSlash(e.File))); err != nil {
				return nil, err
			}
		}
		if n := bytes.Count(text, []byte(e.Find)); n != 1 {
			return nil, fmt.Errorf("%s: its place stands %d times in %s, not once", f.Name, n, e.File)
		}
		changed[e.File] = bytes.Replace(text, []byte(e.Find), []byte(e.Replace), 1)
	}
	return changed, nil
}

// overlay writes the changed files and the list of them that go build takes.
func overlay(root, name string) (path string, clean func(), err error) {
	changed, err := Apply(root, name)
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "rescind-plant-")
	if err != nil {
		return "", nil, err
	}
	clean = func() { _ = os.RemoveAll(dir) }
	defer func() {
		if err != nil {
			clean()
		}
	}()
	root, err = filepath.Abs(root)
	if err != nil {
		return "", nil, err
	}
	replace := map[string]string{}
	for file, text := range changed {
		to := filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
		if err := os.WriteFile(to, text, 0o600); err != nil {
			return "", nil, err
		}
		replace[filepath.Join(root, filepath.FromSlash(file))] = to
	}
	body, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", nil, err
	}
	path = filepath.Join(dir, "overlay.json")
	return path, clean, os.WriteFile(path, body, 0o600)
}
