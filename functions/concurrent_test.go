package functions_test

import (
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"rescind/shared/dynamo"
)

// many lets one process have this many requests at a time.
const many = 16

var concurrently = map[string]string{"AWS_LAMBDA_MAX_CONCURRENCY": "16"}

// Many conversations at a time through one process of each function: a token
// is issued, is active, is revoked, and is active no more, whatever the others do.
func TestConcurrentConversations(t *testing.T) {
	store, tables := engineStore(t)
	if store == nil {
		t.Skip("no DynamoDB engine; make test-dynamodb")
	}
	const each = 10
	c := conversation{t: t, seen: map[string]bool{}, events: map[string][]byte{}, tokens: start(t, "token", tables, concurrently),
		revocations: start(t, "revocation", tables, concurrently), inquiries: start(t, "introspection", tables, concurrently)}
	for _, name := range []string{"token-client-credentials", "introspection-active", "revocation-access-token"} {
		c.events[name] = readFile(t, "events", name+".json")
	}
	var group sync.WaitGroup
	for range many {
		group.Go(func() {
			for n := 0; n < each && !t.Failed(); n++ {
				c.hold()
			}
		})
	}
	group.Wait()
	if len(c.seen) != many*each {
		t.Errorf("%d conversations had %d different tokens", many*each, len(c.seen))
	}
}

type conversation struct {
	t                              *testing.T
	tokens, revocations, inquiries *deployed
	events                         map[string][]byte

	mu   sync.Mutex
	seen map[string]bool
}

func (c *conversation) hold() {
	var issued struct {
		AccessToken string `json:"access_token"`
	}
	c.ask(c.tokens, "token-client-credentials", nil, &issued)
	c.mu.Lock()
	c.seen[issued.AccessToken] = true
	c.mu.Unlock()

	about := url.Values{"token": {issued.AccessToken}}
	for _, want := range []bool{true, false} {
		var said struct {
			Active bool `json:"active"`
		}
		c.ask(c.inquiries, "introspection-active", about, &said)
		if said.Active != want {
			c.t.Errorf("active is %t, want %t", said.Active, want)
		}
		c.ask(c.revocations, "revocation-access-token", about, nil)
	}
}

// ask sends a sample event, with another form where there is one, and reads
// the body of a 200.
func (c *conversation) ask(f *deployed, event string, form url.Values, body any) {
	payload := c.events[event]
	if form != nil {
		var e map[string]any
		if err := json.Unmarshal(payload, &e); err != nil {
			c.t.Error(err)
			return
		}
		e["body"], e["isBase64Encoded"] = base64.StdEncoding.EncodeToString([]byte(form.Encode())), true
		var err error
		if payload, err = json.Marshal(e); err != nil {
			c.t.Error(err)
			return
		}
	}
	var a answer
	if err := json.Unmarshal(f.mustInvoke(c.t, payload), &a); err != nil || a.StatusCode != http.StatusOK {
		c.t.Errorf("%s: status %d (%v)", event, a.StatusCode, err)
		return
	}
	if body != nil {
		if err := json.Unmarshal([]byte(a.Body), body); err != nil {
			c.t.Errorf("%s: the body is no JSON", event)
		}
	}
}

// Requests that come at the same time wait at the same time: none is late.
func TestConcurrentOutage(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	env := tableEnvironment("http://"+silent.Addr().String(), dynamo.Tables{Tokens: "a", Principals: "b"})
	f := start(t, "introspection", env, concurrently)
	inquire := readFile(t, "events", "introspection-active.json")
	var group sync.WaitGroup
	for range many {
		group.Go(func() {
			began := time.Now()
			var a answer
			err := json.Unmarshal(f.mustInvoke(t, inquire), &a)
			if took := time.Since(began); err != nil || a.StatusCode != http.StatusServiceUnavailable || took > limit {
				t.Errorf("status %d after %s (%v)", a.StatusCode, took, err)
			}
		})
	}
	group.Wait()
	if log := f.logs(`"message":"outage"`); !strings.Contains(log, "BatchGetItem") {
		t.Errorf("the log does not say why:\n%s", redact(log))
	}
}
