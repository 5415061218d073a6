package dynamo

import (
	"errors"
	"strings"
	"testing"

	"rescind/shared/client"
	"rescind/shared/grant"
)

var errHalf = errors.New("half-way")

// A restore that is changed before it is accepted: stopped anywhere it is
// refused by everybody, and what was done to it is there once it is accepted.
func TestAcceptAfterIsRefusedUntilItsEnd(t *testing.T) {
	c := onEngine(t)
	ctx := t.Context()
	tables := newTables(t, c)
	s := New(c, tables)
	row := someClient(t)
	if err := s.CreateClient(ctx, row); err != nil {
		t.Fatal(err)
	}
	for _, k := range s.metaKeys() {
		u := upsert(k)
		u.set(attrName, str("prod-"+k.table))
		u.set(attrGeneration, num(1<<45))
		if _, err := s.do(ctx, u); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(when string) {
		t.Helper()
		copied := (*CopyError)(nil)
		if _, err := New(c, tables).Find(ctx, grant.Keys{Clients: []string{row.ID}}); !errors.As(err, &copied) {
			t.Errorf("%s: %v", when, err)
		}
	}
	refused("before")
	_, err := New(c, tables).AcceptAfter(ctx, func(operator *Store) error {
		refused("while it is changed")
		if err := operator.RestoreSubjectEpoch(ctx, grant.KeyOf("alice"), 7); err != nil {
			return err
		}
		if err := operator.RaiseClientEpoch(ctx, row.ID, row.Epoch, row.Epoch+1); err != nil {
			return err
		}
		return errHalf
	})
	if !errors.Is(err, errHalf) || !strings.Contains(err.Error(), "not accepted") {
		t.Errorf("%v", err)
	}
	refused("after it stopped half-way")
	off := client.Off
	generation, err := New(c, tables).AcceptAfter(ctx, func(operator *Store) error {
		return operator.UpdateClient(ctx, row.ID, row.Version, client.Change{State: &off})
	})
	if err != nil || generation <= 1<<45+1 {
		t.Fatalf("generation %d, %v", generation, err)
	}
	rows, err := New(c, tables).Find(ctx, grant.Keys{Clients: []string{row.ID}, Subjects: []string{"alice"}})
	if err != nil || rows.Generation != generation || rows.Subjects[0] != 7 || rows.Clients[0].State != client.Off || rows.Clients[0].Epoch != row.Epoch+1 {
		t.Errorf("%+v, %v", rows, err)
	}
}

// Tables that got the old one's name are used meanwhile: their older grants end
// before anything else is done, and those born meanwhile end with the accept.
func TestAcceptAfterEndsOlderGrantsFirst(t *testing.T) {
	c := onEngine(t)
	ctx := t.Context()
	s := New(c, newTables(t, c))
	if err := s.CreateClient(ctx, someClient(t)); err != nil {
		t.Fatal(err)
	}
	if err := s.RaiseGeneration(ctx, 1<<45); err != nil {
		t.Fatal(err)
	}
	meanwhile := int64(0)
	generation, err := s.AcceptAfter(ctx, func(*Store) (err error) {
		meanwhile, err = New(c, s.tables).Generation(ctx)
		return err
	})
	if err != nil || meanwhile <= 1<<45 || generation <= meanwhile {
		t.Errorf("the generation is %d meanwhile and %d after: %v", meanwhile, generation, err)
	}
}
