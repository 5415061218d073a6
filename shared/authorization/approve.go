package authorization

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// Store is what authorizing, and cutting, needs of a store.
type Store interface {
	grant.IssueStore
	grant.RevokeStore
	grant.SubjectRaiser
	grant.SubjectLister
	ConsentStore
}

// Rules are the deployment's rules for grants, under which those of users are
// made and ended.
type Rules struct{ Grants grant.Rules }

func (r Rules) now() time.Time { return r.Grants.Now().UTC().Truncate(time.Millisecond) }

// maxTries is how often a row of consents is read again after a lost race.
const maxTries = 5

// Reasons that stand in a grant's revocation.
const (
	ReasonCut      = "cut_by_user"
	reasonTooMany  = "displaced_by_newer_grant"
	reasonTooLate  = "consent_withdrawn"
	reasonUnwanted = "not_handed_out"
)

// ErrWithdrawn is the refusal of a grant whose consent was taken back while it
// was being made. Nothing of it lives.
var ErrWithdrawn = errors.New("authorization: the consent was withdrawn meanwhile")

// ErrContended is the outage of a write that lost every race.
var ErrContended = errors.New("authorization: the consents are being changed by others all the time")

// Approval is a user's decision for a client's request.
type Approval struct {
	Client    *client.Client // as read before the user decided
	Request   *Request
	Subject   string
	Epochs    grant.Epochs // client's as in Client; subject's and store's as the session has them
	Withdrawn int64        // as read before the user decided
}

// Approve makes a grant that a code redeems, writes it beside the consent, and
// only then gives the code. Who cuts the app first raises Withdrawn and then
// ends what the row lists: so a grant is either listed by then and ended by the
// cut, or sees the raised count here and ends itself. Errors: ErrWithdrawn, or
// an outage, after which no code was handed out.
func (r Rules) Approve(ctx context.Context, s Store, a Approval) (token.Value, error) {
	code, err := r.Grants.IssueCode(ctx, s, grant.Birth{
		Client: a.Client, Generation: a.Epochs.Store, Subject: a.Subject, Epoch: a.Epochs.Subject,
		Scope: a.Request.Scope, Audience: a.Request.Audience,
	}, grant.CodeRequest{Challenge: a.Request.Challenge, RedirectURI: a.Request.Sent})
	if err != nil {
		return token.Value{}, err
	}
	id := code.GrantID()
	displaced, err := r.recordGrant(ctx, s, a, id)
	if err != nil {
		why := reasonUnwanted
		if errors.Is(err, ErrWithdrawn) {
			why = reasonTooLate
		}
		// Its code stays with us, so it can do no harm: ending it is tidiness.
		_, _ = r.Grants.RevokeGrant(ctx, s, id, why)
		return token.Value{}, err
	}
	for _, m := range displaced {
		if _, err := r.Grants.RevokeGrant(ctx, s, m.ID, reasonTooMany); err != nil {
			return token.Value{}, err
		}
	}
	return code, nil
}

// recordGrant writes the consent and the grant into the subject's row.
func (r Rules) recordGrant(ctx context.Context, s ConsentStore, a Approval, id token.GrantID) (displaced []Made, err error) {
	now := r.now()
	_, err = r.change(ctx, s, a.Subject, func(c *Consents) error {
		app := c.App(a.Client.ID)
		if app.Withdrawn != a.Withdrawn || app.knowsLater(a.Epochs) {
			return ErrWithdrawn
		}
		app = app.consented(a.Request, a.Epochs, now)
		app, displaced = app.made(Made{ID: id, End: now.Add(r.lifetime(a.Client.Policy))}, now)
		c.set(app)
		return nil
	})
	return displaced, err
}

// lifetime is the most that a grant of the client can live.
func (r Rules) lifetime(p client.Policy) time.Duration {
	if p.RefreshTotalLifetime > 0 {
		return p.RefreshTotalLifetime + time.Minute
	}
	return r.Grants.RefreshAbsolute + time.Minute
}

// change applies one edit to a subject's row, reading again where it moved. It
// gives the row as it is after. An edit that gives an error changes nothing.
func (r Rules) change(ctx context.Context, s ConsentStore, subject string, edit func(*Consents) error) (*Consents, error) {
	for range maxTries {
		c, err := s.FindConsents(ctx, subject)
		if err != nil {
			return nil, err
		}
		if c == nil {
			c = &Consents{Subject: subject}
		}
		was := c.Version
		next := &Consents{Subject: subject, Version: was + 1, Apps: append([]App(nil), c.Apps...), Updated: r.now()}
		if err := edit(next); err != nil {
			return nil, err
		}
		next.prune(r.now())
		if next.Op, err = secret.NewOp(r.Grants.Rand); err != nil {
			return nil, err
		}
		err = r.write(ctx, func(ctx context.Context) error { return s.PutConsents(ctx, next, was) })
		if err = r.settle(ctx, s, next, err); err == nil {
			return next, nil
		}
		if conflict := (*Conflict)(nil); !errors.As(err, &conflict) {
			return nil, fmt.Errorf("writing consents: %w", err)
		}
	}
	return nil, ErrContended
}

// settle finds out what became of a write: nil where the row holds our op.
func (r Rules) settle(ctx context.Context, s ConsentStore, wrote *Consents, err error) error {
	if err == nil {
		return nil
	}
	stored := (*Consents)(nil)
	if conflict := (*Conflict)(nil); errors.As(err, &conflict) {
		stored = conflict.Stored
	} else {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.Grants.WriteTimeout)
		defer cancel()
		stored, _ = s.FindConsents(ctx, wrote.Subject)
	}
	if stored != nil && stored.Op.Equal(wrote.Op) {
		return nil
	}
	return err
}

// write runs one write under its own deadline, also when the caller goes away.
func (r Rules) write(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.Grants.WriteTimeout)
	defer cancel()
	return do(ctx)
}
