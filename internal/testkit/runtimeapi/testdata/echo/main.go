// Command echo is the Lambda function that the emulator's test drives.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type input struct {
	Do string
	N  int
}

type output struct {
	N         int
	RequestID string
	Deadline  int64 // milliseconds from now
	AtOnce    int64
	Env       []string
}

var running, most atomic.Int64

func handle(ctx context.Context, in input) (any, error) {
	now := running.Add(1)
	defer running.Add(-1)
	for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
	}
	switch in.Do {
	case "fail":
		return nil, errors.New("asked to fail")
	case "exit":
		fmt.Println("about to leave")
		os.Exit(3)
	case "break-stream":
		return io.MultiReader(strings.NewReader("half"), broken{}), nil
	case "meet":
		meet()
	}
	lc, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	return output{in.N, lc.AwsRequestID, time.Until(deadline).Milliseconds(), most.Load(), os.Environ()}, nil
}

// broken fails on every read and cannot be JSON, so that it is streamed.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("stream broke") }

var (
	arrived sync.WaitGroup
	crowd   = 8
	entered atomic.Int64
)

// meet returns once 8 invocations are inside it at the same time.
func meet() {
	if int(entered.Add(1)) <= crowd {
		arrived.Done()
	}
	arrived.Wait()
}

func main() {
	arrived.Add(crowd)
	switch os.Getenv("ECHO_INIT") {
	case "fail":
		log.SetFlags(0)
		log.Print("first line")
		log.Fatal("no table named: set TABLE")
	case "report":
		body, _ := json.Marshal(map[string]string{"errorMessage": "reported", "errorType": "Runtime.Test"})
		resp, err := http.Post("http://"+os.Getenv("AWS_LAMBDA_RUNTIME_API")+"/2018-06-01/runtime/init/error", "application/json", strings.NewReader(string(body)))
		if err != nil || resp.StatusCode != http.StatusAccepted {
			log.Fatalf("init/error was not accepted: %v", err)
		}
		time.Sleep(time.Minute)
	}
	fmt.Println("up")
	lambda.Start(handle)
}
