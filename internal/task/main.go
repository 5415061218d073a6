// Command task holds what the Makefile's targets do, so that each of them is
// one go command and none needs make:
//
//	go run ./internal/task --help
//
// Each task is a function in a file of its own. The package knows the module's
// folders and the go command; it must not import a package of the service.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"rescind/internal/testkit/engine/dynamodblocal"
)

type task struct {
	name, summary string
	// run gets the module's root and what followed the task's name.
	run func(ctx context.Context, root string, args []string) error
}

var tasks = []task{
	{"test", "run all tests; on DynamoDB too if an engine is named or fetched", taskTest},
	{"test-dynamodb", "fetch DynamoDB Local once, then run all tests on it", taskTestDynamoDB},
	{"build", "build the command and the Lambda functions into build/", taskBuild},
	{"vet", "go vet, staticcheck and gofmt", taskVet},
	{"fuzz", "run every fuzz target for --seconds N each", taskFuzz},
	{"bench", "run the benchmarks, with the arguments given", taskBench},
	{"clean", "remove build/ (and with --all the fetched engine)", taskClean},
}

// status is the exit status of a child that has already said what was wrong.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

func main() {
	if len(os.Args) < 2 || os.Args[1] == "help" || os.Args[1] == "-h" || os.Args[1] == "--help" {
		usage()
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := dispatch(ctx, os.Args[1], os.Args[2:])
	stop()
	var code status
	switch {
	case err == nil:
	case errors.As(err, &code):
		os.Exit(int(code))
	default:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func dispatch(ctx context.Context, name string, args []string) error {
	root, err := dynamodblocal.Root(".")
	if err != nil {
		return err
	}
	for _, t := range tasks {
		if t.name == name {
			return t.run(ctx, root, args)
		}
	}
	return fmt.Errorf("no task %q: go run ./internal/task --help lists them", name)
}

func usage() {
	fmt.Println("usage: go run ./internal/task NAME [arguments]")
	fmt.Println()
	for _, t := range tasks {
		fmt.Printf("  %-14s %s\n", t.name, t.summary)
	}
	fmt.Println("\ngo run ./internal/task NAME --help shows a task's arguments")
}
