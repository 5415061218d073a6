package main

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"rescind/internal/artifact"
)

// system is one that the operator's command runs on.
type system struct{ goos, goarch string }

func (s system) String() string { return s.goos + "/" + s.goarch }

var (
	everyProcessor = artifact.Processors
	everySystem    = []system{
		{"darwin", "amd64"}, {"darwin", "arm64"}, {"linux", "amd64"}, {"linux", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"},
	}
)

const (
	sumsName     = "SHA256SUMS"
	licencesName = "LICENSES.txt"
)

// release is one that is being made.
type release struct {
	root, dir, version string
	processors         []string
	systems            []system
	progress           io.Writer

	// programs are those that were built, by the path of their zip file.
	programs []program
}

// program is one in its zip file.
type program struct {
	path string // of the zip file in the release, with slashes
	name string // what it is
	info *buildinfo.BuildInfo
}

// make fills the folder and lists its files, sorted by path.
func (r *release) make(ctx context.Context) ([]listed, error) {
	r.programs = nil
	if err := clear(r.dir); err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp("", "release")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	if err := r.build(ctx, work); err != nil {
		return nil, err
	}
	files, err := sums(r.dir)
	if err != nil {
		return nil, err
	}
	if err := r.writeBill(files); err != nil {
		return nil, err
	}
	if files, err = sums(r.dir); err != nil {
		return nil, err
	}
	return files, writeSums(filepath.Join(r.dir, sumsName), files)
}

// build makes all but the bill of materials and the sums, which tell of it. The
// licences come with the zip files, so the programs come first.
func (r *release) build(ctx context.Context, work string) error {
	zips := []func() error{}
	for _, processor := range r.processors {
		z, err := r.functions(ctx, processor, filepath.Join(work, processor))
		if err != nil {
			return err
		}
		zips = append(zips, z)
	}
	for _, s := range r.systems {
		z, err := r.command(ctx, s, work)
		if err != nil {
			return err
		}
		zips = append(zips, z)
	}
	if err := r.writeLicences(ctx); err != nil {
		return err
	}
	for _, zip := range zips {
		if err := zip(); err != nil {
			return err
		}
	}
	return nil
}

// functions builds the folder for a processor, and gives what makes one zip
// file of it.
func (r *release) functions(ctx context.Context, processor, work string) (zip func() error, err error) {
	names, err := artifact.Functions()
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(r.dir, processor)
	var files []string
	for _, name := range names {
		err := r.step("functions/"+name+" for "+processor, func() error {
			bootstrap, err := artifact.Function(ctx, name, processor, filepath.Join(work, name))
			if err != nil {
				return err
			}
			files = append(files, filepath.Join(folder, name+".zip"))
			if _, err := artifact.Zip(bootstrap, files[len(files)-1]); err != nil {
				return err
			}
			return r.remember(bootstrap, processor+"/"+name+".zip", "functions/"+name)
		})
		if err != nil {
			return nil, err
		}
	}
	text, err := os.ReadFile(filepath.Join(r.root, "template.yaml"))
	if err != nil {
		return nil, err
	}
	packaged, err := packageTemplate(string(text), processor, r.version, names)
	if err != nil {
		return nil, err
	}
	files = append(files, filepath.Join(folder, "template.yaml"), filepath.Join(folder, "samconfig.toml"))
	if err := os.WriteFile(filepath.Join(folder, "template.yaml"), []byte(packaged), 0o644); err != nil {
		return nil, err
	}
	if err := duplicate(filepath.Join(r.root, "samconfig.toml"), filepath.Join(folder, "samconfig.toml")); err != nil {
		return nil, err
	}
	return func() error {
		to := filepath.Join(r.dir, fmt.Sprintf("rescind-%s-lambda-%s.zip", r.version, processor))
		_, err := artifact.Pack(to, append(files, r.texts()...)...)
		return err
	}, nil
}

// command builds the operator's command for a system, and gives what zips it.
func (r *release) command(ctx context.Context, s system, work string) (zip func() error, err error) {
	file := "rescind"
	if s.goos == "windows" {
		file += ".exe"
	}
	output := filepath.Join(work, s.goos, s.goarch, file)
	name := fmt.Sprintf("rescind-%s-%s-%s.zip", r.version, s.goos, s.goarch)
	err = r.step("rescind for "+s.goos+" on "+s.goarch, func() error {
		err := artifact.Build(ctx, artifact.Program{Package: "./cmd/rescind", GOOS: s.goos, GOARCH: s.goarch, Version: r.version, Output: output})
		if err != nil {
			return err
		}
		return r.remember(output, name, "cmd/rescind")
	})
	return func() error {
		_, err := artifact.Zip(output, filepath.Join(r.dir, name), r.texts()...)
		return err
	}, err
}

// texts go with every zip file that people unpack.
func (r *release) texts() []string {
	return []string{filepath.Join(r.root, "LICENSE"), filepath.Join(r.dir, licencesName)}
}

// remember keeps what the go command left in a program.
func (r *release) remember(file, path, name string) error {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return err
	}
	r.programs = append(r.programs, program{path, name, info})
	return nil
}

// step says what is done and how long it took.
func (r *release) step(what string, do func() error) error {
	begin := time.Now()
	if err := do(); err != nil {
		return err
	}
	fmt.Fprintf(r.progress, "%6.1f s  %s\n", time.Since(begin).Seconds(), what)
	return nil
}

// clear makes the folder, empty. What is no earlier release is left alone.
func clear(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	isRelease := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == sumsName })
	if len(entries) > 0 && !isRelease {
		return fmt.Errorf("%s holds something that is no whole release: remove it, or name another folder with --output", dir)
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	// So that one that was cut off is known for what it is.
	return os.WriteFile(filepath.Join(dir, sumsName), nil, 0o644)
}

func duplicate(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}
