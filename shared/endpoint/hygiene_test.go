package endpoint_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// misplaced are the places where a caller may put a secret by mistake.
var misplaced = []struct {
	name string
	make func(a app, s string) request
}{
	{"as the client_id in the body", func(_ app, s string) request {
		return post("/o/token/", "client_id="+url.QueryEscape(s)+"&client_secret=x")
	}},
	{"as the client_id alone", func(_ app, s string) request {
		return post("/o/revoke_token/", "token=x&client_id="+url.QueryEscape(s))
	}},
	{"as the client_id in Basic", func(_ app, s string) request { return post("/o/introspect/", "token=x", basicHeader(s, "x")) }},
	{"as the secret in Basic", func(_ app, s string) request { return post("/o/token/", "", basicHeader("nobody", s)) }},
	{"as another client's secret", func(a app, s string) request { return post("/o/token/", "", basicHeader(a.id, s+"x")) }},
	{"as Basic without encoding", func(_ app, s string) request { return post("/o/token/", "", "Authorization: Basic "+s) }},
	{"as an Authorization without scheme", func(_ app, s string) request { return post("/o/token/", "", "Authorization: "+s) }},
	{"as the name of a scheme", func(_ app, s string) request { return post("/o/token/", "", "Authorization: "+s+" x") }},
	{"as a bearer at the token endpoint", func(_ app, s string) request { return post("/o/token/", "", "Authorization: Bearer "+s) }},
	{"as a bearer at introspection", func(_ app, s string) request { return post("/o/introspect/", "token="+s, "Authorization: Bearer "+s) }},
	{"as the method", func(_ app, s string) request {
		return request{method: strings.ReplaceAll(s, "=", ""), target: "/o/token/"}
	}},
	{"as the path", func(_ app, s string) request { return request{method: "GET", target: "/" + s} }},
	{"below an endpoint's path", func(a app, s string) request { return post("/o/revoke_token/"+s, "", a.basic()) }},
	{"as a query", func(a app, s string) request { return post("/o/revoke_token/?"+s, "token=x", a.basic()) }},
	{"as a token in the query", func(a app, s string) request { return post("/o/revoke_token/?token="+s, "", a.basic()) }},
	{"in a malformed query", func(a app, s string) request { return post("/o/revoke_token/?%zz="+s, "", a.basic()) }},
	{"as the request id", func(a app, s string) request {
		return post("/o/revoke_token/", "token=x", a.basic(), "X-Request-Id: "+s)
	}},
	{"as the user agent and referrer", func(a app, s string) request {
		return post("/o/revoke_token/", "token=x", a.basic(), "User-Agent: "+s, "Referer: https://x/"+s)
	}},
	{"as the media type", func(_ app, s string) request {
		r := post("/o/token/", "")
		r.header[0] = "Content-Type: " + s
		return r
	}},
	{"as a header's name", func(a app, s string) request {
		return post("/o/token/", "", a.basic(), "X-"+strings.TrimRight(s, "=")+": x")
	}},
	{"as the grant type", func(a app, s string) request { return post("/o/token/", "grant_type="+s, a.basic()) }},
	{"as the scope", func(a app, s string) request {
		return post("/o/token/", "grant_type=client_credentials&scope="+s, a.basic())
	}},
	{"as a malformed scope", func(a app, s string) request {
		return post("/o/token/", "grant_type=client_credentials&scope=%22"+s, a.basic())
	}},
	{"as the resource", func(a app, s string) request {
		return post("/o/token/", "grant_type=client_credentials&resource="+s, a.basic())
	}},
	{"as a resource that could be", func(a app, s string) request {
		return post("/o/token/", "grant_type=client_credentials&resource=https://x/"+s, a.basic())
	}},
	{"as the hint", func(a app, s string) request {
		return post("/o/revoke_token/", "token=x&token_type_hint="+s, a.basic())
	}},
	{"as an unknown parameter's name", func(a app, s string) request { return post("/o/revoke_token/", "token=x&"+s+"=x", a.basic()) }},
	{"in a malformed body", func(a app, s string) request { return post("/o/revoke_token/", "token="+s+"%zz", a.basic()) }},
	{"as a code", func(a app, s string) request {
		return post("/o/token/", "grant_type=authorization_code&code="+s+"x&code_verifier="+codeVerifier, a.basic())
	}},
	{"as a code verifier", func(a app, s string) request {
		return post("/o/token/", "grant_type=authorization_code&code=x&code_verifier="+strings.Repeat(s, 3)[:100], a.basic())
	}},
	{"as a malformed code verifier", func(a app, s string) request {
		return post("/o/token/", "grant_type=authorization_code&code=x&code_verifier="+s+"%20", a.basic())
	}},
	{"as the redirect URI", func(a app, s string) request {
		return post("/o/token/", "grant_type=authorization_code&code=x&redirect_uri=https://x/"+s+"&code_verifier="+codeVerifier, a.basic())
	}},
	{"as the origin", func(a app, s string) request {
		return post("/o/revoke_token/", "token=x", a.basic(), "Origin: https://"+s)
	}},
	{"in a preflight", func(_ app, s string) request {
		return request{method: "OPTIONS", target: "/o/token/", header: []string{"Origin: " + s, "Access-Control-Request-Method: " + s, "Access-Control-Request-Headers: " + s}}
	}},
	{"as a refresh token", func(a app, s string) request {
		return post("/o/token/", "grant_type=refresh_token&refresh_token="+s+"x", a.basic())
	}},
}

