package model

import "fmt"

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
	Client  int // that RevokeClient, Disable and Enable are about, and the app of Ask, Allow, Deny, Remember and Cut
	Subject int // that RevokeSubject is about, and the user of the others
	Grant   int // of Allow and Remember: the one that was born
	Token   Token
	Session int  // whose cookie it bore, for what browsers ask
	Form    int  // the consent form that Ask gave, and Allow and Deny sent: a number from 0 for each user and app
	Pass    int  // of SignIn and UserPassword: the password, a number from 0 for each user
	Wrong   bool // of Redeem: the verifier is not the code's
	Late    bool // of Allow, Refused: the form was good when it came, and the consent was withdrawn then

	Call, Return int64 // in nanoseconds of one clock; Return counts only where the outcome is known
	Outcome      Outcome
	NewAccess    int // Done, for Create, Redeem and Refresh: the access token in the answer
	NewRefresh   int // Done, for Refresh and Redeem: the refresh token in the answer
	NewSession   int // Done, for SignIn and CutAll: the session whose cookie was handed over
	Listed       int // Active, for Visit: the apps on the page, a bit for each client

	derived int  // set by prepare: the access token that the rotation of Token made, 0 where nobody has seen it
	raced   bool // set by of, for a birth in a browser: an epoch may have been raised meanwhile
	turn    uint // set by prepare, for what a command does to an account: which of these commands it is
	does    Kind // of row: the command that writes it
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
	default:
		s += o.browsing()
	}
	s += " -> " + o.Outcome.String()
	switch {
	case o.Outcome == Done && (o.Kind == Refresh || o.Kind == Redeem):
		s += fmt.Sprintf(" rt%d at%d", o.NewRefresh, o.NewAccess)
	case o.Outcome == Done && o.Kind == Create:
		s += fmt.Sprintf(" at%d", o.NewAccess)
	}
	return s
}

// browsing is the part of String that tells what people and their codes do.
func (o Op) browsing() string {
	switch o.Kind {
	case Redeem:
		wrong := ""
		if o.Wrong {
			wrong = " with a wrong verifier"
		}
		return fmt.Sprintf(" by c%d%s", o.Caller, wrong)
	case SignIn:
		return fmt.Sprintf(" s%d password %d, session %d", o.Subject, o.Pass, o.NewSession)
	case Ask, Allow, Deny, Remember:
		return fmt.Sprintf(" s%d c%d session %d form %d", o.Subject, o.Client, o.Session, o.Form)
	case Cut:
		return fmt.Sprintf(" s%d c%d session %d", o.Subject, o.Client, o.Session)
	case CutAll:
		return fmt.Sprintf(" s%d session %d, then %d", o.Subject, o.Session, o.NewSession)
	case Visit, SignOut:
		return fmt.Sprintf(" s%d session %d, lists %b", o.Subject, o.Session, o.Listed)
	case UserDisable, UserEnable, UserPassword, UserDelete, row, raise:
		return fmt.Sprintf(" s%d", o.Subject)
	}
	return ""
}

// lists tells whether the page that Visit saw names a client.
func (o Op) lists(client int) bool { return o.Listed>>client&1 == 1 }

// Client is what the model needs of a client's registration.
type Client struct {
	KeepsRefresh   bool // its refresh tokens do not rotate
	RevokesToken   bool // revoking an access token ends that token alone
	ResourceServer bool // it may introspect all access tokens
}

// Grant is what never changes of a grant.
type Grant struct {
	Client, Subject int
	Code            *Approval // nil for one that was born with tokens
}

// Approval is what a grant that a code redeems was made out of.
type Approval struct {
	Session int
	Form    int // Nobody where the consent was remembered
}

// MaxClients is how many clients one history has.
const MaxClients = 2

// History is a record. Begun counts the operations that were begun, however
// they ended, by the one who began them and not by the one who wrote them down.
type History struct {
	Clients  [MaxClients]Client
	Grants   []Grant
	Sessions []int // whose each session is
	Accounts int   // how many of the first subjects have an account to sign in with
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

// prepare numbers the commands that change accounts, and notes, with every
// refresh, which access token its rotation made. The
// derived token is the same in every answer until somebody who has seen one
// revokes it; only then does a replay hand out another. So it is the one in the
// answer that came first.
func (h *History) prepare() {
	type from struct{ grant, n int }
	first := map[from]Op{}
	turns := uint(0)
	for i, o := range h.Ops {
		switch o.Kind {
		case UserDisable, UserEnable, UserPassword, UserDelete:
			h.Ops[i].turn = turns
			turns++
		}
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
