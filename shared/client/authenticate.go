package client

import (
	"context"
	"time"

	"rescind/shared/oauth"
	"rescind/shared/secret"
)

// Authenticated is the proof that a client authenticated. Only Authenticate
// makes one; the zero value names nobody and may nothing.
type Authenticated struct {
	c        *Client
	from, to Secret // an imported secret that verified, and what should take its place
}

// Client is the row that was authenticated, as it was read then; nil for the
// zero value.
func (a Authenticated) Client() *Client { return a.c }

// ID is the client's id; empty for the zero value.
func (a Authenticated) ID() string {
	if a.c == nil {
		return ""
	}
	return a.c.ID
}

// Pair is one reading of the credentials that a request carries.
type Pair struct {
	ID     string
	Secret secret.Text // empty: none was sent
}

// Credentials are what a request carries to authenticate with.
type Credentials struct {
	Method string // oauth.AuthBasic, oauth.AuthPost or oauth.AuthNone
	// Pairs are the readings to try in order. Basic has a second where the raw
	// pair differs from the form-decoded one (RFC 6749 section 2.3.1).
	Pairs  []Pair
	Source string // the caller's address, for throttling
}

// Authenticator verifies credentials. Make it once for a process.
type Authenticator struct {
	Now      func() time.Time
	attempts *Attempts
	hashes   hashGate
}

// NewAuthenticator throttles guesses as attempts says and verifies two
// imported hashes at once.
func NewAuthenticator(now func() time.Time, attempts *Attempts) *Authenticator {
	return &Authenticator{Now: now, attempts: attempts, hashes: make(hashGate, 2)}
}

// Authenticate verifies credentials against the rows read for their pairs:
// rows[i] is the client named by Pairs[i], nil where there is none. It gives
// the proof, and the index of the pair that verified.
//
// Errors: invalid_client, the same for an unknown client and a wrong secret
// (RFC 6749 section 5.2); too_many_requests; or an outage where too many
// imported hashes are being verified.
func (a *Authenticator) Authenticate(ctx context.Context, cr Credentials, rows []*Client) (Authenticated, int, error) {
	challenge := "Basic" // also where none was tried: a client that sent nothing learns what it may send
	if len(cr.Pairs) == 0 {
		return Authenticated{}, 0, &oauth.Error{Code: oauth.InvalidClient, Challenge: challenge,
			Description: "No client authentication was sent. Use HTTP Basic, or client_id and client_secret in the body."}
	}
	now := a.Now()
	id := cr.Pairs[0].ID
	if !oauth.ValidClientID(id) {
		id = "" // nothing unbounded is kept
	}
	// Whoever has the right secret of ours is let in whatever others at its
	// address did: 256 bits are not guessed, so only failures wait, and the
	// slow hashes of imported secrets, which can be.
	wait := a.attempts.Wait(id, cr.Source, now)
	for i, p := range cr.Pairs {
		proof, err := a.verify(ctx, cr.Method, p, rows[i], wait == 0)
		if err != nil {
			return Authenticated{}, 0, err
		}
		if proof.c != nil {
			return proof, i, nil
		}
	}
	if wait > 0 {
		return Authenticated{}, 0, &oauth.Error{Code: oauth.TooManyRequests, RetryAfter: int((wait + time.Second - 1) / time.Second),
			Description: "Too many failed attempts for this client from this address. Wait, then try again."}
	}
	a.attempts.Failed(id, cr.Source, now)
	return Authenticated{}, 0, &oauth.Error{Code: oauth.InvalidClient, Challenge: challenge,
		Description: "Client authentication failed."}
}

// verify does the same work whether or not the client exists, until the
// secret has been compared. A deviation that shows is documented: a client
// with an imported hash answers slower. slow allows such a hash to be tried.
func (a *Authenticator) verify(ctx context.Context, method string, p Pair, c *Client, slow bool) (Authenticated, error) {
	if p.Secret.Len() > maxSecretLen {
		return Authenticated{}, nil
	}
	matched := matchesDigest(c, p.Secret)
	if c == nil || c.State != On {
		return Authenticated{}, nil
	}
	if pinned := c.Policy.TokenEndpointAuthMethod; pinned != "" && pinned != method {
		return Authenticated{}, nil
	}
	switch {
	case c.Policy.IsPublic() && method == oauth.AuthNone, matched && !c.Policy.IsPublic():
		return Authenticated{c: c}, nil
	case c.Policy.IsPublic(), p.Secret.IsEmpty(), isOurs(p.Secret.Reveal()), !slow:
		return Authenticated{}, nil
	}
	return a.verifyImported(ctx, c, p.Secret)
}

func (a *Authenticator) verifyImported(ctx context.Context, c *Client, presented secret.Text) (Authenticated, error) {
	for _, s := range c.Secrets {
		check, err := parseImported(s.Imported.Reveal())
		if err != nil {
			continue // one of our own, or a row that import should have refused
		}
		if err := a.hashes.enter(ctx); err != nil {
			return Authenticated{}, err
		}
		ok := check(presented.Reveal())
		a.hashes.leave()
		if !ok {
			continue
		}
		proof := Authenticated{c: c}
		if presented.Len() >= upgradeLen {
			// It is the same secret, so it keeps its time: a journal names secrets by it.
			proof.from, proof.to = s, Secret{Digest: presented.Digest(), Created: s.Created}
		}
		return proof, nil
	}
	return Authenticated{}, nil
}

// Upgrade gives the kept secret that an imported hash should be replaced by,
// and the one it replaces. ok is false where none verified here, or where the
// presented one is too short to be kept as a plain SHA-256.
func (a Authenticated) Upgrade() (from, to Secret, ok bool) {
	return a.from, a.to, !a.to.Digest.IsZero()
}
