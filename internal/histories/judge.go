package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rescind/internal/histories/drive"
	"rescind/internal/histories/model"
)

// checkLimit is for the checker, for each grant.
const checkLimit = 20 * time.Second

// verdict is what became of one history.
type verdict struct {
	rec     *drive.Recorded
	broken  []model.Breach // of the plain promise
	failure *model.Failure // of the model
	err     error          // an incomplete record, or undecided
	took    time.Duration
}

// judge holds a history against the plain promise and the model, each on its own.
func judge(rec *drive.Recorded) verdict {
	v := verdict{rec: rec, broken: model.Promise(rec.History)}
	began := time.Now()
	v.failure, v.err = model.Check(rec.History, checkLimit)
	v.took = time.Since(began)
	return v
}

func (v verdict) passed() bool {
	return len(v.broken) == 0 && v.failure == nil && v.err == nil && len(v.rec.Breaches) == 0
}

// undecided tells whether it failed for nothing but the checker's time.
func (v verdict) undecided() bool {
	return errors.Is(v.err, model.ErrUndecided) && len(v.broken) == 0 && len(v.rec.Breaches) == 0
}

// report says what is wrong, as small as it can be made, and how to see it again.
func (v verdict) report(w io.Writer, out string) {
	p := v.rec.Plan
	var b strings.Builder
	fmt.Fprintf(&b, "FAILED: seed %d on %s (%s). Again: go run ./internal/histories --n 1 --seed %d --store %s\n", p.Seed, v.rec.Store, p.Profile, p.Seed, v.rec.Store)
	for _, s := range v.rec.Breaches {
		fmt.Fprintln(&b, "  wrong in itself:", s)
	}
	for i, breach := range v.broken {
		if i == 3 {
			fmt.Fprintf(&b, "  and %d more\n", len(v.broken)-i)
			break
		}
		fmt.Fprintln(&b, "  the promise is broken:", breach)
	}
	if v.err != nil {
		fmt.Fprintln(&b, "  ", v.err)
	}
	if u := (*model.Undecided)(nil); errors.As(v.err, &u) {
		writeOps(&b, u.Ops)
	}
	if v.failure != nil {
		before := len(v.failure.Ops)
		beside := v.failure.Beside(v.rec.History)
		v.failure.Shrink()
		f := v.failure
		fmt.Fprintf(&b, "  no order explains %s (clients %+v); %d operations, %d without what it does not need:\n", f.What, p.Clients, before, len(f.Ops))
		writeOps(&b, f.Ops)
		if len(beside) > 0 {
			fmt.Fprintln(&b, "  what else was about the same user and client, and explains nothing in the model's eyes:")
			writeOps(&b, beside)
		}
		if path, err := v.draw(out); err != nil {
			fmt.Fprintln(&b, "  it could not be drawn:", err)
		} else {
			fmt.Fprintln(&b, "  drawn in", path)
		}
	}
	_, _ = io.WriteString(w, b.String())
}

func writeOps(b *strings.Builder, ops []model.Op) {
	for _, o := range ops {
		answered := "-"
		if o.Outcome != model.Unknown {
			answered = fmt.Sprintf("%.3f", float64(o.Return)/1e6)
		}
		fmt.Fprintf(b, "    %10.3f %10s ms  lane %2d  %s\n", float64(o.Call)/1e6, answered, o.Lane, o)
	}
}

func (v verdict) draw(out string) (string, error) {
	if err := os.MkdirAll(out, 0o750); err != nil {
		return "", err
	}
	path := filepath.Join(out, fmt.Sprintf("%s-%d.html", v.rec.Store, v.rec.Plan.Seed))
	return path, v.failure.Draw(path)
}
