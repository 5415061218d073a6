package grant

import (
	"context"
	"errors"
	"fmt"

	"rescind/shared/client"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// RevokeStore is what revoking needs.
type RevokeStore interface {
	Finder
	Revoker
}

// RevokeRequest is a revocation (RFC 7009 section 2.1) whose client has
// authenticated; Grant is of the same read as the client.
type RevokeRequest struct {
	Client client.Authenticated
	Token  token.Value
	Grant  *Grant
	Reason string
}

// Ended is what a revocation ended.
type Ended struct {
	What  string     // EndedGrant, EndedToken, or EndedNothing
	Why   string     // for EndedNothing: "unknown", "already_revoked", "expired"
	Stand Revocation // of the grant, the first one
}

// What a revocation can end.
const (
	EndedGrant   = "grant"
	EndedToken   = "access_token"
	EndedNothing = "nothing"
)

// Why a revocation ended nothing.
const (
	WhyUnknown = "unknown"
	WhyAlready = "already_revoked"
	WhyExpired = "expired"
)

// Revoke makes a token invalid for good: a refresh token, current or earlier,
// with its whole grant; an access token with its grant, or alone where the
// client's policy says so. It succeeds only once that is durable; a token that
// is unknown, expired or revoked is a success that changes nothing (RFC 7009
// section 2.2). Errors: *Refused for another client's token, or an outage.
func (r Rules) Revoke(ctx context.Context, s RevokeStore, req RevokeRequest) (Ended, error) {
	g := req.Grant
	if g == nil || !g.Recognises(req.Token) {
		return Ended{What: EndedNothing, Why: WhyUnknown}, nil
	}
	// Before liveness: what happened to somebody else's token is not told.
	if g.ClientID != req.Client.ID() {
		return Ended{}, refuse(oauth.InvalidGrant, "another_client", "The token was issued to another client.")
	}
	if !g.Revoked.At.IsZero() {
		return Ended{What: EndedNothing, Why: WhyAlready, Stand: g.Revoked}, nil
	}
	// Only what no clock of ours still accepts counts as expired.
	if !r.now().Add(-clockSkew).Before(g.AbsoluteEnd) {
		return Ended{What: EndedNothing, Why: WhyExpired}, nil
	}
	if req.Token.Kind() == token.Access && req.Client.Client().Policy.RevokeAccessToken == client.RevokesToken {
		return r.endAccess(ctx, s, g, req.Token.Digest())
	}
	return r.ended(ctx, s, g.ID, g.ClientID, req.Reason)
}

// RevokeGrant ends a grant for an operator, whoever's it is. Errors are outages.
func (r Rules) RevokeGrant(ctx context.Context, s RevokeStore, id token.GrantID, reason string) (Ended, error) {
	return r.ended(ctx, s, id, "", reason)
}

func (r Rules) ended(ctx context.Context, s RevokeStore, id token.GrantID, clientID, reason string) (Ended, error) {
	stands, ours, err := r.end(ctx, s, id, clientID, reason)
	switch {
	case err != nil:
		return Ended{}, err
	case ours:
		return Ended{What: EndedGrant, Stand: stands}, nil
	case stands.At.IsZero():
		return Ended{What: EndedNothing, Why: WhyUnknown}, nil
	}
	return Ended{What: EndedNothing, Why: WhyAlready, Stand: stands}, nil
}

// end writes a grant's revocation and gives the one that stands: ours, an
// earlier one, or none where there is no such grant.
func (r Rules) end(ctx context.Context, s RevokeStore, id token.GrantID, clientID, reason string) (stands Revocation, ours bool, err error) {
	op, err := secret.NewOp(r.Rand)
	if err != nil {
		return Revocation{}, false, err
	}
	mine := Revocation{At: r.now(), Reason: reason, Op: op}
	err = r.write(ctx, func(ctx context.Context) error {
		stands, err = s.Revoke(ctx, id, clientID, mine)
		return err
	})
	if err != nil {
		if stands, err = r.settleEnd(ctx, s, id, err); err != nil {
			return Revocation{}, false, fmt.Errorf("revoking: %w", err)
		}
	}
	return stands, stands.Op.Equal(op), nil
}

// settleEnd finds out whether the grant is ended after all. A grant that is
// gone is ended; one that lives is an outage, for nobody knows whether the
// write is still on its way.
func (r Rules) settleEnd(ctx context.Context, s Finder, id token.GrantID, err error) (Revocation, error) {
	var g *Grant
	if stored, conflict := isConflict(err); conflict {
		g = stored
	} else {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.WriteTimeout)
		defer cancel()
		rows, readErr := s.Find(ctx, Keys{Grants: []token.GrantID{id}})
		if readErr != nil {
			return Revocation{}, err
		}
		g = rows.Grants[0]
	}
	if g == nil {
		return Revocation{}, nil
	}
	if g.Revoked.At.IsZero() {
		return Revocation{}, err
	}
	return g.Revoked, nil
}

