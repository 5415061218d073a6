package storetest

import (
	"crypto/sha256"
	"errors"
	"math"

	"rescind/shared/authorization"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/user"
)

// kept is one kind of row that is written whole, under its version: what is
// promised of each is the same.
type kept struct {
	what string
	put  func(w *world, s Store, name string, r keptRow, ver int64) error
	find func(w *world, s Store, name string) (*keptRow, error)
	// conflict gives the stored row where err is the kind's *Conflict.
	conflict func(err error) (stored *keptRow, is bool)
}

// keptRow is what the checks look at in a row: the mark is one of its members.
type keptRow struct {
	version int64
	mark    string
	op      secret.Op
}

// same tells of two rows whether they are, without their printing.
func (r *keptRow) same(o *keptRow) bool {
	return r != nil && o != nil && r.version == o.version && r.mark == o.mark && r.op == o.op
}

func keyOf(name string) user.Key { return sha256.Sum256([]byte(name)) }

var accounts = kept{"an account",
	func(w *world, s Store, name string, r keptRow, ver int64) error {
		return s.PutUser(w.ctx, &user.Account{Key: keyOf(name), Version: r.version, Subject: "subject of " + name, State: user.On, Email: name, Name: r.mark,
			Password: secret.NewText("$argon2id$" + name), Op: r.op, Created: w.clock.Now(), Updated: w.clock.Now()}, ver)
	},
	func(w *world, s Store, name string) (*keptRow, error) {
		a, err := s.FindUser(w.ctx, keyOf(name))
		return accountRow(a), err
	},
	func(err error) (*keptRow, bool) {
		conflict := (*user.Conflict)(nil)
		if !errors.As(err, &conflict) {
			return nil, false
		}
		return accountRow(conflict.Stored), true
	},
}

func accountRow(a *user.Account) *keptRow {
	if a == nil {
		return nil
	}
	return &keptRow{a.Version, a.Name, a.Op}
}

var consents = kept{"a subject's consents",
	func(w *world, s Store, name string, r keptRow, ver int64) error {
		return s.PutConsents(w.ctx, &authorization.Consents{Subject: name, Version: r.version, Op: r.op, Updated: w.clock.Now(),
			Apps: []authorization.App{{ClientID: "app", Scope: oauth.Scope{r.mark}, Since: w.clock.Now()}}}, ver)
	},
	func(w *world, s Store, name string) (*keptRow, error) {
		c, err := s.FindConsents(w.ctx, name)
		return consentRow(c), err
	},
	func(err error) (*keptRow, bool) {
		conflict := (*authorization.Conflict)(nil)
		if !errors.As(err, &conflict) {
			return nil, false
		}
		return consentRow(conflict.Stored), true
	},
}

func consentRow(c *authorization.Consents) *keptRow {
	if c == nil {
		return nil
	}
	return &keptRow{c.Version, c.Apps[0].Scope.String(), c.Op}
}

// row reads through the other process.
func (k kept) row(w *world, name string) *keptRow {
	w.Helper()
	r, err := k.find(w, w.other, name)
	w.must(err, "reading "+k.what)
	return r
}

// stands checks that a row is as it was written, or that there is none.
func (k kept) stands(w *world, name string, want *keptRow, when string) {
	w.Helper()
	if got := k.row(w, name); got == nil && want == nil {
		return
	} else if !got.same(want) {
		w.Errorf("%s: %s is not as it should be", when, k.what)
	}
}

// conflicts checks that an error is a conflict with this row.
func (k kept) conflicts(w *world, err error, stored *keptRow, what string) {
	w.Helper()
	got, is := k.conflict(err)
	if !is {
		w.Errorf("%s answers %v, not a conflict", what, err)
	} else if (got == nil) != (stored == nil) || got != nil && !got.same(stored) {
		w.Errorf("%s is a conflict with another row than is stored", what)
	}
}

// next is a row that may follow a version, and new in all else.
func next(w *world, ver int64) keptRow { return keptRow{ver + 1, unique("mark"), newOp(w)} }

