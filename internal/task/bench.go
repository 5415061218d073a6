package main

import "context"

// taskBench hands its arguments on.
func taskBench(ctx context.Context, root string, args []string) error {
	return exited(command(ctx, root, goEnviron(), "go", append([]string{"run", "./internal/bench"}, args...)...).Run())
}
