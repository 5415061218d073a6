package drive

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rescind/internal/histories/model"
	"rescind/internal/histories/proxy"
)

// callLimit is for one request; longer than a server takes at its worst.
const callLimit = 20 * time.Second

// caller is one goroutine that calls the endpoints.
type caller struct {
	lane    int
	run     *run
	http    *http.Client
	proxies [servers]*proxy.Proxy
}

func (c *caller) do(ctx context.Context, s step) {
	o, value, ok := c.run.rec.choose(s)
	if ok {
		c.call(ctx, o, value, s.server, s.orders)
	}
}

// reply is an answer to one request.
type reply struct {
	status int // 0: none
	unsent bool
	body   []byte
}

// call makes one request and writes down what came of it.
func (c *caller) call(ctx context.Context, o model.Op, value string, server int, orders proxy.Orders) {
	rec := c.run.rec
	o.Lane = c.lane
	o = rec.begin(o)
	got := c.post(ctx, o, value, server, orders)
	o.Return = rec.now()
	if doubled := orders.Fault == proxy.Duplicate || orders.Fault == proxy.LateDuplicate; doubled && (o.Kind == model.Refresh || o.Kind == model.Revoke) {
		rec.shadow(o)
	}
	if got.unsent {
		rec.notSent(o)
		return
	}
	status := fmt.Sprint(got.status)
	if got.status == 0 {
		status = "no answer"
	}
	var learn func(*model.Op)
	switch got.status {
	case 0, http.StatusServiceUnavailable:
		o.Outcome = model.Unknown
	case http.StatusOK:
		learn = func(o *model.Op) { c.learn(o, got.body) }
	case http.StatusBadRequest:
		o.Outcome = model.Refused
		learn = func(*model.Op) { c.refused(o, got.body) }
	case http.StatusUnauthorized, http.StatusTooManyRequests:
		o.Outcome = model.Unauthorized
	default:
		learn = func(*model.Op) { rec.breach("%s was answered %d", o, got.status) }
	}
	rec.end(o, status, learn)
}

func (c *caller) post(ctx context.Context, o model.Op, value string, server int, orders proxy.Orders) reply {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	path, form := "/o/introspect/", url.Values{"token": {value}}
	switch o.Kind {
	case model.Issue:
		path, form = "/o/token/", url.Values{"grant_type": {"client_credentials"}, "scope": {"read"}}
	case model.Refresh:
		path, form = "/o/token/", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {value}}
	case model.Revoke:
		path = "/o/revoke_token/"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.proxies[server].URL()+path, strings.NewReader(form.Encode()))
	if err != nil {
		return reply{unsent: true}
	}
	req.GetBody = nil // or the transport might repeat it unseen
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	me := c.run.clients[o.Caller]
	req.SetBasicAuth(me.id, me.secret)
	writeOrders(req.Header, orders)
	res, err := c.http.Do(req)
	if err != nil {
		return reply{}
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return reply{}
	}
	return reply{status: res.StatusCode, unsent: res.Header.Get(proxy.NotSent) != "", body: body}
}

// learn reads a 200.
func (c *caller) learn(o *model.Op, body []byte) {
	rec := c.run.rec
	o.Outcome = model.Done
	switch o.Kind {
	case model.Revoke:
		if len(body) != 0 {
			rec.breach("%s has a body", o)
		}
	case model.Introspect:
		c.introspected(o, body)
	default:
		var t struct {
			Access  string `json:"access_token"`
			Refresh string `json:"refresh_token"`
		}
		if json.Unmarshal(body, &t) != nil {
			rec.breach("%s is not JSON", o)
			return
		}
		if o.Kind == model.Refresh {
			rec.refreshed(o, t.Access, t.Refresh)
			return
		}
		o.Kind = model.Create
		rec.born(o, model.Nobody, t.Access, t.Refresh)
	}
}

// introspected reads an introspection; what it says of a live token must be true.
func (c *caller) introspected(o *model.Op, body []byte) {
	rec := c.run.rec
	var seen struct {
		Active   bool   `json:"active"`
		ClientID string `json:"client_id"`
		Subject  string `json:"sub"`
	}
	if json.Unmarshal(body, &seen) != nil {
		rec.breach("%s is not JSON", o)
		return
	}
	g := rec.grants[o.Grant]
	subject := ""
	if g.subject != model.Nobody {
		subject = c.run.subjects[g.subject]
	}
	switch o.Outcome = model.Inactive; {
	case seen.Active && (seen.ClientID != c.run.clients[g.client].id || seen.Subject != subject):
		rec.breach("%s tells another client or subject", o)
	case seen.Active:
		o.Outcome = model.Active
	case strings.TrimSpace(string(body)) != `{"active":false}`:
		rec.breach("%s is inactive and tells more than that", o)
	}
}

// refused: the one refusal that a step can meet is that of its token.
func (c *caller) refused(o model.Op, body []byte) {
	var e struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &e) != nil || e.Error != "invalid_grant" {
		c.run.rec.breach("%s is 400 without invalid_grant", o)
	}
}
