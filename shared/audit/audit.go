// Package audit says what happened, to whom, with which outcome: one type,
// emitted by the endpoints and by the operator's command alike.
//
// An event names clients, subjects and grants, never a token, secret or
// digest. A client_id that a request only claimed is left out until its row
// was found: people do put secrets there. The package must not know HTTP,
// stores or tokens.
package audit

import (
	"context"
	"log/slog"
	"time"
)

// Action is what was done or tried.
type Action string

// The actions.
const (
	Issue   Action = "issue"
	Refresh Action = "refresh"
	Replay  Action = "replay" // a repeated refresh within the grace, answered with the same tokens
	Reuse   Action = "reuse"  // an older refresh token or a used code came back; its grant was ended
	Revoke  Action = "revoke"
	Refuse  Action = "refuse"
	Outage  Action = "outage"
	Client  Action = "client" // a client was created, changed, switched off or on, or deleted
	User    Action = "user"   // an operator created, changed, switched off or on, or deleted a user
	Restore Action = "restore"

	Authorize Action = "authorize" // a user consented to a client, or it was remembered, and a code was issued
	SignIn    Action = "sign_in"
	SignOut   Action = "sign_out"
)

// Event is one thing that happened. Empty members are left out.
type Event struct {
	Action    Action
	Outcome   string    // "ok", or the error's code
	Operation string    // the endpoint or command: "token", "revocation", "introspection", "browser", "client disable"
	Time      time.Time // when; the log's own time where zero
	ClientID  string
	Subject   string
	GrantID   string
	TokenKind string // "access_token", "refresh_token" or "authorization_code", where one was presented
	Reason    string // why: one fixed phrase, or the operator's --reason
	RequestID string
	Source    string // the caller's address, or "operator"
}

// Log takes events. It must be safe for many goroutines.
type Log interface {
	Record(ctx context.Context, e Event)
}

// Discard drops every event.
type Discard struct{}

// Record drops e.
func (Discard) Record(context.Context, Event) {}

// Slog writes events to a logger, one line each, at level Info, refusals and
// reuse at Warn, with the message "audit".
type Slog struct{ Logger *slog.Logger }

// Record writes e.
func (s Slog) Record(ctx context.Context, e Event) {
	attrs := make([]slog.Attr, 0, 11)
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	add("action", string(e.Action))
	add("outcome", e.Outcome)
	add("operation", e.Operation)
	if !e.Time.IsZero() {
		attrs = append(attrs, slog.Time("at", e.Time))
	}
	add("client_id", e.ClientID)
	add("subject", e.Subject)
	add("grant_id", e.GrantID)
	add("token_kind", e.TokenKind)
	add("reason", e.Reason)
	add("request_id", e.RequestID)
	add("source", e.Source)
	s.Logger.LogAttrs(ctx, e.level(), "audit", attrs...)
}
