package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// taskBuild builds the command for this machine and each function for Lambda.
func taskBuild(ctx context.Context, root string, args []string) error {
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	arch := flags.String("arch", runtime.GOARCH, "processor of the Lambda functions: arm64 or amd64")
	if err := parse(flags, args); err != nil {
		return err
	}
	if *arch != "arm64" && *arch != "amd64" {
		return fmt.Errorf("lambda has no processor %q: use --arch arm64 or --arch amd64", *arch)
	}
	rescind := "build/rescind"
	if runtime.GOOS == "windows" {
		rescind += ".exe"
	}
	if err := build(ctx, root, goEnviron(), rescind, "./cmd/rescind"); err != nil {
		return err
	}
	mains, err := filepath.Glob(filepath.Join(root, "functions", "*", "main.go"))
	if err != nil {
		return err
	}
	environ := append(goEnviron(), "GOOS=linux", "GOARCH="+*arch)
	for _, main := range mains {
		name := filepath.Base(filepath.Dir(main))
		// Without its RPC mode the Lambda library is half a megabyte smaller.
		if err := build(ctx, root, environ, "build/"+name+"/bootstrap", "./functions/"+name, "-tags", "lambda.norpc"); err != nil {
			return err
		}
	}
	return nil
}

func build(ctx context.Context, root string, environ []string, output, pkg string, flags ...string) error {
	args := append([]string{"build", "-trimpath", "-ldflags", "-s -w", "-o", output}, flags...)
	if err := command(ctx, root, environ, "go", append(args, pkg)...).Run(); err != nil {
		return exited(err)
	}
	info, err := os.Stat(filepath.Join(root, output))
	if err != nil {
		return err
	}
	fmt.Printf("%8.2f MB  %s\n", float64(info.Size())/1e6, output)
	return nil
}
