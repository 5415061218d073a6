package main

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"rescind/internal/integration/stack"
	"rescind/internal/samlocal/docker"
)

// emulator is where sam looks for the runtime interface emulator in an image.
const emulator = "var/rapid/aws-lambda-rie"

// imageName is the image that sam runs a function of provided.al2023 in, with the
// emulator in it. The functions are static programs, so that it needs nothing else.
func imageName() string {
	return "public.ecr.aws/lambda/provided:al2023-rapid-" + stack.Architecture()
}

// image makes the image where the engine has none of the name, from the emulator
// that comes with sam, and gives what takes it away again.
func image(ctx context.Context, engine *docker.Engine, sam string) (remove func() error, err error) {
	has, err := engine.HasImage(ctx, imageName())
	if err != nil || has {
		return func() error { return nil }, err
	}
	rie, err := shipped(ctx, sam)
	if err != nil {
		return nil, err
	}
	archive, err := archived(rie)
	if err != nil {
		return nil, err
	}
	if err := engine.Import(ctx, imageName(), bytes.NewReader(archive)); err != nil {
		return nil, err
	}
	return func() error { return engine.RemoveImage(context.WithoutCancel(ctx), imageName()) }, nil
}

// shipped reads the emulator that lies in sam's Python package.
func shipped(ctx context.Context, sam string) ([]byte, error) {
	script, err := os.ReadFile(sam)
	if err != nil {
		return nil, err
	}
	first, _, _ := strings.Cut(string(script[:min(len(script), 512)]), "\n")
	python, ok := strings.CutPrefix(first, "#!")
	if !ok {
		return nil, fmt.Errorf("%s is not a Python script: install aws-sam-cli from PyPI, as .ci/template does", sam)
	}
	out, err := exec.CommandContext(ctx, strings.TrimSpace(python), "-c", "import os, samcli; print(os.path.dirname(samcli.__file__))").Output()
	if err != nil {
		return nil, fmt.Errorf("asking %s where sam's package lies: %w", python, err)
	}
	return os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "local", "rapid", "aws-lambda-rie-"+stack.Architecture()))
}

// archived is a tar archive of the emulator and its folders.
func archived(program []byte) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, folder := range []string{"var/", "var/rapid/", "var/task/", "tmp/"} {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: folder, Mode: 0o777}); err != nil {
			return nil, err
		}
	}
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: emulator, Mode: 0o755, Size: int64(len(program))}); err != nil {
		return nil, err
	}
	if _, err := w.Write(program); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil { // which writes the end
		return nil, err
	}
	return b.Bytes(), nil
}
