package endpoint_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// racers is how many refresh the same token at once.
const racers = 200

// over is a real server on this machine and a client for many connections.
type over struct {
	*deployment
	url    string
	client *http.Client
}

func listen(t *testing.T, d *deployment) over {
	server := httptest.NewServer(d.gateway)
	t.Cleanup(server.Close)
	return over{d, server.URL, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: racers}}}
}

// ask posts a form. It may be called in any goroutine.
func (o over) ask(path, body string, of app) (int, string) {
	req, err := http.NewRequest(http.MethodPost, o.url+path, strings.NewReader(body))
	if err != nil {
		o.Errorf("making a request: %v", err)
		return 0, ""
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(of.id, of.text.Reveal())
	res, err := o.client.Do(req)
	if err != nil {
		o.Errorf("asking %s: %v", path, err)
		return 0, ""
	}
	defer func() { _ = res.Body.Close() }() // it was read
	got, err := io.ReadAll(res.Body)
	if err != nil {
		o.Errorf("reading the answer of %s: %v", path, err)
	}
	if res.StatusCode < 300 {
		made.values(string(got))
	}
	return res.StatusCode, string(got)
}

// together runs n at once, each waiting for all to be there.
func together(n int, do func(i int)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			do(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}

// TestAllRacersGetTheSameTokens: of 200 that refresh one token at once, one
// rotates it, and all others are answered within the grace.
func TestAllRacersGetTheSameTokens(t *testing.T) {
	for _, on := range backends(t) {
		t.Run(on.name(), func(t *testing.T) {
			o := listen(t, deploy(t, on, defaultIssuer))
			a := o.register("app", confidential())
			first := o.issue(a, "alice"+o.suffix, scopeOf("read write"), nil)
			var answers [racers]string
			together(racers, func(i int) {
				var status int
				status, answers[i] = o.ask("/o/token/", "grant_type=refresh_token&refresh_token="+reveal(first.Refresh), a)
				if status != 200 {
					t.Errorf("racer %d is answered %d: %s", i, status, answers[i])
				}
			})
			for i, got := range answers {
				if got != answers[0] {
					t.Errorf("racer %d got other tokens than the first", i)
				}
			}
			if g := o.grant(first.Grant); g.Rotation != 1 || g.Issued != 2 {
				t.Errorf("the token was rotated %d times and %d access tokens were issued", g.Rotation, g.Issued)
			}
		})
	}
}

// redeemers is how many redeem the same code at once.
const redeemers = 50

// TestOneRacerRedeemsTheCode, at either of two processes; the others' coming
// ends the grant (RFC 6749 section 4.1.2).
func TestOneRacerRedeemsTheCode(t *testing.T) {
	for _, on := range backends(t) {
		t.Run(on.name(), func(t *testing.T) {
			d := deploy(t, on, defaultIssuer)
			o, p := listen(t, d), *d
			p.gateway = d.second()
			other := listen(t, &p)
			a := o.register("app", confidential())
			code := o.issueCode(a, "alice"+o.suffix, scopeOf("read write"), nil, "", true)
			var won atomic.Int64
			var tokens atomic.Value
			together(redeemers, func(i int) {
				at := []over{o, other}[i%2]
				status, body := at.ask("/o/token/", "grant_type=authorization_code&code="+reveal(code)+"&code_verifier="+codeVerifier, a)
				switch {
				case status == 200:
					won.Add(1)
					tokens.Store(body)
				case status != 400 || !strings.Contains(body, `"invalid_grant"`):
					t.Errorf("racer %d is answered %d: %s", i, status, body)
				}
			})
			if won.Load() != 1 {
				t.Fatalf("%d of %d racers got tokens", won.Load(), redeemers)
			}
			var got struct {
				Access  string `json:"access_token"`
				Refresh string `json:"refresh_token"`
			}
			o.must(json.Unmarshal([]byte(tokens.Load().(string)), &got), "reading the tokens")
			if g := o.grant(code.GrantID()); g.Issued != 1 || g.Revoked.Reason != "code_reuse" || o.active(got.Access) || o.active(got.Refresh) {
				t.Errorf("%d access tokens were issued, and the grant was ended for %q", g.Issued, g.Revoked.Reason)
			}
		})
	}
}

// TestNothingIsActiveAfterTheRevocation: while some refresh and some
// introspect, one revokes. What is asked after its 200 hears no.
func TestNothingIsActiveAfterTheRevocation(t *testing.T) {
	for _, on := range backends(t) {
		t.Run(on.name(), func(t *testing.T) {
			o := listen(t, deploy(t, on, defaultIssuer))
			a := o.register("app", confidential())
			for range 8 {
				o.revokeAmongRacers(t, a)
			}
		})
	}
}

func (o over) revokeAmongRacers(t *testing.T, a app) {
	first := o.issue(a, "alice"+o.suffix, scopeOf("read write"), nil)
	var revoked atomic.Bool
	var mu sync.Mutex
	values := []string{reveal(first.Access), reveal(first.Refresh)}
	together(24, func(i int) {
		for range 6 {
			late := revoked.Load()
			switch {
			case i == 0 && !late:
				if status, body := o.ask("/o/revoke_token/", "token="+reveal(first.Access), a); status != 200 {
					t.Errorf("the revocation is answered %d: %s", status, body)
				}
				revoked.Store(true)
			case i%2 == 1:
				status, body := o.ask("/o/introspect/", "token="+reveal(first.Access), a)
				if status != 200 || late && body != `{"active":false}` {
					t.Errorf("an introspection (after the revocation: %v) is answered %d: %s", late, status, body)
				}
			default:
				status, body := o.ask("/o/token/", "grant_type=refresh_token&refresh_token="+reveal(first.Refresh), a)
				if late && status == 200 || status != 200 && status != 400 {
					t.Errorf("a refresh (after the revocation: %v) is answered %d: %s", late, status, body)
				}
				var got struct {
					Access  string `json:"access_token"`
					Refresh string `json:"refresh_token"`
				}
				if status == 200 && json.Unmarshal([]byte(body), &got) == nil {
					mu.Lock()
					values = append(values, got.Access, got.Refresh)
					mu.Unlock()
				}
			}
		}
	})
	for _, h := range []http.Handler{o.gateway, o.second()} { // another process says so too
		for _, v := range values {
			got := overHTTP(t, h, post("/o/introspect/", "token="+v, a.basic()))
			if got.body != `{"active":false}` || o.active(v) {
				t.Errorf("a token of the revoked grant is alive: %d %s", got.status, got.body)
			}
		}
	}
}
