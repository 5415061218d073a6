package endpoint_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rescind/internal/testkit/broken"
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// kind is one kind of request, with the state it needs.
type kind struct {
	name    string
	prepare func(d *deployment, n int) request // n makes names unique
	status  int                                // where nothing fails
	spares  broken.Verb                        // a write that may fail unseen
	again   int                                // once it was answered, where that differs
}

// TestOutageAtEveryCall fails every single call to the store, of every kind of
// request. The answer is 503 and says no more, the state is as before or as
// after, and the retry does what the request should have done.
func TestOutageAtEveryCall(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			o := outages{deployment: deploy(t, onSQLite{}, defaultIssuer), kind: k}
			o.measure()
			for call := 1; call <= o.calls; call++ {
				o.broken(broken.Fails, call, 1)
				o.broken(broken.Fails, call, 20) // and everything after it
				o.broken(broken.Lost, call, 1)
				o.broken(broken.Lost, call, 20)
			}
		})
	}
}

// outages is one kind of request under test.
type outages struct {
	*deployment
	kind   kind
	n      int
	calls  int      // that the request makes where nothing fails
	change string   // what it changes then
	twice  string   // and what two of it change
	verbs  []string // of those calls
}

func (o *outages) next() (request, string) {
	o.n++
	req := o.kind.prepare(o.deployment, o.n)
	o.store.Reset()
	return req, o.dump()
}

// measure runs the request where nothing fails.
func (o *outages) measure() {
	req, before := o.next()
	if got := overHTTP(o, o.gateway, req); got.status != o.kind.status {
		o.Fatalf("without a fault the answer is %s", got.without())
	}
	for _, v := range o.store.Calls() {
		o.verbs = append(o.verbs, string(v))
	}
	o.calls, o.change = len(o.verbs), change(before, o.dump())
	if o.calls == 0 {
		o.Fatal("the request does not ask the store: there is nothing to fail")
	}
	overHTTP(o, o.gateway, req)
	o.twice = change(before, o.dump())
}

// broken runs the request with one call failing, or with all that follow it
// failing too, and then the retry.
func (o *outages) broken(mode broken.Mode, call, many int) {
	o.Helper()
	req, before := o.next()
	verb := broken.Verb(o.verbs[call-1])
	what := fmt.Sprintf("call %d, %s, %s", call, verb, mode)
	if many > 1 {
		what += ", and all after it fail"
	}
	o.store.Inject(broken.Fault{N: call, Mode: mode})
	for n := call + 1; n < call+many; n++ {
		o.store.Inject(broken.Fault{N: n})
	}
	got := overHTTP(o, o.gateway, req)
	o.store.Reset()
	// A write that landed with its answer lost is found by the read that follows.
	settled := mode == broken.Lost && many == 1 && verb.Writes()
	if spared := verb == o.kind.spares && many == 1; settled || spared {
		if got.status != o.kind.status {
			o.Errorf("%s: the answer is %d and should be %d", what, got.status, o.kind.status)
		}
	} else {
		o.isOutage(what, got)
	}
	if now := change(before, o.dump()); now != "" && now != o.change && !o.partlySpared(now) {
		o.Errorf("%s: the state is between before and after: changed %q, and where nothing fails %q", what, now, o.change)
	}
	want := o.kind.status
	if got.status == want && o.kind.again != 0 {
		want = o.kind.again
	}
	o.retry(what, req, before, want)
}

// partlySpared: an upgraded secret stands for itself, whatever follows it.
func (o *outages) partlySpared(now string) bool {
	return o.kind.spares != "" && slices.Contains(strings.Split(o.change, "; "), now)
}

func (o *outages) isOutage(what string, got response) {
	o.Helper()
	want := response{status: 503, header: map[string]string{
		"Cache-Control": "no-store", "Content-Length": "113", "Content-Type": "application/json", "Pragma": "no-cache",
		"Retry-After": "2", "X-Content-Type-Options": "nosniff",
	}, body: `{"error":"temporarily_unavailable","error_description":"The request could not be completed and may be repeated."}`}
	if got.without("X-Request-Id") != want.without() {
		o.Errorf("%s: the answer is\n%s\nand should be\n%s", what, got.without("X-Request-Id"), want.without())
	}
}

func (o *outages) retry(what string, req request, before string, want int) {
	o.Helper()
	again := overHTTP(o, o.gateway, req)
	now := change(before, o.dump())
	if again.status != want || now != o.change && now != o.twice {
		o.Errorf("%s: the retry is answered %d, and %q changed in all, not %q", what, again.status, now, o.change)
	}
}

