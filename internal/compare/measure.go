package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"rescind/internal/bench/load"
	"rescind/internal/bench/process"
)

// plan is how all contenders are measured.
type plan struct {
	Connections int
	Grants      int
	Duration    time.Duration
	progress    io.Writer
}

// warmUp is how long each operation runs before it is measured.
func (p plan) warmUp() time.Duration { return min(p.Duration, time.Second) }

// samples is how many tokens are looked at before and after a revocation.
const samples = 50

// run measures one contender in a folder of its own under data. What goes
// wrong is said in the row.
func (p plan) run(ctx context.Context, c contender, data string) Row {
	row := c.row
	dir, err := os.MkdirTemp(data, row.Name+"-")
	if err != nil {
		row.Reason = err.Error()
		return row
	}
	defer os.RemoveAll(dir)
	settle()
	fmt.Fprintf(p.progress, "%s: filling with %d grants and starting\n", row.Name, p.Grants)
	t, err := c.open(ctx, site{dir: dir, grants: p.Grants})
	if err != nil {
		row.Reason = err.Error()
		return row
	}
	p.measure(ctx, &row, c, newWork(t, c.paths, p.Connections))
	if err := t.stop(); err != nil {
		fmt.Fprintf(p.progress, "%s: %v\n", row.Name, err)
	}
	return row
}

func (p plan) measure(ctx context.Context, row *Row, c contender, w *work) {
	row.Operations = map[string]Outcome{}
	for _, name := range operations {
		if ctx.Err() != nil {
			return
		}
		if why := c.skip[name]; why != "" {
			row.Operations[name] = Outcome{Reason: why}
			continue
		}
		fmt.Fprintf(p.progress, "%s: %s\n", row.Name, name)
		result, err := p.operation(ctx, name, w)
		if err != nil {
			fmt.Fprintf(p.progress, "%s: %s: %v\n", row.Name, name, err)
			row.Operations[name] = Outcome{Reason: err.Error()}
			continue
		}
		row.Operations[name] = Outcome{Result: result}
	}
	if s, err := process.Tree(w.pid); err == nil {
		row.Processes, row.Resident = s.Processes, s.Resident
	}
	if n, err := process.Proportional(w.pid); err == nil {
		row.Proportional = n
	}
}

// operation warms up and measures one.
func (p plan) operation(ctx context.Context, name string, w *work) (load.Result, error) {
	var first, rest []string // what the warm-up and the measurement revoke
	if name == revocation {
		all := mixed(w.issued)
		first, rest = all[:len(all)/5], all[len(all)/5:]
		if err := w.sampled(ctx, rest, true); err != nil {
			return load.Result{}, err
		}
	}
	run := load.Run{Addr: w.addr, Connections: p.Connections, Duration: p.warmUp(), Make: w.maker(name, first)}
	if _, err := run.Do(ctx); err != nil {
		return load.Result{}, fmt.Errorf("while it warmed up: %w", err)
	}
	run.Duration, run.Make = p.Duration, w.maker(name, rest)
	result, err := run.Do(ctx)
	if err != nil || name != revocation {
		return result, err
	}
	if err := w.sampled(ctx, mixed(w.revoked), false); err != nil {
		return load.Result{}, err
	}
	return result, w.stillIssues(ctx)
}

// mixed is one list of all connections' tokens, the first of each first.
func mixed(lists [][]string) []string {
	var all []string
	for n := 0; ; n++ {
		before := len(all)
		for _, one := range lists {
			if n < len(one) {
				all = append(all, one[n])
			}
		}
		if len(all) == before {
			return all
		}
	}
}

// sampled introspects some of the tokens and wants all of them active, or none.
func (w *work) sampled(ctx context.Context, tokens []string, want bool) error {
	if len(tokens) == 0 {
		return errors.New("there is no token to look at: nothing was issued or revoked")
	}
	step := max(1, len(tokens)/samples)
	for i := 0; i < len(tokens); i += step {
		active, err := ask(ctx, w.target, w.paths, tokens[i])
		switch {
		case err != nil:
			return fmt.Errorf("looking whether tokens are active: %w", err)
		case active != want && want:
			return errors.New("an issued token is not active")
		case active != want:
			return errors.New("a revoked token is active")
		}
	}
	return nil
}

// stillIssues makes sure that a server after all revocations calls a new token
// active: one that calls everything inactive would have passed till here.
func (w *work) stillIssues(ctx context.Context) error {
	token, err := fetch(ctx, w.target, w.paths)
	if err != nil {
		return err
	}
	return w.sampled(ctx, []string{token}, true)
}
