package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
)

// taskClean removes what can be made again. The store under .rescind/ is the
// user's data and stays.
func taskClean(_ context.Context, root string, args []string) error {
	flags := flag.NewFlagSet("clean", flag.ContinueOnError)
	all := flags.Bool("all", false, "the fetched DynamoDB Local, too")
	if err := parse(flags, args); err != nil {
		return err
	}
	err := os.RemoveAll(filepath.Join(root, "build"))
	if *all {
		err = errors.Join(err, os.RemoveAll(filepath.Join(root, ".cache", "dynamodb-local")))
	}
	return err
}
