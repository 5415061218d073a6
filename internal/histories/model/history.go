package model

import "fmt"

// Kind is what an operation asks for.
type Kind uint8

// The kinds of operations.
const (
	Create          Kind = iota // a grant is born: by client_credentials, or by the operator for a user
	Issue                       // client_credentials that was refused; no grant
	Introspect                  // of one token
	Refresh                     // with a refresh token, current or earlier
	Revoke                      // of one token, at the endpoint
	RevokeGrant                 // by the operator, by grant id or token
	RevokeSubject               // by the operator
	RevokeClient                // by the operator
	Disable                     // by the operator
	Enable                      // by the operator
	RaiseGeneration             // by the operator: restore accept
	authenticate                // part of a refusal, see History.of
	landed                      // part of a refusal, see History.of
)

var kindNames = [...]string{"create", "issue", "introspect", "refresh", "revoke", "revoke --grant", "revoke --subject", "revoke --client",
	"client disable", "client enable", "restore accept", "authenticate", "landed"}

// String is for reports.
func (k Kind) String() string { return kindNames[k] }

// Outcome is what is known of an operation's answer.
type Outcome uint8

// The outcomes.
const (
	Unknown      Outcome = iota // no answer, or 503: it may have landed, may land later, or never
	Done                        // 200 of a token request or revocation, exit status 0
	Active                      // introspection's
	Inactive                    // introspection's
	Refused                     // 400
	Unauthorized                // 401, or 429 after many of them
)

var outcomeNames = [...]string{"unknown", "done", "active", "inactive", "refused", "unauthorized"}

// String is for reports.
func (o Outcome) String() string { return outcomeNames[o] }

// Token names a token of a grant: an access token by a number from 1, a
// refresh token by its place in the line, from 0.
type Token struct {
	Refresh bool
	N       int
}

func (t Token) String() string {
	if t.Refresh {
		return fmt.Sprintf("rt%d", t.N)
	}
	return fmt.Sprintf("at%d", t.N)
}

// Nobody stands for no caller, client, subject or grant.
const Nobody = -1

// Op is one operation of a history. Members that its kind does not have are 0
// or Nobody.
type Op struct {
	ID      int // unique in the history
	Lane    int // who ran it: one lane runs one operation at a time
	Kind    Kind
	Caller  int // the client that authenticated, Nobody for the operator
	Client  int // that RevokeClient, Disable and Enable are about
	Subject int // that RevokeSubject is about
	Grant   int
	Token   Token

	Call, Return int64 // in nanoseconds of one clock; Return counts only where the outcome is known
	Outcome      Outcome
	NewAccess    int // Done, for Create and Refresh: the access token in the answer
	NewRefresh   int // Done, for Refresh: the refresh token in the answer

	derived int // set by prepare: the access token that the rotation of Token made, 0 where nobody has seen it
}

// String is one line for a report.
func (o Op) String() string {
	s := o.Kind.String()
	if o.Grant != Nobody {
		s += fmt.Sprintf(" g%d", o.Grant)
	}
	switch o.Kind {
	case authenticate, landed:
		s += fmt.Sprintf(" c%d", o.Caller)
	case Introspect, Refresh, Revoke:
		s += fmt.Sprintf(".%s by c%d", o.Token, o.Caller)
	case Create, Issue:
		s += fmt.Sprintf(" of c%d", o.Client)
	case RevokeSubject:
		s += fmt.Sprintf(" s%d", o.Subject)
	case RevokeClient, Disable, Enable:
		s += fmt.Sprintf(" c%d", o.Client)
	}
	s += " -> " + o.Outcome.String()
	switch {
	case o.Outcome == Done && o.Kind == Refresh:
		s += fmt.Sprintf(" rt%d at%d", o.NewRefresh, o.NewAccess)
	case o.Outcome == Done && o.Kind == Create:
		s += fmt.Sprintf(" at%d", o.NewAccess)
	}
	return s
}

// Client is what the model needs of a client's registration.
type Client struct {
	KeepsRefresh   bool // its refresh tokens do not rotate
	RevokesToken   bool // revoking an access token ends that token alone
	ResourceServer bool // it may introspect all access tokens
}

// Grant is what never changes of a grant.
type Grant struct{ Client, Subject int }

// MaxClients is how many clients one history has.
const MaxClients = 2

// History is a record. Begun counts the operations that were begun, however
// they ended, by the one who began them and not by the one who wrote them down.
type History struct {
	Clients  [MaxClients]Client
	Grants   []Grant
	Ops      []Op
	Begun    int
	NotSent  int // of those, the ones that certainly never reached a server
	Shadowed int // Ops beyond those begun: second deliveries of duplicated requests
}

// Complete tells whether the record holds all that was begun.
func (h *History) Complete() error {
	if len(h.Ops)-h.Shadowed+h.NotSent != h.Begun {
		return fmt.Errorf("the record has %d operations, %d second deliveries among them, and %d that were not sent, but %d were begun",
			len(h.Ops), h.Shadowed, h.NotSent, h.Begun)
	}
	seen := map[int]bool{}
	for _, o := range h.Ops {
		if seen[o.ID] {
			return fmt.Errorf("operation %d stands twice in the record", o.ID)
		}
		seen[o.ID] = true
		if o.Outcome != Unknown && o.Return < o.Call {
			return fmt.Errorf("operation %d returned before it was called", o.ID)
		}
	}
	return nil
}

// prepare notes, with every refresh, which access token its rotation made. The
// derived token is the same in every answer until somebody who has seen one
// revokes it; only then does a replay hand out another. So it is the one in the
// answer that came first.
func (h *History) prepare() {
	type from struct{ grant, n int }
	first := map[from]Op{}
	for _, o := range h.Ops {
		if o.Kind != Refresh || o.Outcome != Done {
			continue
		}
		k := from{o.Grant, o.Token.N}
		if f, ok := first[k]; !ok || o.Return < f.Return {
			first[k] = o
		}
	}
	for i := range h.Ops {
		o := &h.Ops[i]
		if o.Kind == Refresh {
			o.derived = first[from{o.Grant, o.Token.N}].NewAccess
		}
	}
}
