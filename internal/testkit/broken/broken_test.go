package broken_test

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/sqlite"
	"rescind/shared/token"
)

func open(t *testing.T) *broken.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "rescind.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return broken.Wrap(s)
}

func newGrant(t *testing.T) *grant.Grant {
	t.Helper()
	id, err := token.NewGrantID(rand.Reader)
	op, err2 := secret.NewOp(rand.Reader)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Second)
	return &grant.Grant{ID: id, ClientID: "app", Born: now, AbsoluteEnd: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour), Op: op}
}

func exists(t *testing.T, s *broken.Store, g *grant.Grant) bool {
	t.Helper()
	rows, err := s.Store.Find(t.Context(), grant.Keys{Grants: []token.GrantID{g.ID}})
	if err != nil {
		t.Fatal(err)
	}
	return rows.Grants[0] != nil
}

func TestEveryMethodOfAStoreCanBreak(t *testing.T) {
	var none grant.Store // a method that is not ours would reach it, and panic
	s := broken.Wrap(none)
	s.FailAll()
	methods := reflect.TypeFor[interface {
		grant.Store
		broken.People
	}]()
	for m := range methods.NumMethod() {
		name := methods.Method(m).Name
		if name == "Close" {
			continue
		}
		method := reflect.ValueOf(s).MethodByName(name)
		args := []reflect.Value{reflect.ValueOf(t.Context())}
		for i := 1; i < method.Type().NumIn(); i++ {
			arg := reflect.Zero(method.Type().In(i))
			if arg.Kind() == reflect.Pointer {
				arg = reflect.New(method.Type().In(i).Elem())
			}
			args = append(args, arg)
		}
		answer := method.Call(args)
		if err, _ := answer[len(answer)-1].Interface().(error); !errors.Is(err, broken.ErrInjected) {
			t.Errorf("%s answers %v, not the injected error", name, err)
		}
		if s.Count(broken.Verb(name)) != 1 {
			t.Errorf("the call of %s was not counted under its name", name)
		}
	}
	if s.Count(broken.Any) != methods.NumMethod()-1 {
		t.Errorf("%d calls were counted", s.Count(broken.Any))
	}
}

func TestEachModeBreaksAsItSays(t *testing.T) {
	other := errors.New("another error")
	conflict := func(err error) bool { return errors.As(err, new(*grant.Conflict)) }
	for _, c := range []struct {
		fault  broken.Fault
		answer func(error) bool
		now    bool // whether it is there when it was answered
		later  bool // whether it is there after the delivery
	}{
		{broken.Fault{Mode: broken.Fails}, func(err error) bool { return errors.Is(err, broken.ErrInjected) }, false, false},
		{broken.Fault{Mode: broken.Fails, Err: other}, func(err error) bool { return errors.Is(err, other) }, false, false},
		{broken.Fault{Mode: broken.Lost}, func(err error) bool { return errors.Is(err, broken.ErrInjected) }, true, true},
		{broken.Fault{Mode: broken.Late}, func(err error) bool { return errors.Is(err, broken.ErrInjected) }, false, true},
		{broken.Fault{Mode: broken.Twice}, conflict, true, true},
		{broken.Fault{Mode: broken.Again}, func(err error) bool { return err == nil }, true, true},
		{broken.Fault{Mode: broken.Slow, Delay: time.Millisecond}, func(err error) bool { return err == nil }, true, true},
	} {
		t.Run("a call that "+c.fault.Mode.String(), func(t *testing.T) {
			s, g := open(t), newGrant(t)
			c.fault.Verb, c.fault.N = broken.Create, 1
			s.Inject(c.fault)
			if err := s.Create(t.Context(), g); !c.answer(err) {
				t.Errorf("the answer is %v", err)
			}
			if exists(t, s, g) != c.now {
				t.Errorf("written at once: %t", !c.now)
			}
			s.Deliver(t.Context())
			if exists(t, s, g) != c.later {
				t.Errorf("written in the end: %t", !c.later)
			}
		})
	}
}

