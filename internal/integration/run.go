package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"rescind/internal/bench/local"
	"rescind/internal/bench/seed"
	"rescind/internal/integration/processes"
	"rescind/internal/integration/stack"
	"rescind/internal/task/child"
	"rescind/internal/testkit/engine/dynamodblocal"
	"rescind/shared/dynamo"
)

// run does the parts, each though an earlier one failed.
func run(ctx context.Context, root string, o options) *report {
	r := &report{Engine: "not run", Notes: []string{}}
	engine, err := child.Engine(ctx, root)
	if err != nil {
		r.part("DynamoDB", err)
		return r
	}
	defer engine.Stop()
	r.Engine = label(engine, o.name)
	say("DynamoDB at %s", engine.Endpoint)
	tests := io.Writer(os.Stdout)
	if o.asJSON {
		tests = os.Stderr
	}
	if o.parts[partSuite] {
		say("the suite: tests of %s", o.packages)
		s, err := child.Run(ctx, root, tests, append(os.Environ(), dynamodblocal.EndpointVariable+"="+engine.Endpoint), "test", "--packages", o.packages)
		r.Suite, r.Passed, r.Failed, r.Skipped = &s, r.Passed+s.Passed, r.Failed+s.Failed, r.Skipped+s.Skipped
		if err != nil {
			r.part(partSuite, err)
		}
		r.note("suite: %d passed, %d failed, %d skipped in %s", s.Passed, s.Failed, s.Skipped, o.packages)
	}
	if o.parts[partProcesses] || o.parts[partStorms] {
		r.processes(ctx, root, engine, o)
	}
	if o.parts[partStack] {
		r.stack(ctx, root, engine)
	}
	return r
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func label(engine *local.DynamoDB, name string) string {
	endpoint, variable := dynamodblocal.Named(os.Getenv)
	switch {
	case endpoint == "":
		return "run on " + engine.Name + " (fetched engine)"
	case name != "":
		return fmt.Sprintf("run on %s at %s (%s)", name, endpoint, variable)
	}
	return fmt.Sprintf("run on %s (%s)", endpoint, variable)
}

// processes does the rounds and the storms.
func (r *report) processes(ctx context.Context, root string, engine *local.DynamoDB, o options) {
	programs, err := os.MkdirTemp("", "rescind-integration-")
	if err == nil {
		defer func() { _ = os.RemoveAll(programs) }()
		say("building the functions")
		err = processes.Build(ctx, root, programs)
	}
	if err != nil {
		r.part(partProcesses, err)
		return
	}
	if o.parts[partProcesses] {
		done, err := rounds(ctx, engine, programs, o)
		r.Processes = &done
		r.part(partProcesses, err)
		if err == nil {
			r.note("processes: %d tokens revoked through one process; %d answers of the others after the 200, %d of them the authorizer's, none stale; %.0f s",
				done.Rounds, done.Answers+done.Authorized, done.Authorized, done.Seconds)
		}
		if done.Authorized == 0 {
			r.note("processes: there is no authorizer function among them")
		}
	}
	if o.parts[partStorms] {
		done, err := storms(ctx, engine, programs, o)
		r.Storms = &done
		r.part(partStorms, err)
		if err == nil {
			r.note("storms: %d storms over %d grants; %d answers right, %d of them the authorizer's, %d times 503, no other; %d retries after it healed, none failed; %.0f s; faults: %s",
				done.Storms, done.Grants, done.Right, done.Judged, done.Outages, done.Retries, done.Seconds, listed(done.Faults))
		}
		if err == nil && done.Retries == 0 {
			r.note("storms: no revocation or refresh had to be repeated, so that a retry succeeds is not proven by so few storms")
		}
		if done.Late > 0 {
			r.note("storms: %d refreshes were repeated past the grace, which proves nothing of them", done.Late)
		}
	}
}

func listed(counts map[string]int64) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return strings.Join(all, ", ")
}

