package main

// sin is one fault: the text that is replaced, which stands once in its file,
// and the tests that must fail then.
type sin struct {
	Name     string
	What     string
	File     string
	Find     string
	Replace  string
	Packages []string
	Run      string // a pattern for go test -run; empty for all of the packages' tests
}

var (
	wire   = []string{"./shared/endpoint"}
	suite  = []string{"./shared/sqlite"}
	engine = []string{"./shared/dynamo"}
	rules  = []string{"./shared/grant", "./shared/endpoint"} // the quick one first
)

var sins = []sin{
	{
		Name: "200-on-outage", What: "the revocation endpoint answers 200 when the store fails",
		File: "shared/endpoint/revocation.go", Packages: wire,
		Find:    "		if err != nil {\n			return err\n		}\n		e := audit.Event",
		Replace: "		if err != nil {\n			replyRevoked(w)\n			return nil\n		}\n		e := audit.Event",
	},
	{
		Name: "outage-as-invalid-client", What: "an outage while the client is read becomes invalid_client",
		File: "shared/endpoint/pipeline.go", Packages: wire,
		Find:    "		found, err := store.Find(ctx, keys)\n		if err != nil {\n			return err\n		}",
		Replace: "		found, err := store.Find(ctx, keys)\n		if err != nil {\n			return errBearer\n		}",
	},
	{
		Name: "ownership-unchecked", What: "any client may revoke any token",
		File: "shared/grant/revoke.go", Packages: rules,
		Find: "	if g.ClientID != req.Client.ID() {", Replace: "	if false && g.ClientID != req.Client.ID() {",
	},
	{
		Name: "revoked-may-change", What: "SQLite changes a grant that is revoked",
		File: "shared/sqlite/grants.go", Packages: suite, Run: "TestStore",
		Find: "	u.require(\"id = ?\", ch.ID[:])\n	u.require(\"rev_at IS NULL\")", Replace: "	u.require(\"id = ?\", ch.ID[:])",
	},
	{
		Name: "refresh-condition-dropped", What: "SQLite rotates whatever the current refresh token is",
		File: "shared/sqlite/grants.go", Packages: suite, Run: "TestStore",
		Find: "	if !c.Refresh.IsZero() {", Replace: "	if false && !c.Refresh.IsZero() {",
	},
	{
		Name: "revocation-overwritten", What: "a second revocation replaces the first one's time and reason",
		File: "shared/sqlite/grants.go", Packages: suite, Run: "TestStore",
		Find:    "	u.require(\"id = ?\", id[:])\n	u.require(\"rev_at IS NULL\")",
		Replace: "	u.require(\"id = ?\", id[:])",
	},
	{
		Name: "stale-read", What: "DynamoDB is read without consistency",
		File: "shared/dynamo/find.go", Packages: engine,
		Find: "	part.ConsistentRead = aws.Bool(true)", Replace: "	part.ConsistentRead = aws.Bool(false)",
	},
	{
		Name: "partial-read-is-absent", What: "what DynamoDB left unprocessed counts as absent",
		File: "shared/dynamo/find.go", Packages: engine,
		Find: "	if err == nil && len(rest) > 0 {", Replace: "	if false && len(rest) > 0 {",
	},
	{
		Name: "phantom-grant", What: "a DynamoDB update makes a grant that is not there",
		File: "shared/dynamo/update.go", Packages: engine,
		Find: "	u.conds = []string{\"attribute_exists(\" + u.name(attrKey) + \")\"}", Replace: "	_ = u.name(attrKey)",
	},
	{
		Name: "family-secret-ignored", What: "a refresh token counts as genuine without the family secret",
		File: "shared/grant/grant.go", Packages: rules,
		Find:    "	family := !g.Family.IsZero() && v.Family().Equal(g.Family)",
		Replace: "	family := true",
	},
	{
		Name: "epoch-lowered", What: "raising an epoch sets it to less than it was",
		File: "shared/client/manage.go", Packages: []string{"./shared/client", "./shared/sqlite"},
		Find: "	to := max(c.Epoch+1, m.now().UnixMilli())", Replace: "	to := min(c.Epoch-1, m.now().UnixMilli())",
	},
	{
		Name: "epoch-unread", What: "a subject's epoch is not read",
		File: "shared/grant/refresh.go", Packages: rules,
		Find: "	return rows.Subjects[0], nil", Replace: "	return 0 * rows.Subjects[0], nil",
	},
	{
		Name: "client-off-accepted", What: "a client that is off still authenticates",
		File: "shared/client/authenticate.go", Packages: append(wire, "./shared/client"),
		Find: "	if c == nil || c.State != On {", Replace: "	if c == nil || c.State == Deleted {",
	},
	{
		Name: "reuse-ends-nothing", What: "an old refresh token is refused, but its grant lives on",
		File: "shared/grant/refresh.go", Packages: rules,
		Find:    "	if _, _, err := r.end(ctx, s, g.ID, g.ClientID, reason); err != nil {\n		return err\n	}\n	return reuse(reason)",
		Replace: "	return reuse(reason)",
	},
	{
		Name: "grace-beats-revocation", What: "within the grace a revoked grant still answers",
		File: "shared/grant/refresh.go", Packages: rules,
		Find:    "	if dead := g.Dead(cur, now); dead != \"\" {\n		return plan{}, invalidGrant(dead)\n	}\n	switch within",
		Replace: "	if dead := g.Dead(cur, now); dead != \"\" && gen != predecessor {\n		return plan{}, invalidGrant(dead)\n	}\n	switch within",
	},
	{
		Name: "lost-write-is-success", What: "a write whose answer was lost counts as made",
		File: "shared/grant/rules.go", Packages: rules,
		Find:    "	if readErr == nil && rows.Grants[0] != nil && ours.in(rows.Grants[0]) {",
		Replace: "	if readErr != nil || ours.in(rows.Grants[0]) || true {",
	},
	{
		Name: "scope-widened", What: "a refresh may ask for more than was granted",
		File: "shared/grant/refresh.go", Packages: rules,
		Find: "	if !scope.Within(g.Scope) {", Replace: "	if false && !scope.Within(g.Scope) {",
	},
	{
		Name: "seen-by-all", What: "introspection tells every client of every token",
		File: "shared/grant/introspect.go", Packages: rules,
		Find: "	case owner != caller.ID && !serves:", Replace: "	case false && owner != caller.ID && !serves:",
	},
	{
		Name: "checksum-unchecked", What: "a mistyped token is looked up",
		File: "shared/secret/alphabet.go", Packages: []string{"./shared/secret", "./shared/token", "./shared/endpoint"},
		Find:    "	if string(appendChecksum(body, body)[len(body):]) != s[len(body):] {",
		Replace: "	if len(appendChecksum(body, body)) == 0 {",
	},
	{
		Name: "status-before-headers", What: "the status is sent before the headers are set",
		File: "shared/endpoint/reply.go", Packages: wire,
		Find:    "	h := w.Header()\n	h[\"Content-Type\"] = valueJSON",
		Replace: "	w.WriteHeader(status)\n	h := w.Header()\n	h[\"Content-Type\"] = valueJSON",
	},
	{
		Name: "cacheable-token", What: "a token response may be cached",
		File: "shared/endpoint/reply.go", Packages: wire,
		Find:    "	noStore(w.Header())\n	writeJSON(w, http.StatusOK, body)",
		Replace: "	writeJSON(w, http.StatusOK, body)",
	},
	{
		Name: "secret-logged", What: "the access log holds the request's form",
		File: "shared/endpoint/observe.go", Packages: wire,
		Find:    "slog.String(\"client_id\", c.caller))",
		Replace: "slog.String(\"client_id\", c.caller), slog.String(\"token\", c.params.Get(\"token\")))",
	},
	{
		Name: "credentials-in-the-url", What: "a token in the query string is taken",
		File: "shared/endpoint/form.go", Packages: wire,
		Find: "		if query.Has(name) {", Replace: "		if false && query.Has(name) {",
	},
	{
		Name: "repeated-parameter", What: "the first of two equal parameters counts",
		File: "shared/oauth/params.go", Packages: append(wire, "./shared/oauth"),
		Find: "				return false\n			}\n		}\n	}\n	if p.pairs == nil", Replace: "				return true\n			}\n		}\n	}\n	if p.pairs == nil",
	},
	{
		Name: "aws-in-the-core", What: "the core imports the AWS SDK",
		File: "shared/grant/refused.go", Packages: []string{"./internal/layout"},
		Find:    "import \"rescind/shared/oauth\"",
		Replace: "import (\n	_ \"github.com/aws/aws-sdk-go-v2/aws\"\n\n	\"rescind/shared/oauth\"\n)",
	},
	{
		Name: "restore-ends-nothing", What: "a restored SQLite store keeps its generation",
		File: "shared/sqlite/prepare.go", Packages: suite, Run: "Restore|Accept|Cop",
		Find: "SET generation = max(generation + 1, ?),", Replace: "SET generation = max(generation, 0 * ?),",
	},
	{
		Name: "dropped-secret-restored", What: "a journal's replay keeps secrets that were dropped since the backup",
		File: "shared/client/keep.go", Packages: []string{"./shared/client", "./shared/journal"},
		Find: "	case len(kept(c.Secrets, times)) == len(c.Secrets):", Replace: "	default:",
	},
	{
		Name: "import-revives", What: "importing a client that was deleted counts as well done",
		File: "shared/client/import.go", Packages: []string{"./shared/client", "./cmd/rescind"}, Run: "Import",
		Find: "		return Absent, ErrDeleted", Replace: "		return Same, nil",
	},
	{
		Name: "walk-skips", What: "a walk leaves out the row after each page's last",
		File: "shared/sqlite/walk.go", Packages: suite, Run: "Store|Suite|Walk",
		Find: "rowid FROM grants WHERE rowid > ? ORDER BY", Replace: "rowid FROM grants WHERE rowid > ? + 1 ORDER BY",
	},
	{
		Name: "dry-run-of-the-living-and-dead", What: "a dry run counts grants that have ended already",
		File: "cmd/rescind/census/judge.go", Packages: []string{"./cmd/rescind/..."}, Run: "DryRun|Census|Count|Take",
		Find: "		dead[i] = g.Dead(cur, now)", Replace: "		_, dead[i] = g.Dead(cur, now), \"\"",
	},
	{
		Name: "page-sum-unchecked", What: "a page of the SQLite file is believed whatever its checksum",
		File: "shared/sqlite/sums_vfs.go", Packages: suite, Run: "Damage|Sum",
		Find:    "	if place := uint32(offset/int64(n)) + 1; !inLog && place != number || !sumIsRight(page) {",
		Replace: "	if place := uint32(offset/int64(n)) + 1; false && (!inLog && place != number || !sumIsRight(page)) {",
	},
	{
		Name: "page-number-unchecked", What: "a page of the SQLite file may lie in another's place",
		File: "shared/sqlite/sums_vfs.go", Packages: suite, Run: "Damage|Sum",
		Find:    "	if place := uint32(offset/int64(n)) + 1; !inLog && place != number || !sumIsRight(page) {",
		Replace: "	if place := uint32(offset/int64(n)) + 1; false && place != number || !sumIsRight(page) {",
	},
	{
		Name: "authorizer-scope-ignored", What: "the authorizer lets any active token pass every route",
		File: "shared/authorizer/authorizer.go", Packages: []string{"./shared/authorizer"},
		Find: "		case !need.Within(seen.Scope):", Replace: "		case false && !need.Within(seen.Scope):",
	},
	{
		Name: "authorizer-outage-blames-token", What: "to the authorizer a token that cannot be looked up is an invalid one",
		File: "shared/authorizer/authorizer.go", Packages: []string{"./shared/authorizer"},
		Find: "		return nil, errOutage // the cause is in the log only", Replace: "		return nil, ErrUnauthorized",
	},
	{
		Name: "bearer-of-any-audience", What: "an API takes tokens that are for another",
		File: "shared/grant/bearer.go", Packages: []string{"./shared/authorizer"},
		Find: "	case audience != \"\" && !slices.Contains(", Replace: "	case false && !slices.Contains(",
	},
}
