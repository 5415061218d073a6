package user

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rescind/shared/secret"
)

// Answers about accounts.
var (
	ErrUnknown    = errors.New("there is no user with this email")
	ErrExists     = errors.New("there is a user with this email already")
	ErrOff        = errors.New("this user is switched off")
	ErrNoPassword = errors.New("this user signs in at another provider and has no password here")
	ErrContended  = errors.New("the user is being changed by others all the time; try again")
)

// Raiser ends all that a subject has: it raises the subject's epoch, see
// package grant. It succeeds only once that is durable, and may be repeated.
type Raiser interface {
	EndSubject(ctx context.Context, subject string) error
}

// Accounts makes, changes and checks accounts. Make it once for a process, by
// NewAccounts: the throttle and the places for hashing are its own.
type Accounts struct {
	Store  Keeper
	Raiser Raiser
	Now    func() time.Time
	Rand   io.Reader

	guesses *guesses
	hashes  *hashes
}

// NewAccounts checks two passwords at once and throttles guessing.
func NewAccounts(store Keeper, raiser Raiser, now func() time.Time, rand io.Reader) *Accounts {
	return &Accounts{Store: store, Raiser: raiser, Now: now, Rand: rand, guesses: newGuesses(), hashes: newHashes()}
}

func (a *Accounts) now() time.Time { return a.Now().UTC().Truncate(time.Millisecond) }

// Create makes a built-in account with a subject of its own. Errors: ErrEmail,
// what CheckPassword finds, ErrExists, or an outage.
func (a *Accounts) Create(ctx context.Context, email string, password secret.Text) (*Account, error) {
	address, err := trimEmail(email)
	if err != nil {
		return nil, err
	}
	if err := CheckPassword(address, password); err != nil {
		return nil, err
	}
	key, err := KeyOfEmail(address)
	if err != nil {
		return nil, err
	}
	stored, err := a.Store.FindUser(ctx, key)
	if err != nil {
		return nil, err
	}
	if stored != nil && stored.State != Deleted { // before the work of hashing
		return nil, ErrExists
	}
	hash, err := a.hashes.make(ctx, a.Rand, password)
	if err != nil {
		return nil, err
	}
	return a.born(ctx, stored, Account{Key: key, Email: address, Password: hash})
}

// Find gives the built-in account with that email; nil where there is none, or
// where it was deleted. Errors: ErrEmail, or an outage.
func (a *Accounts) Find(ctx context.Context, email string) (*Account, error) {
	key, err := KeyOfEmail(email)
	if err != nil {
		return nil, err
	}
	found, err := a.Store.FindUser(ctx, key)
	if err != nil || found == nil || found.State == Deleted {
		return nil, err
	}
	return found, nil
}

// The most bytes of what a provider says of a user. A sub has the length that
// OpenID Connect Core section 2 allows.
const (
	maxIssuer = 512
	maxSub    = 255
	maxName   = 200
)

// Upstream gives the account of an upstream provider's user, made at the first
// sign-in, and keeps what the provider says of them. Who was deleted here and
// comes again is somebody new. Errors: ErrOff, or an outage.
func (a *Accounts) Upstream(ctx context.Context, issuer, sub, email, name string) (*Account, error) {
	if issuer == "" || sub == "" || len(issuer) > maxIssuer || len(sub) > maxSub {
		return nil, errors.New("user: the provider's issuer or subject is empty or too long")
	}
	key := KeyOfUpstream(issuer, sub)
	if address, err := trimEmail(email); err == nil {
		email = address
	} else {
		email = "" // it only names the person on a page
	}
	name = tidyName(name)
	for range 5 {
		stored, err := a.Store.FindUser(ctx, key)
		if err != nil {
			return nil, err
		}
		if stored == nil || stored.State == Deleted {
			made, err := a.born(ctx, stored, Account{Key: key, Email: email, Name: name, Issuer: issuer})
			if errors.Is(err, ErrExists) {
				continue // the same person at the same moment, in another tab
			}
			return made, err
		}
		if stored.State != On {
			return nil, ErrOff
		}
		if stored.Email == email && stored.Name == name {
			return stored, nil
		}
		next := *stored
		next.Email, next.Name = email, name
		if err := a.put(ctx, &next, stored.Version); !isConflict(err) {
			return &next, err
		}
	}
	return nil, ErrContended
}

// born writes a new account, in the place of a deleted one where there was one.
// That one's subject is ended once more first: its deletion may have been cut
// off before it did so, and from now on no row names that subject.
func (a *Accounts) born(ctx context.Context, deleted *Account, made Account) (*Account, error) {
	var ver int64
	if deleted != nil {
		if err := a.Raiser.EndSubject(ctx, deleted.Subject); err != nil {
			return nil, err
		}
		ver = deleted.Version
	}
	subject, err := newSubject(a.Rand)
	if err != nil {
		return nil, err
	}
	made.Subject, made.State, made.Created = subject, On, a.now()
	err = a.put(ctx, &made, ver)
	if isConflict(err) {
		return nil, ErrExists
	}
	if err != nil {
		return nil, err
	}
	return &made, nil
}

// tidyName takes out what does not belong into a line of a page.
func tidyName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, name)
	for len(name) > maxName {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return strings.TrimSpace(name)
}