func rounds(ctx context.Context, engine *local.DynamoDB, programs string, o options) (done processes.Rounds, err error) {
	w, err := processes.Open(ctx, engine, programs, engine.Endpoint, o.parallel)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	return w.NoStaleAnswer(ctx, o.rounds, o.parallel, os.Stderr)
}

func storms(ctx context.Context, engine *local.DynamoDB, programs string, o options) (done processes.Storms, err error) {
	network, err := processes.Between(engine.Endpoint, uint64(time.Now().UnixNano()))
	if err != nil {
		return done, err
	}
	defer network.Close()
	w, err := processes.Open(ctx, engine, programs, network.URL(), o.parallel)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	return w.Weather(ctx, network, o.storms, o.parallel, os.Stderr)
}

// stack deploys the stack and drives it. Each check counts.
func (r *report) stack(ctx context.Context, root string, engine *local.DynamoDB) {
	checks, err := r.deployAndDrive(ctx, root, engine)
	if err != nil {
		r.part(partStack, err)
	}
	r.Stack = checks
	for _, c := range checks {
		verdict := "ok"
		if c.Err == nil {
			r.Passed++
		} else {
			r.Failed++
			verdict = "FAILED: " + c.Said
		}
		r.note("stack: %s: %s", c.Name, verdict)
	}
}

func (r *report) deployAndDrive(ctx context.Context, root string, engine *local.DynamoDB) (checks []stack.Check, err error) {
	emulator, err := stack.Connect(engine.Endpoint)
	if err != nil {
		return nil, err
	}
	say("building the functions for %s", stack.Architecture())
	if err := buildForLambda(ctx, root); err != nil {
		return nil, err
	}
	deployed, err := r.deploy(ctx, emulator, root)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, deployed.Delete(context.WithoutCancel(ctx))) }()
	store := dynamo.New(engine.Client(), dynamo.Tables{Tokens: deployed.Outputs["TokensTable"], Principals: deployed.Outputs["PrincipalsTable"]})
	caller, err := seed.Client(ctx, store, "integration", nil)
	if err != nil {
		return nil, err
	}
	tokens, err := seed.Fill(ctx, store, seed.Plan{Client: caller.ID, Grants: 1})
	if err != nil {
		return nil, err
	}
	checks = append(checks, deployed.CheckRoutes(ctx))
	checks = append(checks, stack.Drive(ctx, deployed.API(), deployed.Outputs["Issuer"], caller.Basic, tokens.Refresh[0])...)
	guest, err := stack.NewGuest(ctx, store, "guest")
	if err != nil {
		return checks, err
	}
	return append(checks, stack.DrivePeople(ctx, deployed.API(), deployed.Outputs["Issuer"], guest)...), nil
}

// deploy makes the stack as the template has it by default: the issuer is the
// API's own URL. An emulator whose API ids are not API Gateway's cannot show
// that; there the stack is made once more with an issuer, and the report says so.
func (r *report) deploy(ctx context.Context, emulator *stack.Emulator, root string) (*stack.Stack, error) {
	name := fmt.Sprintf("integration-%d", os.Getpid())
	say("deploying the stack %s", name)
	deployed, err := emulator.Deploy(ctx, root, name, "")
	if err != nil || deployed.HasAPIID() {
		return deployed, err
	}
	r.note("stack: this emulator differs from AWS: it calls the API %q, where API Gateway's ids have ten characters, so the functions cannot make the issuer of it; "+
		"the stack is deployed with the parameter Issuer, and the default one is not proven here", deployed.Outputs["ApiId"])
	if err := deployed.Delete(ctx); err != nil {
		return nil, err
	}
	name += "-issuer"
	say("deploying the stack %s, with an Issuer", name)
	return emulator.Deploy(ctx, root, name, "https://auth.example.com")
}

// buildForLambda fills build/, as `make build` does.
func buildForLambda(ctx context.Context, root string) error {
	cmd := child.Command(ctx, root, os.Environ(), "build")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go run ./internal/task build: %w", err)
	}
	return nil
}
