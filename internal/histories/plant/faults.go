package plant

import "slices"

const (
	sqlite = "sqlite"
	dynamo = "dynamodb"
)

// slowCommand has every fourth command that raises a client's epoch pause
// between its read and its write, as a machine that swaps would.
var slowCommand = Edit{"shared/client/manage.go", "	err = m.write(ctx, func(ctx context.Context) error { return m.Store.RaiseClientEpoch(ctx, id, c.Epoch, to) })",
	"	if to%4 == 0 {\n		time.Sleep(150 * time.Millisecond)\n	}\n	err = m.write(ctx, func(ctx context.Context) error { return m.Store.RaiseClientEpoch(ctx, id, c.Epoch, to) })"}

// Faults are all that can be planted.
var Faults = slices.Concat(ofTokens, ofPeople)

// ofTokens are in what clients and operators do.
var ofTokens = []Fault{
	{
		Name: "stale-read", What: "introspection answers from reads that are up to 150 ms old", Store: []string{sqlite, dynamo},
		Edits: []Edit{
			{"cmd/rescind/serve.go", "endpoint.RouteIntrospection: svc.Introspection(store),", "endpoint.RouteIntrospection: svc.Introspection(&stale{Finder: store, kept: map[string]keptRows{}}),"},
			{"cmd/rescind/serve.go", "// run serves until ctx ends,", `type keptRows struct {
	rows grant.Rows
	at   time.Time
}

type stale struct {
	grant.Finder
	mu   sync.Mutex
	kept map[string]keptRows
}

func (s *stale) Find(ctx context.Context, keys grant.Keys) (grant.Rows, error) {
	key := fmt.Sprint(keys)
	s.mu.Lock()
	k := s.kept[key]
	s.mu.Unlock()
	if time.Since(k.at) < 150*time.Millisecond {
		return k.rows, nil
	}
	rows, err := s.Finder.Find(ctx, keys)
	if err == nil {
		s.mu.Lock()
		s.kept[key] = keptRows{rows, time.Now()}
		s.mu.Unlock()
	}
	return rows, err
}

// run serves until ctx ends,`},
			{"cmd/rescind/serve.go", "\t\"strconv\"\n", "\t\"strconv\"\n\t\"sync\"\n"},
			{"cmd/rescind/serve.go", "\t\"rescind/shared/granttype\"\n", "\t\"rescind/shared/grant\"\n\t\"rescind/shared/granttype\"\n"},
		},
	},
	{
		Name: "lost-condition-sqlite", What: "SQLite makes a refresh's change whatever the current refresh token and count are", Store: []string{sqlite},
		Edits: []Edit{{"shared/sqlite/grants.go", "	u.condition(ch.If)\n", ""}},
	},
	{
		Name: "lost-condition-dynamodb", What: "DynamoDB makes a refresh's change whatever the current refresh token and count are", Store: []string{dynamo},
		Edits: []Edit{{"shared/dynamo/grants.go", "	holds(u, ch.If)\n", ""}},
	},
	{
		Name: "written-back-sqlite", What: "SQLite writes a refreshed grant back whole, as it was read, not revoked", Store: []string{sqlite},
		Edits: []Edit{
			{"shared/sqlite/grants.go", "	u.require(\"id = ?\", ch.ID[:])\n	u.require(\"rev_at IS NULL\")\n	u.condition(ch.If)", "	u.require(\"id = ?\", ch.ID[:])\n	u.condition(ch.If)"},
			{"shared/sqlite/grants.go", "	u.set = append(u.set, \"id = id\")", "	u.set = append(u.set, \"id = id, rev_at = NULL\")"},
		},
	},
	{
		Name: "written-back-dynamodb", What: "DynamoDB writes a refreshed grant back whole, as it was read, not revoked", Store: []string{dynamo},
		Edits: []Edit{{"shared/dynamo/grants.go", "	u.when(u.absent(attrRevoked))\n	holds(u, ch.If)", "	u.drop(attrRevoked)\n	u.drop(attrReason)\n	u.drop(attrRevoker)\n	holds(u, ch.If)"}},
	},
	{
		Name: "lowered-epoch-sqlite", What: "an operator's command that is slow between its read and its write overwrites a client's epoch with a lower one", Store: []string{sqlite}, Among: []string{"epoch"},
		Edits: []Edit{
			{"shared/sqlite/clients.go", "WHERE id = ? AND epoch = ?`, to, id, from)", "WHERE id = ?`, to, id)"},
			slowCommand,
		},
	},
	{
		Name: "lowered-epoch-dynamodb", What: "such a command, or a late duplicate of its write, overwrites a client's epoch with a lower one", Store: []string{dynamo}, Among: []string{"epoch"},
		Edits: []Edit{
			{"shared/dynamo/principals.go", "	u := change(k)\n	u.when(u.is(attrEpoch, \"=\", num(from)))\n", "	u := change(k)\n"},
			slowCommand,
		},
	},
	{
		Name: "outage-is-success", What: "a revocation that nobody knows to have landed is answered 200", Store: []string{dynamo},
		Edits: []Edit{{"shared/endpoint/revocation.go", "		if err != nil {\n			return err\n		}\n		e := audit.Event", "		if err != nil {\n			replyRevoked(w)\n			return nil\n		}\n		e := audit.Event"}},
	},
}
