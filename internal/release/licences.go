package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// licenceFiles are named so, by habit, in a module's root.
var licenceFiles = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|copyright|patents)([.-].*)?$`)

// writeLicences writes the licences of all that is linked into the programs:
// Go itself and the modules, as those ask for.
func (r *release) writeLicences(ctx context.Context) error {
	dirs, err := r.moduleFolders(ctx)
	if err != nil {
		return err
	}
	modules := r.modules()
	var b strings.Builder
	fmt.Fprintf(&b, "The licences of what is linked into the programs of rescind %s.\nIts own is in LICENSE.\n", r.version)
	if err := appendLicences(&b, "Go "+runtime.Version(), dirs["std"]); err != nil {
		return err
	}
	for _, m := range modules {
		if err := appendLicences(&b, m.Path+" "+m.Version, dirs[m.Path]); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(r.dir, licencesName), []byte(b.String()), 0o644)
}

func appendLicences(b *strings.Builder, name, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("looking for the licence of %s: %w", name, err)
	}
	found := false
	for _, entry := range entries {
		if entry.IsDir() || !licenceFiles.MatchString(entry.Name()) || strings.HasSuffix(entry.Name(), ".go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return err
		}
		found = true
		fmt.Fprintf(b, "\n%[1]s\n%[2]s, %[3]s\n%[1]s\n\n%[4]s\n", strings.Repeat("-", 80), name, entry.Name(), strings.TrimSpace(string(text)))
	}
	if !found {
		return fmt.Errorf("%s has no licence that could be found: see the name of its file, and tell licenceFiles", name)
	}
	return nil
}

// moduleFolders are where the modules lie, and the Go distribution as std.
func (r *release) moduleFolders(ctx context.Context) (map[string]string, error) {
	paths := make([]string, 0, 64)
	for _, m := range r.modules() {
		paths = append(paths, m.Path)
	}
	dirs := map[string]string{}
	text, err := r.goSays(ctx, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	dirs["std"] = strings.TrimSpace(text)
	if text, err = r.goSays(ctx, append([]string{"list", "-m", "-f", "{{.Path}}\t{{.Dir}}"}, paths...)...); err != nil {
		return nil, err
	}
	for line := range strings.Lines(text) {
		path, dir, _ := strings.Cut(strings.TrimSpace(line), "\t")
		dirs[path] = dir
	}
	return dirs, nil
}

func (r *release) goSays(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stderr = r.root, os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w", args[0], err)
	}
	return string(text), nil
}

// module is a dependency that some program holds.
type module struct{ Path, Version, Sum string }

// modules are those of all programs, sorted by path.
func (r *release) modules() []module {
	var all []module
	for _, p := range r.programs {
		for _, m := range modulesOf(p) {
			if !slices.Contains(all, m) {
				all = append(all, m)
			}
		}
	}
	slices.SortFunc(all, func(a, b module) int { return strings.Compare(a.Path+"@"+a.Version, b.Path+"@"+b.Version) })
	return all
}

func modulesOf(p program) []module {
	var all []module
	for _, d := range p.info.Deps {
		if d.Replace != nil {
			d = d.Replace
		}
		all = append(all, module{d.Path, d.Version, d.Sum})
	}
	return all
}
