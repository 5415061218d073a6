package processes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rescind/internal/bench/local"
	"rescind/internal/bench/seed"
	"rescind/internal/testkit/runtimeapi"
	"rescind/shared/dynamo"
)

// issuer is what the functions call themselves.
const issuer = "https://auth.example.com"

// A Function answers one event, as *runtimeapi.Function does.
type Function interface {
	Invoke(ctx context.Context, event []byte) (runtimeapi.Result, error)
}

// World is two tables, a client, and the functions' processes over them.
// Authorizer is nil where the tree has no such function.
type World struct {
	Token, Revocation, Introspection, Authorizer Function

	engine  *local.DynamoDB
	tables  dynamo.Tables
	store   *dynamo.Store
	caller  seed.Caller
	running map[string]*runtimeapi.Function
}

// names of the functions, which are those of their folders.
var names = []string{"token", "revocation", "introspection", "authorizer"}

// Build compiles the functions under root into dir, as they are deployed but for
// this machine's processor.
func Build(ctx context.Context, root, dir string) error {
	args := []string{"build", "-tags", "lambda.norpc", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", dir + string(filepath.Separator)}
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(root, "functions", name, "main.go")); err == nil {
			args = append(args, "./functions/"+name)
		}
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+runtime.GOARCH)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the functions: %w\n%s", err, out)
	}
	return nil
}

// Open makes the tables on the engine, with a client and nothing else, and
// starts the functions of the folder that Build filled. Each process reaches
// DynamoDB at endpoint, which may be a Network before the engine, and takes
// workers events at a time.
func Open(ctx context.Context, engine *local.DynamoDB, programs, endpoint string, workers int) (*World, error) {
	tables, err := engine.Tables(ctx, fmt.Sprintf("processes-%d-%d", os.Getpid(), time.Now().UnixNano()))
	if err != nil {
		return nil, err
	}
	w := &World{engine: engine, tables: tables, store: dynamo.New(engine.Client(), tables), running: map[string]*runtimeapi.Function{}}
	if w.caller, err = seed.Client(ctx, w.store, "integration", nil); err == nil {
		err = w.start(ctx, programs, endpoint, workers)
	}
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *World) start(ctx context.Context, programs, endpoint string, workers int) error {
	for _, name := range names {
		program := filepath.Join(programs, name)
		if _, err := os.Stat(program); err != nil {
			continue
		}
		f, err := runtimeapi.Start(context.WithoutCancel(ctx), program, w.environment(name, endpoint, workers))
		if err != nil {
			return fmt.Errorf("the %s function: %w", name, err)
		}
		w.running[name] = f
	}
	for name, to := range map[string]*Function{"token": &w.Token, "revocation": &w.Revocation, "introspection": &w.Introspection, "authorizer": &w.Authorizer} {
		if f := w.running[name]; f != nil {
			*to = f
		}
	}
	if w.Token == nil || w.Revocation == nil || w.Introspection == nil {
		return errors.New("the functions are not all there: build them first")
	}
	return nil
}

func (w *World) environment(name, endpoint string, workers int) map[string]string {
	env := map[string]string{
		"RESCIND_TOKENS_TABLE": w.tables.Tokens, "RESCIND_PRINCIPALS_TABLE": w.tables.Principals, "RESCIND_LOG_LEVEL": "warn",
		"AWS_ENDPOINT_URL_DYNAMODB": endpoint, "AWS_LAMBDA_MAX_CONCURRENCY": strconv.Itoa(workers),
	}
	// The engine's keys and Region are what Open made the tables with.
	for _, pair := range w.engine.Environ() {
		name, value, _ := bytes.Cut([]byte(pair), []byte("="))
		if n := string(name); n != "AWS_ENDPOINT_URL_DYNAMODB" && n != "AWS_PROFILE" {
			env[n] = string(value)
		}
	}
	if name == "authorizer" {
		env["RESCIND_ROUTE_SCOPES"] = `{"GET /notes": "read"}`
	} else {
		env["RESCIND_ISSUER"] = issuer
	}
	return env
}

// tokenText is what must stand in no log.
var tokenText = regexp.MustCompile(`rsc_[a-z]+_[A-Za-z0-9_-]+`)

// Close ends the processes and drops the tables. A token in a log is an error.
func (w *World) Close() error {
	var all []error
	for _, name := range names {
		f := w.running[name]
		if f == nil {
			continue
		}
		all = append(all, f.Stop())
		if tokenText.Match(f.Logs()) {
			all = append(all, fmt.Errorf("the %s function logs a token", name))
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for _, table := range []string{w.tables.Tokens, w.tables.Principals} {
		if _, err := w.engine.Client().DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &table}); err != nil {
			all = append(all, fmt.Errorf("dropping the table %s: %w", table, err))
		}
	}
	return errors.Join(all...)
}
