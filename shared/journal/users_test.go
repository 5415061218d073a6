package journal_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/shared/grant"
	"rescind/shared/journal"
	"rescind/shared/secret"
	"rescind/shared/sqlite"
	"rescind/shared/user"
)

func (w *world) accounts(s *sqlite.Store) *user.Accounts {
	return user.NewAccounts(s, grant.SubjectEnder{Rules: w.rules, Store: s}, func() time.Time { return w.now }, rand.Reader)
}

var (
	old   = secret.NewText("the password of the backup")
	newer = secret.NewText("the password since then")
)

func (w *world) made(email string) *user.Account {
	w.t.Helper()
	a, err := w.accounts(w.live).Create(w.t.Context(), email, old)
	w.must(err)
	return a
}

// Who was ended since the backup does not sign in with what they had then, and
// nothing of a journal tells who anybody is.
func TestUsersWhoWereEndedSinceTheBackupStaySo(t *testing.T) {
	w := newWorld(t)
	ctx, live := t.Context(), w.accounts(w.live)
	subjects := map[string]string{}
	for _, name := range []string{"same", "off", "deleted", "changed"} {
		subjects[name] = w.made(name + "@example.com").Subject
	}
	taken := w.backup()
	w.must(live.Disable(ctx, "off@example.com"))
	w.must(live.Delete(ctx, "deleted@example.com"))
	w.must(live.SetPassword(ctx, "changed@example.com", newer))
	since := w.made("since@example.com")
	up, err := live.Upstream(ctx, "https://idp.example", "42", "up@example.com", "Up")
	w.must(err)
	w.must(live.DisableKey(ctx, up.Key))

	entries := w.journal(taken)
	text := written(t, entries)
	for _, hidden := range []string{"example.com", "argon2", "Up\"", subjects["same"]} {
		if bytes.Contains(text, []byte(hidden)) {
			t.Errorf("the journal holds %q", hidden)
		}
	}
	want := map[string]user.Redone{
		subjects["off"]: {Off: true, Dropped: true}, subjects["deleted"]: {Deleted: true}, subjects["changed"]: {Dropped: true},
		since.Subject: {Missing: true}, up.Subject: {Off: true},
	}
	got := map[string]user.Redone{}
	r := journal.Replayer{Store: w.then, Now: func() time.Time { return w.now }, Rand: rand.Reader,
		UserChanged: func(c journal.UserChange) { got[c.Subject] = c.Redone }}
	counts, err := r.Replay(ctx, each(entries))
	w.must(err)
	if fmt.Sprint(got) != fmt.Sprint(want) || counts.Users != 5 {
		t.Errorf("changed %v, of %d", got, counts.Users)
	}
	then := w.accounts(w.then)
	for _, name := range []string{"same", "off", "deleted", "changed", "since"} {
		_, err := then.Verify(ctx, name+"@example.com", old, "here")
		if (err == nil) != (name == "same") || err != nil && !errors.Is(err, user.ErrCredentials) {
			t.Errorf("%s is answered %v", name, err)
		}
	}
	if _, err := then.Upstream(ctx, "https://idp.example", "42", "up@example.com", "Up"); !errors.Is(err, user.ErrOff) {
		t.Errorf("who came after the backup and was switched off is answered %v", err)
	}
}

func TestAReplayThatCannotEndAUserIsNoSuccess(t *testing.T) {
	w := newWorld(t)
	w.made("ann@example.com")
	taken := w.backup()
	w.must(w.accounts(w.live).Delete(t.Context(), "ann@example.com"))
	entries := w.journal(taken)
	for _, verb := range []broken.Verb{broken.FindUser, broken.PutUser, broken.RaiseSubjectEpoch} {
		s := broken.Wrap(w.then)
		s.Inject(broken.Fault{Verb: verb})
		if _, _, err := replay(t.Context(), w, s, entries); !errors.Is(err, broken.ErrInjected) || strings.Contains(err.Error(), "ann") {
			t.Errorf("without %s: %v", verb, err)
		}
	}
	if _, _, err := replay(t.Context(), w, w.then, entries); err != nil {
		t.Error(err)
	}
	a, err := w.accounts(w.then).Find(t.Context(), "ann@example.com")
	if a != nil || err != nil {
		t.Errorf("she is there, %v", err)
	}
}
