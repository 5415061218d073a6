package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"rescind/internal/histories/plant"
)

// bite plants each fault in turn and makes histories until one shows it. A
// fault that none shows within --n is a failure. A fault that only some kinds
// of history can show is looked for in those.
func (b *bench) bite(ctx context.Context) (found, missed int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	have := b.stores()
	out := b.out
	builds := b.ahead(ctx)
	defer func() {
		cancel()
		for range builds { // until nothing is being built
		}
	}()
	for _, f := range plant.Faults {
		built := <-builds
		if built.err != nil {
			return found, missed, built.err
		}
		for _, store := range f.Store {
			if !slices.Contains(have, store) {
				continue
			}
			b.store, b.out, b.among = store, out+"-planted", f.Among
			began := time.Now()
			t := b.histories(ctx, built.binary, true)
			if ctx.Err() != nil {
				return found, missed, ctx.Err()
			}
			said := "found"
			if t.Failed-t.Undecided-t.Machinery > 0 {
				found++
			} else {
				missed++
				said = "NOT FOUND"
			}
			fmt.Printf("%-24s %-9s %s after %d histories, %.0f s (%d break the promise, %d the model): %s\n", f.Name, store, said,
				t.Passed+t.Failed, time.Since(began).Seconds(), t.Broken, t.Rejected, f.What)
		}
		_ = os.Remove(built.binary) // the folder goes at the end in any case
	}
	return found, missed, nil
}

// built is the command with one fault in it.
type built struct {
	binary string
	err    error
}

// ahead builds the command with each fault in turn, the next one while histories
// run against the one before. It ends with the context or an error.
func (b *bench) ahead(ctx context.Context) <-chan built {
	builds := make(chan built)
	go func() {
		defer close(builds)
		for _, f := range plant.Faults {
			binary, err := b.build(ctx, f.Name)
			select {
			case builds <- built{binary, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return builds
}
