package dynamo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// MetaInterval is how old the store generation that Find gives can be, where
// another process raised it.
const MetaInterval = 10 * time.Second

const (
	attrName       = "name"
	attrGeneration = "gen"
)

// CopyError is the error of every operation on a table that holds another
// table's items: a copy, or a restored backup. Tokens that were revoked since
// would be alive in it.
type CopyError struct{ Table, Origin string }

// Error says what to do.
func (e *CopyError) Error() string {
	return fmt.Sprintf("table %s is a copy or a restore of %s: run `rescind restore accept`", e.Table, e.Origin)
}

// meta is what a table says of itself.
type meta struct {
	present    bool
	name       string
	generation int64
}

func decodeMeta(it item) (meta, error) {
	if len(it) == 0 {
		return meta{}, nil
	}
	r := readItem(it)
	r.newer()
	r.need(attrName, attrGeneration)
	return meta{true, r.str(attrName), r.num(attrGeneration)}, r.err
}

// guard remembers what the META rows said. The generation never goes down.
type guard struct {
	mu         sync.Mutex
	read       time.Time // when the reading began that last found both rows in order; zero: none
	generation int64
	restoring  bool // an operator changes tables that are not accepted yet: their names are not looked at
}

// verified tells whether both rows were ever found in order, and fresh whether
// that was within MetaInterval. A frozen process's monotonic clock may stand
// still, so the wall clock counts as well.
func (g *guard) verified() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.read.IsZero()
}

func (g *guard) fresh(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	wall := now.Round(0).Sub(g.read.Round(0))
	return !g.read.IsZero() && now.Sub(g.read) < MetaInterval && wall >= 0 && wall < MetaInterval
}

func (g *guard) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.read = time.Time{}
}

func (g *guard) current() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.generation
}

// learn takes what was read of both tables by a reading that began then.
func (g *guard) learn(metas [2]meta, tables [2]string, began time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	present := true
	for i, m := range metas {
		if m.present && m.name != tables[i] && !g.restoring {
			g.read = time.Time{}
			return &CopyError{Table: tables[i], Origin: m.name}
		}
		present = present && m.present
		g.generation = max(g.generation, m.generation)
	}
	switch {
	case !present: // fresh tables; their rows come with their first items
		g.read = time.Time{}
	case began.After(g.read):
		g.read = began
	}
	return nil
}

// readGuarded reads keys, with the META rows beside them where those were not
// read lately, and gives the store generation too.
func (s *Store) readGuarded(ctx context.Context, want []key) (map[key]item, int64, error) {
	began := s.now()
	guarded := !s.guard.fresh(began)
	if guarded {
		keys := s.metaKeys()
		want = append(want, keys[:]...)
	}
	got, err := s.read(ctx, want)
	if err != nil {
		return nil, 0, err
	}
	if guarded {
		if _, err := s.learn(got, began); err != nil {
			return nil, 0, err
		}
	}
	return got, s.guard.current(), nil
}

func (s *Store) learn(got map[key]item, began time.Time) (metas [2]meta, err error) {
	var tables [2]string
	for i, k := range s.metaKeys() {
		if metas[i], err = decodeMeta(got[k]); err != nil {
			return metas, err
		}
		tables[i] = k.table
	}
	return metas, s.guard.learn(metas, tables, began)
}

// readMetas reads the META rows and holds them against the tables' names.
func (s *Store) readMetas(ctx context.Context) ([2]meta, error) {
	began, keys := s.now(), s.metaKeys()
	got, err := s.read(ctx, keys[:])
	if err != nil {
		return [2]meta{}, err
	}
	return s.learn(got, began)
}

// Warm makes the reads that a process needs once, so that a Lambda function can
// have them, and its connection, made during init. Errors: *CopyError, or an outage.
func (s *Store) Warm(ctx context.Context) error {
	_, err := s.readMetas(ctx)
	return err
}

// ready stands before every operation that Find does not guard.
func (s *Store) ready(ctx context.Context) error {
	if s.guard.verified() {
		return nil
	}
	return s.Warm(ctx)
}

// claim stands before every write that can be a table's first: it leaves the
// table's name in it, so that a restore of it will be known as one. A new row
// takes over the generation that is known, mostly 0: a greater one would kill
// the grant whose birth began before.
func (s *Store) claim(ctx context.Context, table string) error {
	if s.guard.verified() {
		return nil
	}
	metas, err := s.readMetas(ctx)
	if err != nil {
		return err
	}
	for i, k := range s.metaKeys() {
		if k.table != table || metas[i].present {
			continue
		}
		u := upsert(k)
		u.when(u.absent(attrKey))
		u.set(attrName, str(k.table))
		u.set(attrGeneration, num(s.guard.current()))
		_, err := s.do(ctx, u)
		if _, taken := conditionFailed(err); err != nil && !taken {
			return outage("naming the table", k.table, err)
		}
	}
	return nil
}

// Generation reads the store generation, consistently.
func (s *Store) Generation(ctx context.Context) (int64, error) {
	if err := s.Warm(ctx); err != nil {
		return 0, err
	}
	return s.guard.current(), nil
}

// RaiseGeneration sets the store generation to "to" in both tables where it is
// less. Other processes see it within MetaInterval.
func (s *Store) RaiseGeneration(ctx context.Context, to int64) error {
	s.guard.forget() // should it stop half-way, the next read finds out how far it came
	for _, k := range s.metaKeys() {
		if err := s.claim(ctx, k.table); err != nil {
			return err
		}
		u := change(k)
		u.when(u.is(attrName, "=", str(k.table)), u.is(attrGeneration, "<", num(to)))
		u.set(attrGeneration, num(to))
		_, err := s.do(ctx, u)
		if _, reached := conditionFailed(err); err != nil && !reached {
			return outage("raising the store generation", k.table, err)
		}
	}
	// A failed condition means that it is as high already; this read tells
	// whether the rows were exchanged meanwhile.
	got, err := s.Generation(ctx)
	if err == nil && got < to {
		err = errors.New("dynamo: the store generation did not rise; run it again")
	}
	return err
}

// Accept makes both tables this store's own after a restore or a copy: it
// writes their names and raises the store generation, which ends every earlier
// grant, and gives the new one. Nothing else may use the tables meanwhile.
func (s *Store) Accept(ctx context.Context) (generation int64, err error) {
	s.guard.forget()
	keys := s.metaKeys()
	got, err := s.read(ctx, keys[:])
	if err != nil {
		return 0, err
	}
	generation = s.now().UnixMilli()
	for _, k := range keys {
		m, err := decodeMeta(got[k])
		if err != nil {
			return 0, err
		}
		generation = max(generation, m.generation+1)
	}
	for _, k := range keys {
		u := upsert(k)
		u.when("(" + u.absent(attrGeneration) + " OR " + u.is(attrGeneration, "<", num(generation)) + ")")
		u.set(attrName, str(k.table))
		u.set(attrGeneration, num(generation))
		if _, err := s.do(ctx, u); err != nil {
			stored, failed := conditionFailed(err)
			if m, bad := decodeMeta(stored); failed && bad == nil && m.name == k.table && m.generation == generation {
				continue // our own earlier attempt landed, and its answer was lost
			}
			if failed {
				err = errors.New("another accept is under way; run it again")
			}
			return 0, fmt.Errorf("dynamo: accepting table %s: %w", k.table, err)
		}
	}
	return generation, s.Warm(ctx)
}
