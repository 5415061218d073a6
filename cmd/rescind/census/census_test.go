package census_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rescind/cmd/rescind/census"
	"rescind/internal/testkit/broken"
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/sqlite"
	"rescind/shared/token"
)

// town is a store with grants to count.
type town struct {
	t     *testing.T
	store *broken.Store
	rules grant.Rules
	now   time.Time
}

func newTown(t *testing.T) *town {
	t.Helper()
	w := &town{t: t, now: time.Now().UTC().Truncate(time.Millisecond)}
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "rescind.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w.store = broken.Wrap(db)
	w.rules = grant.Defaults(func() time.Time { return w.now }, rand.Reader)
	return w
}

func (w *town) manager() client.Manager {
	return client.Manager{Store: w.store, Now: w.rules.Now, Rand: rand.Reader}
}

func (w *town) clients(ids ...string) {
	w.t.Helper()
	for _, id := range ids {
		p := client.Policy{Name: id, Type: client.Confidential, GrantTypes: []string{oauth.GrantClientCredentials, oauth.GrantRefreshToken}, Scope: oauth.Scope{"a"}}
		if _, _, err := w.manager().Create(w.t.Context(), id, p); err != nil {
			w.t.Fatal(err)
		}
	}
}

// grants makes n grants of a client; without a subject, its own.
func (w *town) grants(n int, clientID, subject string) (ids []token.GrantID) {
	w.t.Helper()
	keys := grant.Keys{Clients: []string{clientID}}
	if subject != "" {
		keys.Subjects = []string{subject}
	}
	rows, err := w.store.Find(w.t.Context(), keys)
	if err != nil {
		w.t.Fatal(err)
	}
	b := grant.Birth{Client: rows.Clients[0], Generation: rows.Generation, Subject: subject, Scope: oauth.Scope{"a"}, Refresh: subject != ""}
	if subject != "" {
		b.Epoch = rows.Subjects[0]
	}
	for range n {
		tokens, err := w.rules.Issue(w.t.Context(), w.store, b)
		if err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, tokens.Grant)
	}
	return ids
}

func (w *town) must(_ any, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestTakeCountsTheLivingByClientAndTheDeadByReason(t *testing.T) {
	w := newTown(t)
	w.clients("billing", "phone", "off", "raised")
	ids := w.grants(3, "phone", "alice")
	w.grants(2, "phone", "bob")
	w.grants(4, "billing", "")
	w.grants(1, "off", "carol")
	w.grants(2, "raised", "carol")
	w.must(w.rules.RevokeGrant(t.Context(), w.store, ids[0], "test"))
	w.must(w.rules.RevokeSubject(t.Context(), w.store, "bob"))
	w.must(w.manager().Disable(t.Context(), "off"))
	w.must(w.manager().RaiseEpoch(t.Context(), "raised"))

	var seen []int
	got, err := census.Take(t.Context(), w.store, w.now, func(n int) { seen = append(seen, n) })
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]int{"phone": 2, "billing": 4}; got.Alive != 6 || !maps.Equal(got.ByClient, want) {
		t.Errorf("%d alive: %v", got.Alive, got.ByClient)
	}
	want := map[string]int{grant.DeadRevoked: 1, grant.DeadSubjectEpoch: 2, grant.DeadClient: 1, grant.DeadClientEpoch: 2}
	if !maps.Equal(got.Dead, want) || got.Read != 12 || got.Total() != 12 || got.Capped {
		t.Errorf("dead: %v, %d read", got.Dead, got.Read)
	}
	if !slices.Equal(seen, []int{12}) {
		t.Errorf("progress: %v", seen)
	}

	later, err := census.Take(t.Context(), w.store, w.now.Add(2*time.Hour), nil)
	if err != nil || later.ByClient["billing"] != 0 || later.Dead[grant.DeadExpired] != 4 {
		t.Errorf("two hours later: %v, %v", later, err)
	}
	generation, err := w.store.Generation(t.Context())
	w.must(nil, err)
	w.must(nil, w.store.RaiseGeneration(t.Context(), generation+1))
	if restored, err := census.Take(t.Context(), w.store, w.now, nil); err != nil || restored.Alive != 0 || restored.Dead[grant.DeadRestored] != 6 {
		t.Errorf("after a restore: %v, %v", restored, err)
	}
}

