package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"rescind/internal/bench/load"
)

// soak does it all and gives the report. An error is what kept it from
// judging; what was judged and found wrong stands in the report.
func soak(ctx context.Context, o options) (_ *report, err error) {
	dir, err := os.MkdirTemp("", "rescind-soak-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	s, err := newStage(ctx, dir, o.store)
	if s != nil {
		defer func() { err = errors.Join(err, s.close()) }()
	}
	if err != nil {
		return nil, err
	}
	d, err := s.fill(ctx, o)
	if err != nil {
		return nil, err
	}
	r := newReport(o, s)
	if r.Peak, err = s.peak(ctx, o, d); err != nil {
		return nil, err
	}
	r.Rate = int(r.Peak.PerSecond * o.share)
	var aged time.Time // when the first of the aged rows ends
	if s.engine == nil {
		births := float64(r.Rate) * float64(mix[issue]) / 100
		if r.Aged, aged, err = s.age(ctx, d, births, o.whole); err != nil {
			return nil, err
		}
	}
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	if err := pause(ctx, time.Until(aged)); err != nil {
		return nil, err
	}
	if err := s.run(ctx, o, d, r); err != nil {
		return nil, err
	}
	return r, s.after(ctx, o, d, r)
}

// peak finds the most that the mix of requests reaches, the server then at rest.
func (s *stage) peak(ctx context.Context, o options, d *driver) (load.Result, error) {
	if err := s.start(ctx); err != nil {
		return load.Result{}, err
	}
	d.addr = s.Addr
	fmt.Fprintf(os.Stderr, "soak: the peak, for %s\n", o.peak)
	res, err := load.Run{Addr: s.Addr, Connections: o.connections, Duration: o.peak, Make: d.maker}.Do(ctx)
	if err != nil {
		return res, fmt.Errorf("at the peak: %w", err)
	}
	return res, s.stop()
}

// run is the soak itself.
func (s *stage) run(ctx context.Context, o options, d *driver, r *report) error {
	d.addr = s.Addr
	before := d.counts()
	fmt.Fprintf(os.Stderr, "soak: %d requests a second for %s\n", r.Rate, o.whole)
	w := &watcher{server: s.Server, path: s.path, whole: o.whole, progress: os.Stderr,
		state: func() string { return fmt.Sprintf("%d answers wrong", d.wrong.total()+d.trouble.total()) }}
	beside, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	var watchErr, operatorErr error
	op := &operator{stage: s, driver: d, whole: o.whole}
	wg.Go(func() { watchErr = w.watch(beside) })
	wg.Go(func() { operatorErr = op.work(beside) })
	res, err := load.Run{Addr: s.Addr, Connections: o.connections, Duration: o.whole, Rate: r.Rate, Make: d.maker}.Do(ctx)
	r.finished = time.Now() // asking makes no writes, so nothing is removed after
	cancel()
	wg.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.Soak, r.Unanswered, r.Operator, r.OperatorErr = res, err, op.done, operatorErr
	r.OperatorSubjects = op.subjects
	r.Samples, r.Series = w.samples, judge(w.samples, o.whole, s.path != "")
	r.count(before, d)
	return watchErr
}

// after asks about everything at rest, and again after a restart.
func (s *stage) after(ctx context.Context, o options, d *driver, r *report) error {
	all := d.book.questions(time.Now())
	fmt.Fprintf(os.Stderr, "soak: asking about %d tokens, before and after a restart\n", len(all))
	var err error
	if r.Before, err = ask(ctx, s.Addr, o.connections, all); err != nil {
		return err
	}
	r.Stop = s.stop()
	if s.engine == nil {
		if r.Overdue, r.Rows, err = s.expired(ctx, r.finished.Add(-overdueAfter)); err != nil {
			return err
		}
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	r.Restarted, err = ask(ctx, s.Addr, o.connections, all)
	return err
}

// overdueAfter is how long past its end a row may wait while there are writes.
const overdueAfter = 2 * time.Second

// operator uses the command beside the server: five updates of the client a
// second, and now and then it ends a user's grants.
type operator struct {
	*stage
	*driver
	whole    time.Duration
	done     int
	subjects int
}

func (p *operator) work(ctx context.Context) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	subjects := len(p.book.lines) / subjectSize
	apart := max(time.Second, p.whole/time.Duration(max(subjects/4, 1)))
	due := time.Now().Add(apart)
	for next := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		// What was begun is finished: it is not what ctx ends.
		busy := context.WithoutCancel(ctx)
		if time.Now().After(due) && next < subjects && p.book.mayEndLine(subjectSize) {
			if err := p.endSubject(busy, next); err != nil {
				return err
			}
			next, due = next+1, due.Add(apart)
			p.subjects++
		} else if _, err := p.Command(busy, "client", "update", p.steady.ID, "--name", fmt.Sprintf("soak %d", p.done)); err != nil {
			return err
		}
		p.done++
	}
}

// endSubject ends all grants of the n-th user.
func (p *operator) endSubject(ctx context.Context, n int) error {
	theirs := p.book.lines[n*subjectSize : (n+1)*subjectSize]
	var mine []*entry // the others a request of the load is ending
	for _, e := range theirs {
		if _, ok := e.beginRevoke(); ok {
			mine = append(mine, e)
		}
	}
	if _, err := p.Command(ctx, "revoke", "--subject", subjectOf(n*subjectSize), "--reason", "soak"); err != nil {
		return err
	}
	for _, e := range mine {
		e.endRevoke()
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(max(d, 0)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
