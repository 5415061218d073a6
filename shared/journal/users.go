package journal

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"rescind/shared/grant"
	"rescind/shared/user"
)

// User is a user's account as it was when the journal was made. It names nobody
// but by the key, which is no secret, and by the subject.
type User struct {
	Key      string     `json:"key"` // a user.Key, in hexadecimal
	Subject  string     `json:"sub"`
	Provider string     `json:"provider,omitempty"` // the upstream issuer; absent for a built-in account
	State    user.State `json:"state"`
	Version  int64      `json:"ver"`
	Updated  time.Time  `json:"updated"`
}

// UserChange is what became of one account.
type UserChange struct {
	Subject string
	user.Redone
}

// IsEmpty tells that there is nothing to say.
func (c UserChange) IsEmpty() bool { return c.Redone == user.Redone{} }

func (u *User) key() (key user.Key, ok bool) {
	b, err := hex.DecodeString(u.Key)
	if err != nil || len(b) != len(key) {
		return key, false
	}
	copy(key[:], b)
	return key, true
}

func (u *User) check() error {
	_, ok := u.key()
	if !ok || u.Subject == "" || len(u.Subject) > maxText || len(u.Provider) > maxText || u.Version < 1 || !isMoment(u.Updated) ||
		u.State != user.On && u.State != user.Off && u.State != user.Deleted {
		return errors.New("a user's key, subject, state, version or time is none")
	}
	return nil
}

// users gives the accounts that were made or changed since, and all that are
// off or deleted, whenever that was.
func (w *walk) users(s Source) error {
	for after := (user.Key{}); ; {
		page, err := s.ListUsers(w.ctx, after, pageSize)
		if err != nil {
			return err
		}
		for _, u := range page {
			after = u.Key
			if u.State == user.On && !w.since(u.Updated) {
				continue
			}
			e := &User{Key: hex.EncodeToString(u.Key[:]), Subject: u.Subject, Provider: u.Issuer, State: u.State, Version: u.Version, Updated: moment(u.Updated)}
			if err := w.emit(Entry{User: e}); err != nil {
				return err
			}
		}
		w.page(len(page))
		if len(page) < pageSize {
			return nil
		}
	}
}

// user makes an account as dead as the journal says.
func (r *Replayer) user(ctx context.Context, u User) (result, error) {
	key, _ := u.key()
	raiser := grant.SubjectEnder{Rules: grant.Defaults(r.Now, r.Rand), Store: r.Store}
	did, err := user.NewAccounts(r.Store, raiser, r.Now, r.Rand).EndAgain(ctx, user.Known{
		Key: key, Subject: u.Subject, Issuer: u.Provider, State: u.State, Version: u.Version, Updated: u.Updated})
	change := UserChange{u.Subject, did}
	return result{
		of:    Entry{User: &u},
		count: func(c *Counts) { c.Users++ },
		tell: func() {
			if r.UserChanged != nil && !change.IsEmpty() {
				r.UserChanged(change)
			}
		},
	}, err
}