// TestMisplacedSecretsAreNotSeen: wherever a caller puts a secret, neither a
// log line nor the answer repeats it. TestMain looks through the logs once more.
func TestMisplacedSecretsAreNotSeen(t *testing.T) {
	d := deploy(t, onSQLite{}, defaultIssuer)
	a := d.register("app", confidential())
	tokens := d.issue(a, "alice", scopeOf("read"), nil)
	before := d.dump()
	for _, place := range misplaced {
		for what, s := range map[string]string{"an access token": reveal(tokens.Access), "a refresh token": reveal(tokens.Refresh), "a client secret": a.text.Reveal()} {
			t.Run(what+" "+place.name, func(t *testing.T) {
				d.clock.Advance(time.Minute) // no guess is throttled
				mark := logs.size()
				got := overHTTP(t, d.gateway, place.make(a, s))
				if got.status >= 500 {
					t.Errorf("the answer is %d", got.status)
				}
				if text := got.without(); strings.Contains(text, s) {
					t.Errorf("the answer repeats it: %s", text)
				}
				if said := logs.since(mark); strings.Contains(said, s) || made.in([]byte(said)) != "" {
					t.Errorf("the log repeats it: %s", said)
				} else if !strings.Contains(said, `"msg":"request"`) && got.status != http.StatusBadRequest {
					t.Errorf("there is no line in the access log: %q", said)
				}
			})
		}
	}
	if d.dump() != before {
		t.Error("something changed")
	}
}

// TestSecretsDoNotPrint: whatever holds a secret may be formatted by any verb.
func TestSecretsDoNotPrint(t *testing.T) {
	d := deploy(t, onMemory{}, defaultIssuer)
	a := d.register("app", confidential())
	tokens := d.issue(a, "alice", scopeOf("read"), nil)
	g := d.grant(tokens.Grant)
	row := d.birth(a, "", nil, nil).Client
	for _, held := range []any{tokens, tokens.Access, &tokens, g, *g, row, *row, a.text, &a.text, g.Access[0].Digest, g.Op, secret.Digest(g.Op)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			if said := fmt.Sprintf(verb, held); made.in([]byte(said)) != "" {
				t.Errorf("%s of a %T holds a secret", verb, held)
			}
		}
	}
}

// TestAPanicIsAnOutage: its value, which may hold what the request held, is
// neither logged nor answered.
func TestAPanicIsAnOutage(t *testing.T) {
	d := deploy(t, onSQLite{}, defaultIssuer)
	a := d.register("app", confidential())
	tokens := d.issue(a, "alice", scopeOf("read"), nil)
	d.store.Hook(func(broken.Call) { panic("while refreshing " + reveal(tokens.Refresh)) })
	mark := logs.size()
	got := overHTTP(t, d.gateway, post("/o/token/", "grant_type=refresh_token&refresh_token="+reveal(tokens.Refresh), a.basic()))
	if got.status != 503 || got.header["Retry-After"] == "" || !strings.Contains(got.body, `"temporarily_unavailable"`) {
		t.Errorf("the answer is %s", got.without())
	}
	said := logs.since(mark)
	if !strings.Contains(said, `"msg":"panic"`) || !strings.Contains(said, `"status":503`) {
		t.Errorf("the log says %s", said)
	}
	if made.in([]byte(said)) != "" || strings.Contains(said, "while refreshing") {
		t.Errorf("the log holds the panic's value: %s", said)
	}
	if digest := tokens.Refresh.Digest(); strings.Contains(said, fmt.Sprintf("%#x, %#x", digest[0], digest[1])) {
		t.Error("the log holds the arguments of the functions that panicked")
	}
	d.store.Hook(nil)
	if !d.active(reveal(tokens.Refresh)) {
		t.Error("the refresh token is gone")
	}
}

// TestTheAuditIsNotPoisoned: a grant id is no secret, so a value that only
// claims one must not put its user and its end into the audit.
func TestTheAuditIsNotPoisoned(t *testing.T) {
	d := deploy(t, onSQLite{}, defaultIssuer)
	victim, two := d.register("victim", confidential()), d.register("two", confidential())
	tokens := d.issue(victim, "alice", scopeOf("read"), nil)
	forgedAccess, err := token.NewAccess(tokens.Grant, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	forgedRefresh, err := token.NewRefresh(tokens.Grant, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d.audit.Take()
	overHTTP(t, d.gateway, post("/o/revoke_token/", "token="+reveal(forgedAccess), two.basic()))
	overHTTP(t, d.gateway, post("/o/revoke_token/", "token="+reveal(forgedRefresh), two.basic()))
	overHTTP(t, d.gateway, post("/o/token/", "grant_type=refresh_token&refresh_token="+reveal(forgedRefresh), two.basic()))
	events := d.audit.Take()
	if len(events) != 3 {
		t.Fatalf("%d events", len(events))
	}
	for _, e := range events {
		if e.GrantID != "" || e.Subject != "" || e.ClientID != two.id {
			t.Errorf("a forged value made the event %+v", e)
		}
	}
}
