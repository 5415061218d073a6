package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"rescind/shared/endpoint"
	"rescind/shared/secret"
	"rescind/shared/user"
)

// demoEmail is the demo user's. Nobody gets mail there (RFC 2606 section 3).
const demoEmail = "demo@example.com"

// demoUser is the demo user. The password is there only on the start that made
// the account.
type demoUser struct {
	account  *user.Account
	password secret.Text
}

// prepareDemoUser finds the demo user, or makes one that was never there. A
// deleted one is not made again: somebody wanted it gone.
func (a *app) prepareDemoUser(ctx context.Context, store operatorStore) (demoUser, error) {
	key, err := user.KeyOfEmail(demoEmail)
	if err != nil {
		return demoUser{}, err
	}
	found, err := store.FindUser(ctx, key)
	if err != nil || found != nil {
		return demoUser{account: found}, err
	}
	password, err := user.NewPassword(a.rules.Rand)
	if err != nil {
		return demoUser{}, err
	}
	made, err := a.accounts(store).Create(ctx, demoEmail, password)
	if errors.Is(err, user.ErrExists) { // another process, at the same moment, which shows the password
		found, err = store.FindUser(ctx, key)
		return demoUser{account: found}, err
	}
	if err != nil {
		return demoUser{}, err
	}
	a.recordUser(ctx, "serve --demo", made.Subject, "created", nil)
	return demoUser{made, password}, nil
}

// demoUserView is the demo user in the banner as JSON.
type demoUserView struct {
	Email    string `json:"email"`
	Password string `json:"password,omitempty"` // on the start that made it
	Subject  string `json:"sub"`
	State    string `json:"state"`
}

func (d demoUser) view() []*demoUserView {
	if d.account == nil {
		return nil
	}
	return []*demoUserView{{demoEmail, d.password.Reveal(), d.account.Subject, string(d.account.State)}}
}

// write shows the password, this once, or says what became of the demo user and
// how to get a new one.
func (d demoUser) write(w io.Writer, s site) {
	switch {
	case d.account == nil:
	case !d.password.IsEmpty():
		fmt.Fprintf(w, `
A demo user was made. The password is shown this once:

  email     %s
  password  %s
`, demoEmail, d.password.Reveal())
		writeAuthorized(w, s)
	case d.account.State == user.Deleted:
		fmt.Fprintf(w, "\nThe demo user was deleted. Make one of your own:\n\n%s\n", s.command("user create you@example.com"))
	case d.account.State == user.Off:
		fmt.Fprintf(w, "\nThe demo user %s is off. Switch it on again:\n\n%s\n", demoEmail, s.command("user enable "+demoEmail))
	default:
		fmt.Fprintf(w, "\nThe demo user is %s. Its password was shown when it was made. Get a new one, which ends what it has granted:\n\n%s\n",
			demoEmail, s.command("user set-password "+demoEmail+" --generate"))
		writeAuthorized(w, s)
	}
}

func writeAuthorized(w io.Writer, s site) {
	fmt.Fprintf(w, "\nWhat the user has authorized, with a button to cut it: %s%s\n", s.issuer, endpoint.PathAuthorized)
}