// change names what became different between two dumps of SQLite: per row the
// numbers of its columns, or that it is new or gone.
func change(before, after string) string {
	a, b := rowsOf(before), rowsOf(after)
	var all []string
	for key, now := range b {
		was, there := a[key]
		table, _, _ := strings.Cut(key, " ")
		if !there {
			all = append(all, table+" new")
			continue
		}
		var columns []string
		for i := range now {
			if was[i] != now[i] {
				columns = append(columns, fmt.Sprint(i))
			}
		}
		if columns != nil {
			all = append(all, table+" "+strings.Join(columns, ","))
		}
	}
	for key := range a {
		if b[key] == nil {
			all = append(all, key+" gone")
		}
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

func rowsOf(dump string) map[string][]string {
	rows, table := map[string][]string{}, ""
	for line := range strings.SplitSeq(dump, "\n") {
		columns := strings.Split(line, "|")
		if len(columns) == 1 {
			table = line
			continue
		}
		rows[table+" "+columns[0]] = columns
	}
	return rows
}

func kinds() []kind {
	refresh := func(v, more string) string { return "grant_type=refresh_token&refresh_token=" + v + more }
	made := func(d *deployment, n int, edits ...func(*client.Policy)) (app, grant.Tokens) {
		p := confidential()
		p.Audience = []string{"https://api.example"}
		for _, edit := range edits {
			edit(&p)
		}
		a := d.register(fmt.Sprint("app", n), p)
		return a, d.issue(a, fmt.Sprint("alice", n), scopeOf("read write"), p.Audience)
	}
	keeps := func(p *client.Policy) { p.RefreshRotation = client.RotateNever }
	alone := func(p *client.Policy) { p.RevokeAccessToken = client.RevokesToken }
	// at gives a request about a new grant's tokens.
	at := func(path, body string, edits ...func(*client.Policy)) func(*deployment, int) request {
		return func(d *deployment, n int) request {
			a, t := made(d, n, edits...)
			fill := strings.NewReplacer("{access}", reveal(t.Access), "{refresh}", reveal(t.Refresh))
			return post(path, fill.Replace(body), a.basic())
		}
	}
	// later gives one about a token that was refreshed before, as often as said.
	later := func(body string, times int) func(*deployment, int) request {
		return func(d *deployment, n int) request {
			a, t := made(d, n)
			first := reveal(t.Refresh)
			for range times {
				t = d.refreshed(a, reveal(t.Refresh))
			}
			return post("/o/token/", refresh(first, body), a.basic())
		}
	}
	return []kind{
		{name: "client_credentials", status: 200, prepare: at("/o/token/", "grant_type=client_credentials")},
		{name: "client_credentials with an imported secret", status: 200, spares: broken.UpdateClient, prepare: imported},
		{name: "refresh", status: 200, prepare: at("/o/token/", refresh("{refresh}", ""))},
		{name: "refresh without rotation", status: 200, prepare: at("/o/token/", refresh("{refresh}", ""), keeps)},
		{name: "redemption", status: 200, again: 400, prepare: redemption(0)},
		{name: "redemption of a used code", status: 400, prepare: redemption(1)},
		{name: "identical replay", status: 200, prepare: later("", 1)},
		{name: "replay for another scope", status: 200, prepare: later("&scope=read", 1)},
		{name: "reuse", status: 400, prepare: later("", 3)},
		{name: "revocation of a refresh token", status: 200, prepare: at("/o/revoke_token/", "token={refresh}")},
		{name: "revocation of an access token", status: 200, prepare: at("/o/revoke_token/", "token={access}")},
		{name: "revocation of an access token alone", status: 200, prepare: at("/o/revoke_token/", "token={access}", alone)},
		{name: "revocation of an unknown token", status: 200, prepare: at("/o/revoke_token/", "token=unknown")},
		{name: "introspection of an access token", status: 200, prepare: at("/o/introspect/", "token={access}")},
		{name: "introspection of a refresh token", status: 200, prepare: at("/o/introspect/", "token={refresh}")},
		{name: "introspection of an unknown token", status: 200, prepare: at("/o/introspect/", "token=unknown")},
		{name: "introspection by a bearer", status: 200, prepare: byBearer},
		{name: "health", status: 200, prepare: func(*deployment, int) request { return request{method: "GET", target: "/healthz"} }},
	}
}

func redeeming(code token.Value, a app) request {
	return post("/o/token/", "grant_type=authorization_code&code="+reveal(code)+"&code_verifier="+codeVerifier, a.basic())
}

// redemption is of a code that was redeemed so often before.
func redemption(times int) func(*deployment, int) request {
	return func(d *deployment, n int) request {
		a := d.register(fmt.Sprint("app", n), confidential())
		code := d.issueCode(a, fmt.Sprint("alice", n), scopeOf("read write"), nil, "", true)
		req := redeeming(code, a)
		for range times {
			if got := overHTTP(d, d.second(), req); got.status != 200 {
				d.Fatalf("the first redemption is answered %s", got.without())
			}
		}
		return req
	}
}

func byBearer(d *deployment, n int) request {
	p := confidential()
	p.Scope = scopeOf("read introspection")
	a := d.register(fmt.Sprint("app", n), p)
	pass := d.issue(a, "", scopeOf("introspection"), nil)
	t := d.issue(a, fmt.Sprint("alice", n), scopeOf("read"), nil)
	return post("/o/introspect/", "token="+reveal(t.Access), "Authorization: Bearer "+reveal(pass.Access))
}

func imported(d *deployment, n int) request {
	r := &run{deployment: d, apps: map[string]app{}}
	r.apps["app"] = d.register(fmt.Sprint("app", n), confidential())
	r.importSecret("app", "an-imported-secret-of-thirty-two-characters-"+fmt.Sprint(n))
	a := r.apps["app"]
	return post("/o/token/", "grant_type=client_credentials&client_id="+a.id+"&client_secret="+url.QueryEscape(a.text.Reveal()))
}

func reveal(v interface{ Text() secret.Text }) string { return v.Text().Reveal() }
