package broken

import (
	"context"
	"errors"
	"time"
)

// ErrInjected is what a broken call answers: no definite answer, an outage.
var ErrInjected = errors.New("broken: the store gave no answer (injected)")

// Verb is the name of one method of grant.Store or People.
type Verb string

// The verbs. Any stands for all of them.
const (
	Any                 Verb = ""
	Find                Verb = "Find"
	Create              Verb = "Create"
	Replace             Verb = "Replace"
	Revoke              Verb = "Revoke"
	RemoveAccess        Verb = "RemoveAccess"
	Deny                Verb = "Deny"
	RaiseSubjectEpoch   Verb = "RaiseSubjectEpoch"
	RestoreSubjectEpoch Verb = "RestoreSubjectEpoch"
	ListGrants          Verb = "ListGrants"
	ListClientGrants    Verb = "ListClientGrants"
	WalkGrants          Verb = "WalkGrants"
	WalkSubjects        Verb = "WalkSubjects"
	WalkDenied          Verb = "WalkDenied"
	FindClient          Verb = "FindClient"
	UpdateClient        Verb = "UpdateClient"
	RaiseClientEpoch    Verb = "RaiseClientEpoch"
	CreateClient        Verb = "CreateClient"
	ListClients         Verb = "ListClients"
	Generation          Verb = "Generation"
	RaiseGeneration     Verb = "RaiseGeneration"
	FindUser            Verb = "FindUser"
	PutUser             Verb = "PutUser"
	ListUsers           Verb = "ListUsers"
	FindSession         Verb = "FindSession"
	CreateSession       Verb = "CreateSession"
	TouchSession        Verb = "TouchSession"
	EndSession          Verb = "EndSession"
	FindConsents        Verb = "FindConsents"
	PutConsents         Verb = "PutConsents"
)

// Writes tells whether the verb changes anything.
func (v Verb) Writes() bool {
	switch v {
	case Find, ListGrants, ListClientGrants, WalkGrants, WalkSubjects, WalkDenied, FindClient, ListClients, Generation,
		FindUser, ListUsers, FindSession, FindConsents:
		return false
	}
	return true
}

// Mode is how a call breaks.
type Mode int

// The modes.
const (
	Fails Mode = iota // an error, and nothing happened
	Lost              // the call is performed, then an error: landed, answer lost
	Late              // an error at once; a write arrives after the next call of its verb, or at Deliver
	Twice             // performed twice, answered as the second: a lost answer and a retry below us
	Again             // performed and answered, then performed once more after the next call of its verb, or at Deliver
	Slow              // performed after Fault.Delay; the caller's context may end it first
)

// String names the mode as a test's name would.
func (m Mode) String() string {
	return [...]string{"fails", "lands with its answer lost", "arrives after the retry", "is delivered twice",
		"is delivered again later", "is slow"}[m]
}

// Fault breaks the N-th of the matching calls from now on, counted from 1, or
// every one where N is 0.
type Fault struct {
	Verb  Verb
	N     int
	Mode  Mode
	Delay time.Duration // of Slow
	Err   error         // instead of ErrInjected
}

func (f Fault) err() error {
	if f.Err != nil {
		return f.Err
	}
	return ErrInjected
}

// Call is one call to the store, as a hook sees it.
type Call struct {
	Verb  Verb
	N     int  // which call it is since the store was wrapped or last Reset, of any verb, from 1
	After bool // whether it was performed already
}

// armed is a fault and how many calls it has matched.
type armed struct {
	Fault
	seen int
}

// pending is a write that has not arrived yet.
type pending struct {
	verb    Verb
	perform func(context.Context)
}

// slow waits, or gives the context's error.
func slow(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
