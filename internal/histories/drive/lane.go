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
	if s.inBrowser() {
		c.browse(ctx, s)
		return
	}
	o, value, ok := c.run.rec.choose(s)
	if ok {
		c.call(ctx, o, value, s.server, s.orders)
	}
}

// reply is an answer to one request.
type reply struct {
	status int // 0: none
	unsent bool
	header http.Header
	body   []byte
}

// call makes one request and writes down what came of it.
func (c *caller) call(ctx context.Context, o model.Op, value string, server int, orders proxy.Orders) {
	ask := func(ctx context.Context) reply { return c.post(ctx, o, value, server, orders) }
	c.carry(ctx, o, orders, ask, func(o *model.Op, got reply) {
		switch got.status {
		case http.StatusOK:
			c.learn(o, got.body)
		case http.StatusBadRequest:
			o.Outcome = model.Refused
			c.refused(*o, got.body)
		case http.StatusUnauthorized, http.StatusTooManyRequests:
			o.Outcome = model.Unauthorized
		default:
			c.run.rec.breach("%s was answered %d", o, got.status)
		}
	})
}

// changes are what a second delivery can do once more.
var changes = map[model.Kind]bool{model.Refresh: true, model.Revoke: true, model.Redeem: true,
	model.Allow: true, model.Cut: true, model.CutAll: true, model.SignOut: true}

// carry sends what ask sends, as one operation, and writes it down as read
// understands the answer. It gives the operation as it was written down.
func (c *caller) carry(ctx context.Context, o model.Op, orders proxy.Orders, ask func(context.Context) reply, read func(*model.Op, reply)) model.Op {
	rec := c.run.rec
	o.Lane = c.lane
	o = rec.begin(o)
	got := ask(ctx)
	o.Return = rec.now()
	if doubled := orders.Fault == proxy.Duplicate || orders.Fault == proxy.LateDuplicate; doubled && changes[o.Kind] {
		rec.shadow(o)
	}
	if got.unsent {
		rec.notSent(o)
		return o
	}
	switch got.status {
	case 0:
		return rec.end(o, "no answer", nil)
	case http.StatusServiceUnavailable:
		return rec.end(o, "503", nil)
	}
	return rec.end(o, fmt.Sprint(got.status), func(o *model.Op) { read(o, got) })
}

func (c *caller) post(ctx context.Context, o model.Op, value string, server int, orders proxy.Orders) reply {
	path, form := "/o/introspect/", url.Values{"token": {value}}
	switch o.Kind {
	case model.Issue:
		path, form = "/o/token/", url.Values{"grant_type": {"client_credentials"}, "scope": {"read"}}
	case model.Refresh:
		path, form = "/o/token/", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {value}}
	case model.Redeem:
		path, form = "/o/token/", url.Values{"grant_type": {"authorization_code"}, "code": {value}, "redirect_uri": {callback}, "code_verifier": {verifier}}
		if o.Wrong {
			form.Set("code_verifier", strings.ToUpper(verifier))
		}
	case model.Revoke:
		path = "/o/revoke_token/"
	}
	me := c.run.clients[o.Caller]
	return c.send(ctx, http.MethodPost, path, form, server, orders, func(r *http.Request) { r.SetBasicAuth(me.id, me.secret) })
}

// send makes one request with what edit adds, and reads the answer whole.
func (c *caller) send(ctx context.Context, method, path string, form url.Values, server int, orders proxy.Orders, edit func(*http.Request)) reply {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.proxies[server].URL()+path, strings.NewReader(form.Encode()))
	if err != nil {
		return reply{unsent: true}
	}
	req.GetBody = nil // or the transport might repeat it unseen
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	edit(req)
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
	return reply{status: res.StatusCode, unsent: res.Header.Get(proxy.NotSent) != "", header: res.Header, body: body}
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
		switch o.Kind {
		case model.Refresh:
			rec.refreshed(o, t.Access, t.Refresh)
			return
		case model.Redeem:
			rec.redeemed(o, t.Access, t.Refresh)
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
