package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"rescind/internal/artifact"
	"rescind/internal/bench/local"
	"rescind/internal/bench/seed"
	"rescind/internal/testkit/runtimeapi"
	"rescind/shared/client"
	"rescind/shared/dynamo"
	"rescind/shared/oauth"
)

// bench is a table with a client in it, and the programs.
type bench struct {
	options
	engine *local.DynamoDB
	dir    string
	tables dynamo.Tables
	caller seed.Caller
	access []string // live tokens

	endpoint
}

// names are the functions that are measured.
var names = []string{"token", "revocation", "introspection", "browser", "metadata"}

func open(ctx context.Context, engine *local.DynamoDB, dir string, o options) (*bench, error) {
	tables, err := engine.Tables(ctx, "lambdabench")
	if err != nil {
		return nil, err
	}
	b := &bench{options: o, engine: engine, dir: dir, tables: tables}
	store := dynamo.New(engine.Client(), tables)
	if b.caller, err = seed.Client(ctx, store, "bench", func(p *client.Policy) {
		p.GrantTypes, p.RedirectURIs = append(p.GrantTypes, oauth.GrantAuthorizationCode), []string{callback}
	}); err != nil {
		return nil, err
	}
	made, err := seed.Fill(ctx, store, seed.Plan{Client: b.caller.ID, Grants: 4 * (o.warm + o.starts) * 2, Bare: true, Progress: os.Stderr})
	if err != nil {
		return nil, err
	}
	b.access = made.Access
	return b, b.listen()
}

func (b *bench) run(ctx context.Context) (*report, error) {
	r := &report{Cores: runtime.NumCPU(), Arch: runtime.GOARCH, Go: runtime.Version(), Engine: b.engine.Name}
	programs := map[string]string{}
	for _, name := range names {
		fmt.Fprintf(os.Stderr, "building %s\n", name)
		program, err := artifact.Function(ctx, name, runtime.GOARCH, filepath.Join(b.dir, name))
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(program)
		if err != nil {
			return nil, err
		}
		zipped, err := artifact.Zip(program, filepath.Join(b.dir, name+".zip"))
		if err != nil {
			return nil, err
		}
		programs[name] = program
		r.Sizes = append(r.Sizes, size{name, info.Size(), zipped})
	}
	for _, name := range names {
		fmt.Fprintf(os.Stderr, "%s, at full speed\n", name)
		f, err := b.function(ctx, name, programs[name])
		if err != nil {
			return nil, err
		}
		r.Full = append(r.Full, f)
	}
	group, err := newGroup(0.15)
	if err != nil {
		r.NoGroup = err.Error()
		return r, nil
	}
	defer group.remove()
	for _, name := range names {
		fmt.Fprintf(os.Stderr, "%s, at 0.15 core\n", name)
		slow, err := group.wrap(programs[name])
		if err != nil {
			return nil, err
		}
		f, err := b.function(ctx, name, slow)
		if err != nil {
			return nil, err
		}
		r.Slow = append(r.Slow, f)
	}
	return r, nil
}

// function starts one several times and gives the medians.
func (b *bench) function(ctx context.Context, name, program string) (figures, error) {
	var before, whole, first, warm, idle []time.Duration
	out := figures{Name: name}
	for n := range b.starts {
		b.asked.Store(0)
		started := time.Now()
		f, err := runtimeapi.Start(ctx, program, b.environment(name))
		if err != nil {
			return out, err
		}
		whole = append(whole, f.InitDuration())
		if at := b.asked.Load(); at != 0 {
			before = append(before, time.Unix(0, at).Sub(started))
		}
		took, err := b.request(ctx, f, name)
		if err != nil {
			return out, errors.Join(err, f.Stop())
		}
		first = append(first, took)
		if n == b.starts-1 { // one process answers the warm ones
			if warm, idle, err = b.warmed(ctx, f, name); err != nil {
				return out, errors.Join(err, f.Stop())
			}
			if out.Peak, err = f.PeakRSS(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
				return out, errors.Join(err, f.Stop())
			}
		}
		if err := f.Stop(); err != nil {
			return out, err
		}
	}
	out.InitBeforeRead, out.Init, out.First, out.Warm, out.Idle = median(before), median(whole), median(first), median(warm), median(idle)
	return out, nil
}

func (b *bench) warmed(ctx context.Context, f *runtimeapi.Function, name string) (warm, idle []time.Duration, err error) {
	for range b.options.warm {
		took, err := b.request(ctx, f, name)
		if err != nil {
			return nil, nil, err
		}
		warm = append(warm, took)
		if took, err = b.refused(ctx, f, name); err != nil {
			return nil, nil, err
		}
		idle = append(idle, took)
	}
	return warm, idle, nil
}

func (b *bench) environment(name string) map[string]string {
	env := map[string]string{"RESCIND_ISSUER": "https://auth.example.com", "RESCIND_METRICS": "bench", "AWS_PROFILE": ""}
	if name != "metadata" {
		env["RESCIND_TOKENS_TABLE"], env["RESCIND_PRINCIPALS_TABLE"] = b.tables.Tokens, b.tables.Principals
		env["AWS_ENDPOINT_URL_DYNAMODB"], env["AWS_CA_BUNDLE"] = b.proxy.URL, b.roots
		env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_REGION"] = b.credentials()
	}
	return env
}

func median(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}
