package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rescind/internal/histories/drive"
	"rescind/internal/histories/plant"
	"rescind/internal/testkit/engine/dynamodblocal"
)

// bench is what all runs share.
type bench struct {
	options
	dir     string
	environ []string // of the servers and commands, without an endpoint
	engine  string   // the DynamoDB engine's URL, empty for none
	worlds  atomic.Int64
	among   []string // the profiles whose histories are run; nil: all
}

// findEngine takes the engine that the environment names, else starts the
// cached one, else does without.
func (b *bench) findEngine(ctx context.Context) (stop func(), err error) {
	stop = func() {}
	if b.store == drive.SQLite {
		return stop, nil
	}
	b.environ = slices.DeleteFunc(b.environ, func(pair string) bool { return strings.HasPrefix(pair, "AWS_ENDPOINT_URL") })
	if endpoint, _ := dynamodblocal.Named(os.Getenv); endpoint != "" {
		b.engine = endpoint
		return stop, dynamodblocal.CheckEndpoint(endpoint, false)
	}
	root, err := dynamodblocal.Root(".")
	if err != nil {
		return stop, err
	}
	if !dynamodblocal.Fetched(root) {
		if b.store == drive.DynamoDB {
			return stop, errors.New("there is no DynamoDB engine; make test-dynamodb fetches one")
		}
		fmt.Fprintln(os.Stderr, "histories: there is no DynamoDB engine (make test-dynamodb fetches one); only SQLite is run")
		b.store = drive.SQLite
		return stop, nil
	}
	engine, err := dynamodblocal.Start(ctx, dynamodblocal.Dir(root))
	if err != nil {
		return stop, err
	}
	b.engine = engine.Endpoint()
	return engine.Stop, nil
}

// build builds the command, with a fault planted where one is named.
func (b *bench) build(ctx context.Context, name string) (string, error) {
	binary := filepath.Join(b.dir, "rescind-"+name)
	return binary, plant.Build(ctx, b.root, binary, name)
}

func (b *bench) stores() []string {
	if b.store == "both" {
		return []string{drive.SQLite, drive.DynamoDB}
	}
	return []string{b.store}
}

// histories runs n of them, several at a time, each store in its own worlds;
// first ends the run at the first that fails.
func (b *bench) histories(ctx context.Context, binary string, first bool) *tally {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t := &tally{Seed: b.seed, Answers: map[string]int{}, Before: map[string]int64{}, Behind: map[string]int64{}, Profiles: map[string]int{}, Notes: map[string]int{}, began: time.Now()}
	stores := b.stores()
	queues := map[string]chan uint64{}
	for _, s := range stores {
		queues[s] = make(chan uint64, b.n)
	}
	seed := b.seed
	for i := range b.n {
		for b.among != nil && !slices.Contains(b.among, drive.NewPlan(seed).Profile) {
			seed++
		}
		queues[stores[i%len(stores)]] <- seed
		seed++
	}
	var all sync.WaitGroup
	for i := range max(b.parallel, len(stores)) {
		store := stores[i%len(stores)]
		all.Go(func() {
			if err := b.work(ctx, t, store, binary, queues[store], func() {
				if first {
					cancel()
				}
			}); err != nil && ctx.Err() == nil {
				t.fault(err)
				cancel()
			}
		})
	}
	for _, s := range stores {
		close(queues[s])
	}
	all.Wait()
	t.Seconds = time.Since(t.began).Seconds()
	return t
}

// work takes seeds from the queue and makes and judges their histories in one world.
func (b *bench) work(ctx context.Context, t *tally, store, binary string, seeds <-chan uint64, failed func()) error {
	n := int(b.worlds.Add(1))
	dir := filepath.Join(b.dir, fmt.Sprint("world-", n))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	w, err := drive.Open(ctx, store, binary, dir, b.engine, n, slices.Clone(b.environ))
	if err != nil {
		return err
	}
	defer func() {
		w.Close()
		t.addWorld(w)
	}()
	for seed := range seeds {
		if ctx.Err() != nil {
			return nil
		}
		plan := drive.NewPlan(seed)
		rec, err := w.Run(ctx, plan)
		if errors.Is(err, drive.ErrSlow) { // a machine that was busy elsewhere; once more
			rec, err = w.Run(ctx, plan)
		}
		if err != nil {
			return fmt.Errorf("seed %d on %s: %w", seed, store, err)
		}
		v := judge(rec)
		t.add(rec, v)
		if !v.passed() {
			v.report(os.Stderr, b.out)
			failed()
		}
	}
	return nil
}
