package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"rescind/shared/user"
)

// userView is a user as the operator sees them. The first members have OpenID
// Connect's names (Core section 5.1). Times are seconds since 1970.
type userView struct {
	Subject   string `json:"sub"`
	Email     string `json:"email,omitempty"`
	Name      string `json:"name,omitempty"`
	State     string `json:"state"`
	Provider  string `json:"provider,omitempty"` // the upstream issuer; absent for a built-in account
	Password  string `json:"password,omitempty"` // where it was made here, this once
	CreatedAt int64  `json:"created_at"`
	UpdatedAt int64  `json:"updated_at"`
}

func viewUser(u *user.Account) userView {
	v := userView{Subject: u.Subject, State: string(u.State), Provider: u.Issuer, CreatedAt: u.Created.Unix(), UpdatedAt: u.Updated.Unix()}
	if u.State != user.Deleted {
		v.Email, v.Name = u.Email, u.Name
	}
	return v
}

// viewChanged is a user after a change that was done. What cannot be read
// again is told as it was before, but for the state: the change stands.
func viewChanged(ctx context.Context, store user.Store, before *user.Account, state user.State) userView {
	if after, err := store.FindUser(ctx, before.Key); err == nil && after != nil && after.Subject == before.Subject {
		return viewUser(after)
	}
	after := *before
	after.State = state
	return viewUser(&after)
}

// printUser prints one user, and to people a sentence before it.
func (a *app) printUser(v userView, sentence string) error {
	return a.print(v, func(w io.Writer) {
		fmt.Fprintf(w, "%s\n\n", sentence)
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, line := range [][2]string{{"subject", v.Subject}, {"email", v.Email}, {"password", v.Password}, {"name", v.Name},
			{"state", v.State}, {"provider", v.Provider}, {"created", stamp(time.Unix(v.CreatedAt, 0))}} {
			if line[1] != "" {
				fmt.Fprintf(t, "%s\t%s\n", line[0], line[1])
			}
		}
		_ = t.Flush() // print looks at the writer below
	})
}

func writeUsers(w io.Writer, views []userView) {
	if len(views) == 0 {
		fmt.Fprintln(w, "There are no users; make one with `rescind user create EMAIL`.")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SUBJECT\tEMAIL\tNAME\tSTATE\tPROVIDER\tCREATED")
	for _, v := range views {
		provider := v.Provider
		if provider == "" {
			provider = "built-in"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", v.Subject, v.Email, v.Name, v.State, provider, stamp(time.Unix(v.CreatedAt, 0)))
	}
	_ = t.Flush() // print looks at the writer below
}
