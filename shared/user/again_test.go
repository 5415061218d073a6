package user_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/shared/user"
)

func known(a *user.Account) user.Known {
	return user.Known{Key: a.Key, Subject: a.Subject, Issuer: a.Issuer, State: a.State, Version: a.Version, Updated: a.Updated}
}

const idp = "https://idp.example"

// Each row does something before the backup and something after it; then the
// journal of what is there is played into the backup, twice.
func TestARestoredAccountIsAsDeadAsItWas(t *testing.T) {
	type act func(ctx context.Context, a *user.Accounts) error
	create := func(ctx context.Context, a *user.Accounts) error {
		_, err := a.Create(ctx, email, right)
		return err
	}
	upstream := func(ctx context.Context, a *user.Accounts) error {
		_, err := a.Upstream(ctx, idp, "42", "ann@idp.example", "Ann")
		return err
	}
	disable := func(ctx context.Context, a *user.Accounts) error { return a.Disable(ctx, email) }
	enable := func(ctx context.Context, a *user.Accounts) error { return a.Enable(ctx, email) }
	remove := func(ctx context.Context, a *user.Accounts) error { return a.Delete(ctx, email) }
	password := func(ctx context.Context, a *user.Accounts) error { return a.SetPassword(ctx, email, wrong) }
	disableUp := func(ctx context.Context, a *user.Accounts) error {
		return a.DisableKey(ctx, user.KeyOfUpstream(idp, "42"))
	}
	removeUp := func(ctx context.Context, a *user.Accounts) error {
		return a.DeleteKey(ctx, user.KeyOfUpstream(idp, "42"))
	}

	for what, c := range map[string]struct {
		before, after []act
		want          user.Redone
		signsIn       bool // with the password of the backup
		upstream      bool // is the account that is looked at
		comes         bool // that one signs in at the provider
	}{
		"nothing happened":                {before: []act{create}, signsIn: true},
		"switched off":                    {before: []act{create}, after: []act{disable}, want: user.Redone{Off: true, Dropped: true}},
		"switched off and on":             {before: []act{create}, after: []act{disable, enable}, want: user.Redone{Dropped: true}},
		"switched on":                     {before: []act{create, disable}, after: []act{enable}, want: user.Redone{LeftOff: true, Dropped: true}},
		"deleted":                         {before: []act{create}, after: []act{remove}, want: user.Redone{Deleted: true}},
		"deleted long ago":                {before: []act{create, remove}},
		"a new password":                  {before: []act{create}, after: []act{password}, want: user.Redone{Dropped: true}},
		"deleted and made anew":           {before: []act{create}, after: []act{remove, create}, want: user.Redone{Deleted: true, Missing: true}},
		"made":                            {after: []act{create}, want: user.Redone{Missing: true}},
		"made where one was deleted":      {before: []act{create, remove}, after: []act{create}, want: user.Redone{Missing: true}},
		"made and deleted":                {after: []act{create, remove}},
		"upstream, nothing happened":      {before: []act{upstream}, upstream: true, comes: true},
		"upstream, switched off":          {before: []act{upstream}, after: []act{disableUp}, want: user.Redone{Off: true}, upstream: true},
		"upstream, came and switched off": {after: []act{upstream, disableUp}, want: user.Redone{Off: true}, upstream: true},
		"upstream, deleted":               {before: []act{upstream}, after: []act{removeUp}, want: user.Redone{Deleted: true}, upstream: true, comes: true},
		"upstream, deleted, came again and switched off": {before: []act{upstream}, after: []act{removeUp, upstream, disableUp},
			want: user.Redone{Deleted: true, Off: true}, upstream: true},
		"upstream, came": {after: []act{upstream}, upstream: true, comes: true},
	} {
		t.Run(what, func(t *testing.T) {
			live, then := newWorld(t), newWorld(t)
			run := func(w *world, acts []act) {
				for _, do := range acts {
					w.clock = w.clock.Add(time.Minute)
					if err := do(t.Context(), w.accounts); err != nil {
						t.Fatal(err)
					}
				}
			}
			run(live, c.before)
			live.copyTo(then)
			run(live, c.after)
			key := mustKey(t, email)
			if c.upstream {
				key = user.KeyOfUpstream(idp, "42")
			}
			then.clock = live.clock.Add(time.Hour)
			was := live.row(key)
			did, err := then.accounts.EndAgain(t.Context(), known(was))
			if err != nil || did != c.want {
				t.Errorf("it did %+v, %v", did, err)
			}
			version := func() int64 {
				if row := then.row(key); row != nil {
					return row.Version
				}
				return 0
			}
			before := version()
			if again, err := then.accounts.EndAgain(t.Context(), known(was)); err != nil || again.Deleted || again.Off || again.Dropped || version() != before {
				t.Errorf("the second time it did %+v, %v", again, err)
			}
			if err := then.verify(email, right, here); (err == nil) != c.signsIn {
				t.Errorf("the password of the backup is answered %v", err)
			}
			if c.upstream {
				a, err := then.accounts.Upstream(t.Context(), idp, "42", "", "")
				if (err == nil) != c.comes || was.State == user.Deleted && a != nil && a.Subject == was.Subject {
					t.Errorf("coming from the provider is answered %v", err)
				}
			}
		})
	}
}

// copyTo puts all rows into another world, as a backup has them.
func (w *world) copyTo(to *world) {
	w.Helper()
	list, err := w.db.ListUsers(w.Context(), user.Key{}, 10)
	if err != nil {
		w.Fatal(err)
	}
	for _, a := range list {
		for ver := range a.Version { // a row's version rises by one
			row := *a
			row.Version = ver + 1
			if err := to.db.PutUser(w.Context(), &row, ver); err != nil {
				w.Fatal(err)
			}
		}
	}
}

func TestWhatWasDoneSinceTheRestoreStays(t *testing.T) {
	live, then := newWorld(t), newWorld(t)
	live.create(email)
	live.copyTo(then)
	live.clock = live.clock.Add(time.Minute)
	if err := live.accounts.SetPassword(t.Context(), email, wrong); err != nil {
		t.Fatal(err)
	}
	journal := known(live.row(mustKey(t, email)))
	then.clock = live.clock.Add(time.Hour)
	if _, err := then.accounts.EndAgain(t.Context(), journal); err != nil {
		t.Fatal(err)
	}
	if err := then.accounts.SetPassword(t.Context(), email, right); err != nil {
		t.Fatal(err)
	}
	if did, err := then.accounts.EndAgain(t.Context(), journal); err != nil || did != (user.Redone{}) || then.verify(email, right, here) != nil {
		t.Errorf("a password that was given after the restore is dropped: %+v, %v", did, err)
	}
	if err := then.accounts.Delete(t.Context(), email); err != nil {
		t.Fatal(err)
	}
	then.clock = then.clock.Add(time.Minute)
	if _, err := then.accounts.Create(t.Context(), email, right); err != nil {
		t.Fatal(err)
	}
	if did, err := then.accounts.EndAgain(t.Context(), journal); err != nil || did != (user.Redone{}) || then.verify(email, right, here) != nil {
		t.Errorf("who was made after the restore is deleted: %+v, %v", did, err)
	}
	then.store.FailAll()
	if _, err := then.accounts.EndAgain(t.Context(), journal); !errors.Is(err, broken.ErrInjected) {
		t.Errorf("on a store that fails: %v", err)
	}
}