// written puts a row on top of version ver.
func (k kept) written(w *world, name string, ver int64) *keptRow {
	w.Helper()
	r := next(w, ver)
	w.must(k.put(w, w.store, name, r, ver), "writing "+k.what)
	return &r
}

func versionChecks() (all []Check) {
	for _, k := range []kept{accounts, consents} {
		all = append(all, group("writing "+k.what+" under its version",
			check("what was written is there for every process, and what was not is nothing", func(w *world) {
				name := unique("name-")
				k.stands(w, name, nil, "before")
				k.stands(w, name, k.written(w, name, 0), "after the first write")
				k.stands(w, name, k.written(w, name, 1), "after the second write")
				k.stands(w, name+"x", nil, "beside it")
			}),
			check("a first write where there is a row is a conflict with it", func(w *world) {
				name := unique("name-")
				stored := k.written(w, name, 0)
				k.conflicts(w, k.put(w, w.other, name, next(w, 0), 0), stored, "a first write")
				k.stands(w, name, stored, "after a first write that came second")
			}),
			check("a write under another version is a conflict with the row and changes nothing", func(w *world) {
				name := unique("name-")
				k.written(w, name, 0)
				k.written(w, name, 1)
				stored := k.written(w, name, 2)
				for _, ver := range []int64{0, 1, 2, 4, 1 << 40} {
					k.conflicts(w, k.put(w, w.other, name, next(w, ver), ver), stored, "a write under another version")
				}
				k.stands(w, name, stored, "after writes under other versions")
			}),
			check("a change of a row that is not there is a conflict with nothing and makes none", func(w *world) {
				name := unique("name-")
				for _, ver := range []int64{1, 2, 1 << 40} {
					k.conflicts(w, k.put(w, w.store, name, next(w, ver), ver), nil, "a change of nothing")
				}
				k.stands(w, name, nil, "after changes of nothing")
			}),
			check("a version that does not follow the other is refused and no conflict", func(w *world) {
				name := unique("name-")
				stored := k.written(w, name, 0)
				for _, v := range []struct{ version, ver int64 }{{0, 0}, {2, 0}, {1, 1}, {3, 1}, {0, -1}, {math.MinInt64, math.MaxInt64}, {5, 1}} {
					r := next(w, 0)
					r.version = v.version
					err := k.put(w, w.store, name, r, v.ver)
					if _, is := k.conflict(err); err == nil || is {
						w.Errorf("version %d on top of %d answers %v", v.version, v.ver, err)
					}
				}
				k.stands(w, name, stored, "after what was refused")
			}),
			check("of those that write on top of one version exactly one wins", k.oneWins),
			check("no change is lost among many that read, change and write", k.noneLost),
		)...)
	}
	return all
}

func (k kept) oneWins(w *world) {
	name := unique("name-")
	for ver := range int64(3) {
		rows := make([]keptRow, 20)
		for i := range rows {
			rows[i] = next(w, ver)
		}
		var winner *keptRow
		for i, err := range crowd(w, len(rows), func(i int, s Store) error { return k.put(w, s, name, rows[i], ver) }) {
			switch _, lost := k.conflict(err); {
			case err == nil && winner == nil:
				winner = &rows[i]
			case err == nil:
				w.Errorf("two won on top of version %d", ver)
			case !lost:
				w.Errorf("a loser is answered %v", err)
			}
		}
		k.stands(w, name, winner, "after the race")
	}
}

func (k kept) noneLost(w *world) {
	name := unique("name-")
	for _, err := range crowd(w, 20, func(_ int, s Store) error {
		for {
			r, err := k.find(w, s, name)
			if err != nil {
				return err
			}
			ver := int64(0)
			if r != nil {
				ver = r.version
			}
			err = k.put(w, s, name, keptRow{ver + 1, "mark", newOp(w)}, ver)
			if _, lost := k.conflict(err); !lost {
				return err
			}
		}
	}) {
		w.must(err, "changing "+k.what)
	}
	if got := k.row(w, name); got == nil || got.version != 20 {
		w.Errorf("20 changes made another version")
	}
}
