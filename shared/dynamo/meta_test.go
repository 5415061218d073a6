package dynamo

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rescind/shared/client"
	"rescind/shared/grant"
)

// counting counts the keys that each read asks for.
func counting(from *stub, keys *[]int) *stub {
	return &stub{
		get: func(in *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
			*keys = append(*keys, 1)
			return from.get(in)
		},
		batch: func(in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
			n := 0
			for _, p := range in.RequestItems {
				n += len(p.Keys)
			}
			*keys = append(*keys, n)
			return from.batch(in)
		},
	}
}

// Every MetaInterval the META rows ride along in a read that is made anyhow.
func TestGenerationIsReadAgainEveryInterval(t *testing.T) {
	items := map[key]item{}
	var keys []int
	at := time.Now()
	s := New(counting(holding(items), &keys), stubTables)
	s.now = func() time.Time { return at }
	find := func(wantKeys int, wantGeneration int64) {
		t.Helper()
		keys = nil
		rows, err := s.Find(t.Context(), grant.Keys{Clients: []string{"c"}})
		if err != nil || rows.Generation != wantGeneration || len(keys) != 1 || keys[0] != wantKeys {
			t.Fatalf("generation %d in requests of %v keys (%v); want %d in one of %d", rows.Generation, keys, err, wantGeneration, wantKeys)
		}
	}
	find(3, 7)
	find(1, 7)
	raised := map[key]item{s.metaKeys()[0]: {attrKey: str(metaKey), attrName: str(stubTables.Tokens), attrGeneration: num(8)}}
	s.api = counting(holding(raised), &keys)
	at = at.Add(MetaInterval - time.Millisecond)
	find(1, 7)
	at = at.Add(time.Millisecond)
	find(3, 8)
	find(1, 8)
	s.api = counting(holding(items), &keys)
	at = at.Add(MetaInterval)
	find(3, 8) // it never goes down
	at = at.Add(-time.Hour)
	find(3, 8) // a clock that was set back proves nothing
}

func TestCopyFailsEveryOperationUntilItIsAccepted(t *testing.T) {
	copied := map[key]item{}
	s := New(nil, stubTables)
	copied[s.metaKeys()[1]] = item{attrKey: str(metaKey), attrName: str("prod-principals"), attrGeneration: num(7)}
	// No write is ever sent: the stub has none.
	s = New(holding(copied), stubTables)
	for name, err := range everyOperation(t, s) {
		var copied *CopyError
		if !errors.As(err, &copied) || *copied != (CopyError{Table: "t-principals", Origin: "prod-principals"}) {
			t.Errorf("%s: error is %v", name, err)
		} else if !strings.Contains(err.Error(), "rescind restore accept") {
			t.Errorf("%s does not say what to do: %v", name, err)
		}
	}
	s.api = holding(nil)
	if err := s.Warm(t.Context()); err != nil {
		t.Errorf("the rows are in order again: %v", err)
	}
	s.api = holding(copied)
	if _, err := s.Generation(t.Context()); err == nil {
		t.Error("a row that changed under a running process went unnoticed")
	}
	if err := s.Replace(t.Context(), grant.Change{ID: newID(t)}); err == nil {
		t.Error("what was found out must hold for writes too")
	}
}

func everyOperation(t *testing.T, s *Store) map[string]error {
	ctx, g := t.Context(), someGrant(t)
	errs := map[string]error{
		"Warm":             s.Warm(ctx),
		"Create":           s.Create(ctx, g),
		"Replace":          s.Replace(ctx, grant.Change{ID: g.ID}),
		"RemoveAccess":     s.RemoveAccess(ctx, g.ID, 0, digest("a")),
		"Deny":             s.Deny(ctx, grant.Denial{JTI: "j", At: g.Born}),
		"CreateClient":     s.CreateClient(ctx, someClient(t)),
		"UpdateClient":     s.UpdateClient(ctx, "c", 1, client.Change{}),
		"RaiseClientEpoch": s.RaiseClientEpoch(ctx, "c", 1, 2),
		"RaiseGeneration":  s.RaiseGeneration(ctx, 9),
	}
	_, errs["Find"] = s.Find(ctx, grant.Keys{Clients: []string{"c"}})
	_, errs["Find of nothing"] = s.Find(ctx, grant.Keys{})
	_, errs["FindClient"] = s.FindClient(ctx, "c")
	_, errs["Revoke"] = s.Revoke(ctx, g.ID, "", grant.Revocation{At: g.Born})
	_, errs["RaiseSubjectEpoch"] = s.RaiseSubjectEpoch(ctx, "alice", 0, 1)
	_, errs["ListGrants"] = s.ListGrants(ctx, "alice", g.ID, 1)
	_, errs["ListClientGrants"] = s.ListClientGrants(ctx, "shop", g.ID, 1)
	_, _, errs["WalkGrants"] = s.WalkGrants(ctx, "", 1)
	_, _, errs["WalkSubjects"] = s.WalkSubjects(ctx, "", 1)
	_, _, errs["WalkDenied"] = s.WalkDenied(ctx, "", 1)
	errs["RestoreSubjectEpoch"] = s.RestoreSubjectEpoch(ctx, grant.KeyOf("alice"), 1)
	_, errs["ListClients"] = s.ListClients(ctx, "", 1)
	_, errs["Generation"] = s.Generation(ctx)
	return errs
}