func TestAnEmptyStoreHasNobody(t *testing.T) {
	w := newTown(t)
	if got, err := census.Take(t.Context(), w.store, w.now, nil); err != nil || got.Total() != 0 || got.Read != 0 || got.ByClient == nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestACountStopsAtTheLimitAndSaysSo(t *testing.T) {
	w := newTown(t)
	w.clients("phone", "other")
	w.grants(5, "phone", "alice")
	w.grants(1, "other", "bob")
	q := census.Query{Only: func(g *grant.Grant) bool { return g.ClientID == "phone" }}
	for most, want := range map[int]census.Census{
		4: {Alive: 4, Capped: true}, 5: {Alive: 5}, 6: {Alive: 5}, 0: {Alive: 5},
	} {
		q.Most = most
		got, err := census.Count(t.Context(), w.store, census.Walk(t.Context(), w.store, nil), w.now, q)
		if err != nil || got.Alive != want.Alive || got.Capped != want.Capped || got.ByClient["other"] != 0 {
			t.Errorf("at most %d: %+v, %v", most, got, err)
		}
	}
}

// Many subjects and clients do not fit into one read.
func TestNoReadHasMoreKeysThanAStoreTakes(t *testing.T) {
	w := newTown(t)
	const many = 130
	for i := range many {
		id := fmt.Sprintf("c%03d", i)
		w.clients(id)
		w.grants(1, id, fmt.Sprintf("s%03d", i))
	}
	counting := &keyCounter{Store: w.store}
	got, err := census.Take(t.Context(), counting, w.now, nil)
	if err != nil || got.Alive != many || len(got.ByClient) != many {
		t.Errorf("%d alive of %d clients, %v", got.Alive, len(got.ByClient), err)
	}
	if counting.most > 100 || counting.calls != 4 {
		t.Errorf("a read of %d keys, %d reads", counting.most, counting.calls)
	}
}

type keyCounter struct {
	census.Store
	most, calls int
}

func (k *keyCounter) Find(ctx context.Context, keys grant.Keys) (grant.Rows, error) {
	k.calls++
	k.most = max(k.most, len(keys.Clients)+len(keys.Grants)+len(keys.Subjects)+len(keys.Denied))
	return k.Store.Find(ctx, keys)
}

func TestListedPagesThroughAList(t *testing.T) {
	w := newTown(t)
	w.clients("phone")
	ids := w.grants(200, "phone", "alice")
	w.grants(3, "phone", "bob")
	w.grants(3, "phone", "")
	gone := ids[7]
	list := func(ctx context.Context, after token.GrantID, limit int) ([]token.GrantID, error) {
		return w.store.ListGrants(ctx, "alice", after, limit)
	}
	got, err := census.Count(t.Context(), without{w.store, gone}, census.Listed(t.Context(), without{w.store, gone}, list), w.now, census.Query{})
	if err != nil || got.Alive != 199 || got.Read != 199 {
		t.Errorf("%+v, %v", got, err)
	}
	byClient := func(ctx context.Context, after token.GrantID, limit int) ([]token.GrantID, error) {
		return w.store.ListClientGrants(ctx, "phone", after, limit)
	}
	got, err = census.Count(t.Context(), w.store, census.Listed(t.Context(), w.store, byClient), w.now, census.Query{})
	if err != nil || got.Alive != 203 {
		t.Errorf("by client: %+v, %v", got, err)
	}
}

// without is a store from which one grant was cleaned away.
type without struct {
	grant.Finder
	gone token.GrantID
}

func (s without) Find(ctx context.Context, keys grant.Keys) (grant.Rows, error) {
	rows, err := s.Finder.Find(ctx, keys)
	for i, id := range keys.Grants {
		if err == nil && id == s.gone {
			rows.Grants[i] = nil
		}
	}
	return rows, err
}

// Whichever call fails, there is an error and no number; and nothing is written.
func TestAnOutageGivesNoCount(t *testing.T) {
	w := newTown(t)
	w.clients("phone")
	w.grants(95, "phone", "alice")
	list := func(ctx context.Context, after token.GrantID, limit int) ([]token.GrantID, error) {
		return w.store.ListGrants(ctx, "alice", after, limit)
	}
	for name, count := range map[string]func() (census.Census, error){
		"a walk": func() (census.Census, error) { return census.Take(t.Context(), w.store, w.now, nil) },
		"a list": func() (census.Census, error) {
			return census.Count(t.Context(), w.store, census.Listed(t.Context(), w.store, list), w.now, census.Query{})
		},
	} {
		w.store.Reset()
		if got, err := count(); err != nil || got.Alive != 95 {
			t.Fatalf("%s: %+v, %v", name, got, err)
		}
		calls := w.store.Calls()
		if len(calls) < 3 {
			t.Errorf("%s takes %d calls", name, len(calls))
		}
		for _, v := range calls {
			if v.Writes() {
				t.Errorf("%s calls %s", name, v)
			}
		}
		for n := range calls {
			w.store.Reset()
			w.store.FailCall(n + 1)
			if got, err := count(); !errors.Is(err, broken.ErrInjected) || got.Read != 0 || got.ByClient != nil {
				t.Errorf("%s with call %d broken: %+v, %v", name, n+1, got, err)
			}
		}
	}
}
