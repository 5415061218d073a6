package authorizer

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"

	"rescind/shared/grant"
	"rescind/shared/token"
)

// ErrUnauthorized is the one error that API Gateway answers with 401; its text
// is what the gateway looks for. Every other error is 500 there.
var ErrUnauthorized = errors.New(unauthorized)

const unauthorized = "Unauthorized" // the gateway's word

// Authorizer decides. All members are required but Audience and Routes.
type Authorizer struct {
	Rules    grant.Rules
	Store    grant.Finder
	Audience string // the API's own; empty where tokens of any audience pass
	Routes   Routes // nil where any active token passes every route
	Log      *slog.Logger
}

// decision is what the authorizer found.
type decision struct {
	allowed bool
	why     string // for the log
	seen    grant.Introspection
}

// Invoke answers one event, as JSON. Errors: ErrUnauthorized for a request
// without an active token for this API, and an outage, which is logged.
func (a *Authorizer) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	e, err := decode(payload)
	if err != nil {
		a.Log.ErrorContext(ctx, "outage", "operation", "authorizer", "request_id", harmless(e.Context.RequestID), "error", err.Error())
		return nil, err
	}
	d, err := a.decide(ctx, &e)
	if err != nil {
		a.Log.ErrorContext(ctx, "outage", "operation", "authorizer", "request_id", harmless(e.Context.RequestID), "error", err.Error())
		return nil, errOutage // the cause is in the log only
	}
	a.log(ctx, &e, d)
	if !d.seen.Active {
		return nil, ErrUnauthorized
	}
	return e.answer(d)
}

var errOutage = errors.New("the access token could not be checked")

func (a *Authorizer) decide(ctx context.Context, e *event) (decision, error) {
	text := e.bearer()
	if text == "" {
		return decision{why: "no_token"}, nil
	}
	v, ok := token.Parse(text)
	if !ok {
		return decision{why: grant.DeadUnknown}, nil
	}
	seen, err := a.Rules.Bears(ctx, a.Store, v, a.Audience)
	if err != nil {
		return decision{}, err
	}
	if !seen.Active {
		return decision{why: seen.Why}, nil
	}
	if !e.isLiteral() {
		return decision{why: "wildcard_in_path", seen: seen}, nil
	}
	if a.Routes != nil {
		need, listed := a.Routes.need(e.route())
		switch {
		case !listed:
			return decision{why: "route_not_listed", seen: seen}, nil
		case !need.Within(seen.Scope):
			return decision{why: "insufficient_scope", seen: seen}, nil
		}
	}
	return decision{allowed: true, why: "ok", seen: seen}, nil
}

func (a *Authorizer) log(ctx context.Context, e *event, d decision) {
	level := slog.LevelInfo
	if !d.allowed {
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{slog.String("operation", "authorizer"), slog.String("outcome", d.why), slog.String("request_id", harmless(e.Context.RequestID))}
	if d.seen.Active {
		attrs = append(attrs, slog.String("client_id", d.seen.ClientID), slog.String("grant_id", d.seen.Grant.String()))
		if d.seen.Subject != "" {
			attrs = append(attrs, slog.String("subject", d.seen.Subject))
		}
	}
	a.Log.LogAttrs(ctx, level, "authorization", attrs...)
}

// harmless keeps an id of the gateway's, and nothing that could be ours.
func harmless(id string) string {
	if len(id) > 64 || strings.Contains(id, "rsc_") {
		return ""
	}
	return id
}

// simple is an answer of payload 2.0.
type simple struct {
	Allowed bool              `json:"isAuthorized"`
	Context map[string]string `json:"context,omitempty"`
}

// policy is an answer of payload 1.0 and of REST APIs.
type policy struct {
	Principal string            `json:"principalId"`
	Document  document          `json:"policyDocument"`
	Context   map[string]string `json:"context,omitempty"`
}

type document struct {
	Version   string
	Statement [1]statement
}

type statement struct{ Action, Effect, Resource string }

// answer writes the decision on an active token. A policy names the asked
// method and path alone: where the gateway keeps it, it opens nothing else.
func (e *event) answer(d decision) ([]byte, error) {
	var context map[string]string
	if d.allowed {
		context = map[string]string{"client_id": d.seen.ClientID, "scope": d.seen.Scope.String()}
		if d.seen.Subject != "" {
			context["sub"] = d.seen.Subject
		}
	}
	if e.isSimple() {
		return json.Marshal(simple{d.allowed, context})
	}
	principal := d.seen.Subject
	if principal == "" {
		principal = d.seen.ClientID
	}
	effect := "Deny"
	if d.allowed {
		effect = "Allow"
	}
	return json.Marshal(policy{principal, document{"2012-10-17", [1]statement{{"execute-api:Invoke", effect, e.MethodARN}}}, context})
}