func TestFreshTablesAreNamedByTheirFirstItem(t *testing.T) {
	c := onEngine(t)
	for name, first := range map[string]struct {
		write func(context.Context, *Store) error
		table func(Tables) string
	}{
		"grant":  {func(ctx context.Context, s *Store) error { return s.Create(ctx, someGrant(t)) }, func(n Tables) string { return n.Tokens }},
		"denial": {func(ctx context.Context, s *Store) error { return s.Deny(ctx, grant.Denial{JTI: "j", At: time.Now()}) }, func(n Tables) string { return n.Tokens }},
		"client": {func(ctx context.Context, s *Store) error { return s.CreateClient(ctx, someClient(t)) }, func(n Tables) string { return n.Principals }},
		"subject": {func(ctx context.Context, s *Store) error {
			_, err := s.RaiseSubjectEpoch(ctx, "alice", 0, 1)
			return err
		}, func(n Tables) string { return n.Principals }},
		"restored subject": {func(ctx context.Context, s *Store) error { return s.RestoreSubjectEpoch(ctx, grant.KeyOf("alice"), 1) },
			func(n Tables) string { return n.Principals }},
	} {
		tables := newTables(t, c)
		s := New(c, tables)
		for _, k := range s.metaKeys() { // as the template leaves them
			if _, err := c.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &k.table, Key: k.attributes()}); err != nil {
				t.Fatal(err)
			}
		}
		if rows, err := s.Find(t.Context(), grant.Keys{Clients: []string{"c"}}); err != nil || rows.Generation != 0 || s.guard.verified() {
			t.Errorf("%s: fresh tables: generation %d, cached %t, error %v", name, rows.Generation, s.guard.verified(), err)
		}
		if err := first.write(t.Context(), s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, k := range s.metaKeys() {
			m := must[meta](t)(decodeMeta(peek(t, c, k)))
			want := meta{}
			if k.table == first.table(tables) {
				want = meta{true, k.table, 0}
			}
			if m != want {
				t.Errorf("%s: META of %s is %+v, want %+v", name, k.table, m, want)
			}
		}
	}
}

func TestRaisedGeneration(t *testing.T) {
	c := onEngine(t)
	tables := newTables(t, c)
	s, other := New(c, tables), New(c, tables)
	at := time.Now()
	other.now = func() time.Time { return at }
	for _, warmed := range []*Store{s, other} {
		if err := warmed.Warm(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.RaiseGeneration(t.Context(), 50); err != nil {
		t.Fatal(err)
	}
	if err := s.RaiseGeneration(t.Context(), 40); err != nil {
		t.Fatalf("a generation that is as high already is no error: %v", err)
	}
	seen := func(s *Store) int64 {
		return must[grant.Rows](t)(s.Find(t.Context(), grant.Keys{Clients: []string{"c"}})).Generation
	}
	if got := seen(s); got != 50 {
		t.Errorf("the process that raised it sees %d", got)
	}
	at = at.Add(MetaInterval)
	if got := seen(other); got != 50 {
		t.Errorf("after %v another process sees %d", MetaInterval, got)
	}
	for _, k := range s.metaKeys() {
		if m := must[meta](t)(decodeMeta(peek(t, c, k))); m.generation != 50 {
			t.Errorf("META of %s is %+v", k.table, m)
		}
	}
}

// A restore, as AWS makes it: the items of a table under another name.
func TestAcceptedRestore(t *testing.T) {
	c := onEngine(t)
	ctx := t.Context()
	tables := newTables(t, c)
	s := New(c, tables)
	for _, k := range s.metaKeys() {
		u := upsert(k)
		u.set(attrName, str("prod-"+k.table))
		u.set(attrGeneration, num(1<<45)) // far ahead of the clock
		if _, err := s.do(ctx, u); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Find(ctx, grant.Keys{Clients: []string{"c"}}); err == nil {
		t.Fatal("a restore was used without being accepted")
	}
	got, err := s.Accept(ctx)
	if err != nil || got != 1<<45+1 {
		t.Fatalf("Accept: %d, %v", got, err)
	}
	rows, err := New(c, tables).Find(ctx, grant.Keys{Clients: []string{"c"}})
	if err != nil || rows.Generation != got {
		t.Errorf("another process sees generation %d, %v", rows.Generation, err)
	}
	again, err := s.Accept(ctx)
	if err != nil || again != got+1 {
		t.Errorf("a second Accept: %d, %v", again, err)
	}
	if rows, err := s.Find(ctx, grant.Keys{}); err != nil || rows.Generation != again {
		t.Errorf("the process that accepted sees generation %d, %v", rows.Generation, err)
	}
}

// The SDK sends a write again whose answer was lost, and meets its own first.
func TestAcceptKnowsItsOwnWrite(t *testing.T) {
	for name, other := range map[string]int64{"its own": 0, "another's": 1} {
		from := holding(nil)
		from.update = func(in *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
			stored := item{attrKey: str(metaKey), attrName: str(*in.TableName), attrGeneration: num(8 + other)}
			return nil, &types.ConditionalCheckFailedException{Item: stored}
		}
		s := New(from, stubTables)
		s.now = func() time.Time { return time.UnixMilli(5) } // so it will be 8
		generation, err := s.Accept(t.Context())
		if other == 0 && (err != nil || generation != 8) {
			t.Errorf("%s: %d, %v", name, generation, err)
		}
		if other != 0 && (err == nil || !strings.Contains(err.Error(), "run it again")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