func TestALateWriteArrivesAfterTheNextOfItsVerb(t *testing.T) {
	s, first, second := open(t), newGrant(t), newGrant(t)
	s.Inject(broken.Fault{Verb: broken.Create, N: 1, Mode: broken.Late})
	if err := s.Create(t.Context(), first); !errors.Is(err, broken.ErrInjected) {
		t.Fatalf("the answer is %v", err)
	}
	first.ClientID = "changed by the caller meanwhile"
	if _, err := s.Find(t.Context(), grant.Keys{}); err != nil || exists(t, s, first) {
		t.Errorf("it arrived after a call of another verb, %v", err)
	}
	if err := s.Create(t.Context(), second); err != nil || !exists(t, s, second) {
		t.Fatalf("the next one answers %v", err)
	}
	if !exists(t, s, first) {
		t.Error("it did not arrive after the next one")
	}
	rows, err := s.Find(t.Context(), grant.Keys{Grants: []token.GrantID{first.ID}})
	if err != nil || rows.Grants[0].ClientID != "app" {
		t.Errorf("it arrived as its caller changed it, %v", err)
	}
	if n := s.Deliver(t.Context()); n != 0 {
		t.Errorf("%d more were delivered", n)
	}
}

func TestTheNthCallOfAnyVerbFails(t *testing.T) {
	s := open(t)
	if _, err := s.Generation(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.FailCall(2)
	for i, want := range []bool{true, false, true} {
		var err error
		if i == 1 {
			_, err = s.FindClient(t.Context(), "app")
		} else {
			_, err = s.Find(t.Context(), grant.Keys{})
		}
		if (err == nil) != want {
			t.Errorf("call %d answers %v", i+1, err)
		}
	}
	s.FailAll()
	if _, err := s.Generation(t.Context()); err == nil {
		t.Error("not every call fails")
	}
	s.Heal()
	if _, err := s.Generation(t.Context()); err != nil {
		t.Errorf("a healed store answers %v", err)
	}
}

func TestAHookRunsBeforeAndAfterEachCall(t *testing.T) {
	s, g := open(t), newGrant(t)
	var seen []broken.Call
	s.Hook(func(c broken.Call) {
		seen = append(seen, c)
		if exists(t, s, g) != c.After {
			t.Errorf("after=%t, and the write is not as that says", c.After)
		}
	})
	if err := s.Create(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	want := []broken.Call{{Verb: broken.Create, N: 1}, {Verb: broken.Create, N: 1, After: true}}
	if !reflect.DeepEqual(seen, want) {
		t.Errorf("the hook saw %v", seen)
	}
	s.Reset()
	if err := s.Create(t.Context(), newGrant(t)); err != nil || len(seen) != 2 || s.Count(broken.Any) != 1 {
		t.Errorf("after Reset: %v, %d hooks, %d calls", err, len(seen), s.Count(broken.Any))
	}
}

func TestASlowCallEndsWithItsContext(t *testing.T) {
	s := open(t)
	s.Inject(broken.Fault{Mode: broken.Slow, Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	if _, err := s.Generation(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the answer is %v", err)
	}
}

func TestAWalkGivesItsPageOrNothing(t *testing.T) {
	s := open(t)
	for range 2 {
		if err := s.Create(t.Context(), newGrant(t)); err != nil {
			t.Fatal(err)
		}
	}
	want, wantNext, err := s.Store.WalkGrants(t.Context(), "", 1)
	if err != nil || len(want) != 1 || wantNext == "" {
		t.Fatalf("%d grants, %q, %v", len(want), wantNext, err)
	}
	if got, next, err := s.WalkGrants(t.Context(), "", 1); err != nil || next != wantNext || !reflect.DeepEqual(got, want) {
		t.Errorf("unbroken it gives %d grants, %q, %v", len(got), next, err)
	}
	for _, mode := range []broken.Mode{broken.Fails, broken.Lost, broken.Late} {
		s.Reset()
		s.Inject(broken.Fault{Verb: broken.WalkGrants, N: 1, Mode: mode})
		if got, next, err := s.WalkGrants(t.Context(), "", 1); !errors.Is(err, broken.ErrInjected) || len(got) != 0 || next != "" {
			t.Errorf("one that %s gives %d grants, %q, %v", mode, len(got), next, err)
		}
		if n := s.Deliver(t.Context()); n != 0 {
			t.Errorf("a read that %s arrives later", mode)
		}
	}
}
