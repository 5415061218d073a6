package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"rescind/internal/artifact"
)

// taskBuild builds the command for this machine and each function for Lambda.
func taskBuild(ctx context.Context, root string, args []string) error {
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	arch := flags.String("arch", runtime.GOARCH, "processor of the Lambda functions: arm64 or x86_64")
	if err := parse(flags, args); err != nil {
		return err
	}
	if _, err := artifact.GOARCH(*arch); err != nil {
		return fmt.Errorf("%w (--arch)", err)
	}
	rescind := "build/rescind"
	if runtime.GOOS == "windows" {
		rescind += ".exe"
	}
	if err := artifact.Build(ctx, artifact.Program{Package: "./cmd/rescind", Output: filepath.Join(root, rescind)}); err != nil {
		return exited(err)
	}
	if err := built(root, rescind); err != nil {
		return err
	}
	functions, err := artifact.Functions()
	if err != nil {
		return err
	}
	for _, name := range functions {
		if _, err := artifact.Function(ctx, name, *arch, filepath.Join(root, "build", name)); err != nil {
			return exited(err)
		}
		if err := built(root, "build/"+name+"/bootstrap"); err != nil {
			return err
		}
	}
	return nil
}

// built shows a program's size.
func built(root, program string) error {
	info, err := os.Stat(filepath.Join(root, program))
	if err != nil {
		return err
	}
	fmt.Printf("%8.2f MB  %s\n", float64(info.Size())/1e6, program)
	return nil
}
