package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"rescind/internal/testkit/engine/dynamodblocal"
)

// taskTestDynamoDB is taskTest, but never without an engine.
func taskTestDynamoDB(ctx context.Context, root string, args []string) error {
	var o testOptions
	if err := parse(o.flags("test-dynamodb"), args); err != nil {
		return err
	}
	use, err := requireEngine(ctx, root)
	if err != nil {
		return err
	}
	defer use.stop()
	fmt.Fprintf(os.Stderr, "DynamoDB engine at %s; running the tests\n", use.endpoint)
	return runTests(ctx, root, o, use)
}

// requireEngine goes from the surest to the most roundabout: what is named,
// what Java can run, what Docker can.
func requireEngine(ctx context.Context, root string) (engineUse, error) {
	if endpoint, variable := dynamodblocal.Named(os.Getenv); endpoint != "" {
		return namedEngine(endpoint, variable)
	}
	err := fetch(ctx, root)
	if err == nil {
		fmt.Fprintf(os.Stderr, "starting DynamoDB Local %s\n", dynamodblocal.Version)
		return fetchedEngine(ctx, root)
	}
	var lacking lackingError
	if !errors.As(err, &lacking) {
		return engineUse{}, err
	}
	if exec.CommandContext(ctx, "docker", "info").Run() != nil {
		return engineUse{}, fmt.Errorf("%w; install a JDK 17 or newer and Maven, or start Docker, then run make test-dynamodb again", err)
	}
	fmt.Fprintf(os.Stderr, "%v: Docker's %s will be used\n", err, dockerImage)
	return dockerEngine(ctx, root)
}
