package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"rescind/functions/setup"
	"rescind/internal/bench/local"
	"rescind/internal/bench/seed"
	"rescind/internal/integration/stack"
	"rescind/internal/samlocal/docker"
	"rescind/internal/testkit/engine/dynamodblocal"
	"rescind/shared/dynamo"
)

// patience is how long start-api may take until it answers, and one answer of it:
// the first of each function starts its container.
const patience = 90 * time.Second

// conversation holds one with `sam local start-api`, over tables of its own.
func (r *report) conversation(ctx context.Context, root string, database *local.DynamoDB, containers *docker.Engine, endpoint string, o options) {
	say("a conversation through sam local start-api")
	checks, err := converse(ctx, root, database, containers, endpoint, o)
	if err != nil {
		r.failed("start-api", err)
	}
	r.Checks = checks
	for _, c := range checks {
		if c.Err == nil {
			r.Passed++
			continue
		}
		r.Failed++
		r.Notes = append(r.Notes, fmt.Sprintf("start-api: %s: FAILED: %s", c.Name, c.Said))
	}
}

func converse(ctx context.Context, root string, database *local.DynamoDB, containers *docker.Engine, endpoint string, o options) (_ []stack.Check, err error) {
	tables, err := database.Tables(ctx, "samlocal-"+strconv.Itoa(os.Getpid()))
	if err != nil {
		return nil, err
	}
	store := dynamo.New(database.Client(), tables)
	caller, err := seed.Client(ctx, store, "samlocal", nil)
	if err != nil {
		return nil, err
	}
	tokens, err := seed.Fill(ctx, store, seed.Plan{Client: caller.ID, Grants: 1})
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "rescind-samlocal-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	base := "http://127.0.0.1:" + port
	variables := filepath.Join(dir, "env.json")
	if err := writeEnvironment(variables, base, endpoint, tables); err != nil {
		return nil, err
	}
	stop, err := startAPI(ctx, root, containers, variables, port, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	// sam local has a REST API's answer for a path without a route, whatever the API is.
	api := stack.API{Base: base, Host: "127.0.0.1:" + port, NoRoute: http.StatusForbidden}
	checks := stack.Drive(ctx, api, base, caller.Basic, tokens.Refresh[0])
	guest, err := stack.NewGuest(ctx, store, "guest")
	if err != nil {
		return checks, err
	}
	return append(checks, stack.DrivePeople(ctx, api, base, guest)...), nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

// writeEnvironment gives every function of the template what differs here: sam
// leaves what it is given for a function alone that does not declare it.
func writeEnvironment(path, issuer, endpoint string, tables dynamo.Tables) error {
	variables := map[string]string{
		setup.Issuer: issuer, setup.TokensTable: tables.Tokens, setup.PrincipalsTable: tables.Principals,
		dynamodblocal.EndpointVariable: endpoint,
	}
	text, err := json.Marshal(map[string]any{"Parameters": variables})
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// startAPI runs sam local start-api on a port of the loopback until stop.
func startAPI(ctx context.Context, root string, containers *docker.Engine, variables, port string, o options) (stop func() error, err error) {
	ctx, cancel := context.WithCancel(ctx)
	log, err := os.CreateTemp("", "rescind-start-api-")
	if err != nil {
		cancel()
		return nil, err
	}
	cmd := samCommand(ctx, root, o.sam, "local", "start-api", "--host", "127.0.0.1", "--port", port, "--env-vars", variables,
		"--skip-pull-image", "--warm-containers", "LAZY", "--parameter-overrides", "Architecture="+stack.Architecture())
	cmd.Env = append(cmd.Env, "DOCKER_HOST="+containers.Host)
	cmd.Stdout, cmd.Stderr = log, log
	clean := func() error {
		cancel()
		return errors.Join(log.Close(), os.Remove(log.Name()))
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, clean())
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	stop = func() error {
		cancel()
		<-ended
		return clean()
	}
	if err := answering(ctx, "http://127.0.0.1:"+port, ended); err != nil {
		said, _ := os.ReadFile(log.Name())
		return nil, errors.Join(fmt.Errorf("%w: %s", err, tail(said)), stop())
	}
	return stop, nil
}

// answering waits for a whole answer of the metadata function.
func answering(ctx context.Context, base string, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/.well-known/oauth-authorization-server", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
			return fmt.Errorf("start-api answers the metadata with %s", res.Status)
		}
		select {
		case <-ended:
			return errors.New("start-api ended")
		case <-ctx.Done():
			return fmt.Errorf("start-api does not answer: %w", ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}