// endAccess empties one slot. A slot that holds another digest by now means
// that the token is gone, which is what was asked for.
func (r Rules) endAccess(ctx context.Context, s RevokeStore, g *Grant, d secret.Digest) (Ended, error) {
	n := g.FindAccess(d)
	err := r.write(ctx, func(ctx context.Context) error { return s.RemoveAccess(ctx, g.ID, n, d) })
	if err == nil {
		return Ended{What: EndedToken}, nil
	}
	if _, conflict := isConflict(err); conflict {
		return Ended{What: EndedNothing, Why: WhyUnknown}, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.WriteTimeout)
	defer cancel()
	rows, readErr := s.Find(ctx, Keys{Grants: []token.GrantID{g.ID}})
	if readErr == nil && (rows.Grants[0] == nil || rows.Grants[0].FindAccess(d) < 0) {
		return Ended{What: EndedToken}, nil
	}
	return Ended{}, fmt.Errorf("revoking an access token: %w", err)
}

// SubjectStore is what revoking a subject needs.
type SubjectStore interface {
	Finder
	SubjectRaiser
}

var errNotRaised = errors.New("grant: nobody can tell whether the epoch was raised")

// maxRaises is how often an epoch is raised again after a lost race.
const maxRaises = 64

// RevokeSubject ends every grant of a subject that was born until now, by one
// raised epoch, and gives that epoch. Where somebody else raised it meanwhile,
// that does not count: a user who cuts everything raises it too, and goes on with
// a session of the new epoch, which must not outlive this. Errors are outages.
func (r Rules) RevokeSubject(ctx context.Context, s SubjectStore, subject string) (epoch int64, err error) {
	if subject == "" {
		return 0, errors.New("grant: no subject was named")
	}
	from, err := readSubject(ctx, s, subject)
	if err != nil {
		return 0, err
	}
	for range maxRaises {
		now, raised, err := r.RaiseSubject(ctx, s, subject, from)
		if err != nil || raised {
			return now, err
		}
		// Lost to another, or its answer was: once more from what is there now.
		from = now
	}
	return 0, fmt.Errorf("raising the subject's epoch: %w", errNotRaised)
}

// RaiseSubject ends every grant of a subject that was born until now, by one
// write that raises the epoch from "from", and gives the epoch. raised is false
// where it is greater already, by another's write or by this one, whose answer
// was lost: then that epoch is given. Errors are outages.
func (r Rules) RaiseSubject(ctx context.Context, s SubjectStore, subject string, from int64) (epoch int64, raised bool, err error) {
	to := max(from+1, r.now().UnixMilli())
	err = r.write(ctx, func(ctx context.Context) (err error) {
		raised, err = s.RaiseSubjectEpoch(ctx, subject, from, to)
		return err
	})
	if err == nil && raised {
		return to, true, nil
	}
	now, readErr := r.readSubjectAfter(ctx, s, subject)
	if readErr != nil || now <= from {
		return 0, false, fmt.Errorf("raising the subject's epoch: %w", errors.Join(errNotRaised, err, readErr))
	}
	return now, false, nil
}

func readSubject(ctx context.Context, s SubjectStore, subject string) (int64, error) {
	rows, err := s.Find(ctx, Keys{Subjects: []string{subject}})
	if err != nil {
		return 0, err
	}
	return rows.Subjects[0], nil
}

// readSubjectAfter reads it also when the caller went away: what was begun is
// to be known.
func (r Rules) readSubjectAfter(ctx context.Context, s SubjectStore, subject string) (int64, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.WriteTimeout)
	defer cancel()
	return readSubject(ctx, s, subject)
}

// SubjectEnder ends subjects in one store, for who must not know grants.
type SubjectEnder struct {
	Rules Rules
	Store SubjectStore
}

// EndSubject ends every grant and session of the subject that was born until
// now. Errors are outages.
func (e SubjectEnder) EndSubject(ctx context.Context, subject string) error {
	_, err := e.Rules.RevokeSubject(ctx, e.Store, subject)
	return err
}
