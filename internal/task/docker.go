package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"rescind/internal/testkit/engine/dynamodblocal"
)

const dockerImage = "amazon/dynamodb-local:" + dynamodblocal.Version

// dockerScript ends the engine, and with it the container, at the end of the
// container's standard input: that is when we end, however we do.
const dockerScript = "java -jar DynamoDBLocal.jar -inMemory -sharedDb -disableTelemetry & cat >/dev/null; kill $!"

// dockerEngine runs DynamoDB Local in a container whose port is published on
// 127.0.0.1 only. Docker chooses the port.
func dockerEngine(ctx context.Context, root string) (engineUse, error) {
	name := fmt.Sprintf("rescind-test-%d-%d", os.Getpid(), time.Now().Unix())
	run := exec.Command("docker", "run", "--rm", "-i", "--name", name, "-p", "127.0.0.1::8000",
		"--entrypoint", "sh", dockerImage, "-c", dockerScript)
	run.Dir = root
	run.Stdout, run.Stderr = os.Stderr, os.Stderr // the pull shows its progress
	stdin, err := run.StdinPipe()
	if err != nil {
		return engineUse{}, err
	}
	if err := run.Start(); err != nil {
		return engineUse{}, err
	}
	done := make(chan struct{})
	go func() {
		_ = run.Wait()
		close(done)
	}()
	stop := func() { stopContainer(name, stdin, done) }
	endpoint, err := containerEndpoint(ctx, name, done)
	if err != nil {
		stop()
		return engineUse{}, fmt.Errorf("the container of %s does not answer (%w): see what Docker said above", dockerImage, err)
	}
	return engineUse{
		endpoint: endpoint,
		label:    "run on DynamoDB Local " + dynamodblocal.Version + " (Docker)",
		stop:     stop,
	}, nil
}

// containerEndpoint waits for the container, for which Docker may have to fetch
// the image first, and then for the engine in it.
func containerEndpoint(ctx context.Context, name string, done <-chan struct{}) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	for {
		said, err := exec.CommandContext(ctx, "docker", "port", name, "8000/tcp").Output()
		line, _, _ := strings.Cut(string(bytes.TrimSpace(said)), "\n")
		if err == nil && strings.HasPrefix(line, "127.0.0.1:") {
			endpoint := "http://" + line
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			return endpoint, dynamodblocal.Ready(ctx, endpoint)
		}
		select {
		case <-done:
			return "", errors.New("docker run ended")
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(300 * time.Millisecond):
		}
	}
}

func stopContainer(name string, stdin io.Closer, done <-chan struct{}) {
	_ = stdin.Close()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		_ = exec.Command("docker", "rm", "-f", name).Run()
		<-done
	}
}
