package storetest

import (
	"reflect"
	"time"

	"pgregory.net/rapid"

	"rescind/shared/authorization"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/session"
	"rescind/shared/user"
)

// Rows of people, with each member set or absent. What they are found by is
// drawn outside of rapid, which repeats itself.

func randomAccount(rt *rapid.T) *user.Account {
	text := func(what string) string { return present(rt, func() string { return randomText.Draw(rt, what) }) }
	return &user.Account{
		Key: keyOf(unique("account-")), Version: 1, Subject: text("subject"), State: rapid.SampledFrom([]user.State{user.On, user.Off, user.Deleted}).Draw(rt, "state"),
		Email: text("email"), Name: text("name"), Issuer: text("issuer"), Password: secret.NewText(text("password")),
		Op: bytes32(rt), Created: present(rt, timeOf(rt)), Updated: present(rt, timeOf(rt)),
	}
}

func randomSession(rt *rapid.T) *session.Session {
	return &session.Session{
		ID: secret.NewText(unique("cookie-")).Digest(), Account: bytes32(rt), Subject: randomText.Draw(rt, "subject"), Label: randomText.Draw(rt, "label"),
		Epochs: session.Epochs{Subject: number(rt), Store: number(rt)}, AuthTime: present(rt, timeOf(rt)), Born: present(rt, timeOf(rt)),
		IdleEnd: present(rt, timeOf(rt)), AbsoluteEnd: present(rt, timeOf(rt)), Ended: present(rt, timeOf(rt)), Op: bytes32(rt),
		// In the future, or the store may delete it before it is read.
		ExpiresAt: time.Unix(rapid.Int64Range(4_000_000_000, 8_000_000_000).Draw(rt, "expires"), 0).UTC(),
	}
}

func randomConsents(rt *rapid.T) *authorization.Consents {
	c := &authorization.Consents{Subject: unique("subject-") + randomText.Draw(rt, "subject"), Version: 1, Op: bytes32(rt), Updated: present(rt, timeOf(rt))}
	for range rapid.IntRange(0, 4).Draw(rt, "apps") {
		a := authorization.App{
			ClientID: rapid.StringMatching(`[!-~]{1,128}`).Draw(rt, "client"),
			Scope:    present(rt, func() oauth.Scope { return randomScope(rt) }), Audience: present(rt, func() []string { return randomAudience(rt) }),
			Epochs: grant.Epochs{Client: number(rt), Subject: number(rt), Store: number(rt)}, Since: present(rt, timeOf(rt)), Withdrawn: number(rt),
		}
		for range rapid.IntRange(0, 3).Draw(rt, "grants") {
			a.Grants = append(a.Grants, authorization.Made{ID: newID(rt), End: present(rt, timeOf(rt))})
		}
		c.Apps = append(c.Apps, a)
	}
	return c
}

func timeOf(rt *rapid.T) func() time.Time { return func() time.Time { return randomTime(rt) } }

// members calls tell for every member of a row, those within its members and
// lists too, with whether it is set.
func members(row any, tell func(path string, set bool)) {
	within("", reflect.ValueOf(row).Elem(), tell)
}

func within(path string, v reflect.Value, tell func(path string, set bool)) {
	t := v.Type()
	switch {
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		tell(path, v.Len() > 0)
		for i := range v.Len() {
			within(path+"[]", v.Index(i), tell)
		}
	case t.Kind() == reflect.Struct && t.NumField() > 0 && allExported(t):
		for i := range t.NumField() {
			within(path+"."+t.Field(i).Name, v.Field(i), tell)
		}
	default:
		tell(path, !v.IsZero())
	}
}

func allExported(t reflect.Type) bool {
	for i := range t.NumField() {
		if !t.Field(i).IsExported() {
			return false
		}
	}
	return true
}
