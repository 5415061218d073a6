package user_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"rescind/internal/testkit/broken"
	"rescind/shared/secret"
	"rescind/shared/user"
)

func TestANewAccountIsOnAndHasASubjectThatSaysNothing(t *testing.T) {
	w := newWorld(t)
	a, err := w.accounts.Create(t.Context(), " "+email+" ", right)
	if err != nil {
		t.Fatal(err)
	}
	stored := w.row(mustKey(t, email))
	if stored == nil || stored.Subject != a.Subject || stored.State != user.On || stored.Version != 1 || stored.Email != email || stored.Issuer != "" || stored.Op.IsZero() {
		t.Errorf("the row is %+v", stored)
	}
	for s, want := range map[string]bool{a.Subject: true, "": false, a.Subject[4:]: false, a.Subject + "00": false, strings.ToUpper(a.Subject): false, "usr_" + strings.Repeat("G", 32): false, "usr_" + strings.Repeat("A", 32): false} {
		if user.IsSubject(s) != want {
			t.Errorf("%q is a subject: %t", s, !want)
		}
	}
	if len(a.Subject) != len("usr_")+32 || strings.Contains(a.Subject, "ann") || a.Created.Location() != time.UTC || a.Created.Nanosecond()%1e6 != 0 || !a.Created.Equal(a.Updated) {
		t.Errorf("the subject is %q, created %v, updated %v", a.Subject, a.Created, a.Updated)
	}
	b := w.create("bob@example.com")
	if a.Subject == b.Subject {
		t.Error("two accounts have one subject")
	}
	if found, err := w.accounts.Find(t.Context(), strings.ToUpper(email)); err != nil || found == nil || found.Subject != a.Subject {
		t.Errorf("it is not found: %v", err)
	}
	if _, err := w.accounts.Create(t.Context(), strings.ToLower(email), wrong); !errors.Is(err, user.ErrExists) {
		t.Errorf("a second one with the same email: %v", err)
	}
	if n, _ := w.hashes.Since(); n != 0 {
		t.Error("a password is hashed for who is there already")
	}
}

func TestWhatIsWrongIsRefusedBeforeAnythingIsRead(t *testing.T) {
	w := newWorld(t)
	for what, c := range map[string]struct{ email, password string }{
		"no email": {"ann", "long enough"}, "a short password": {email, "short"}, "a common one": {email, "password"}, "the email": {email, email},
	} {
		if _, err := w.accounts.Create(t.Context(), c.email, secret.NewText(c.password)); err == nil {
			t.Errorf("an account is made with %s", what)
		}
	}
	for what, call := range map[string]func() error{
		"find":    func() error { _, err := w.accounts.Find(t.Context(), "ann"); return err },
		"disable": func() error { return w.accounts.Disable(t.Context(), "ann") },
		"set":     func() error { return w.accounts.SetPassword(t.Context(), "ann", right) },
	} {
		if err := call(); !errors.Is(err, user.ErrEmail) {
			t.Errorf("%s of what is no email: %v", what, err)
		}
	}
	if w.store.Count(broken.Any) != 0 {
		t.Error("the store was asked")
	}
	w.accounts.Rand = iotest.ErrReader(errors.New("none"))
	if _, err := w.accounts.Create(t.Context(), email, right); err == nil {
		t.Error("an account is made without randomness")
	}
	if _, err := w.accounts.Upstream(t.Context(), "https://idp.example", "42", "", ""); err == nil || w.store.Count(broken.PutUser) != 0 {
		t.Errorf("an upstream account is made without randomness: %v", err)
	}
}

func TestOfManyWhoMakeOneAccountOneDoes(t *testing.T) {
	w := newWorld(t)
	var mu sync.Mutex
	var all sync.WaitGroup
	made, existed := 0, 0
	subjects := map[string]bool{}
	for range 20 {
		all.Go(func() {
			_, err := w.accounts.Create(t.Context(), email, right)
			up, upErr := w.accounts.Upstream(t.Context(), "https://idp.example", "42", "ann@example.com", "Ann")
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made++
			} else if errors.Is(err, user.ErrExists) {
				existed++
			} else {
				t.Error(err)
			}
			if upErr != nil {
				t.Error(upErr)
			} else {
				subjects[up.Subject] = true
			}
		})
	}
	all.Wait()
	if made != 1 || existed != 19 || len(subjects) != 1 {
		t.Errorf("%d made it, %d found it, and the upstream user is %d people", made, existed, len(subjects))
	}
}

func TestWhoIsDeletedAndComesAgainIsSomebodyNew(t *testing.T) {
	w := newWorld(t)
	const issuer = "https://idp.example"
	come := map[string]func() (*user.Account, error){
		"a built-in user":  func() (*user.Account, error) { return w.accounts.Create(t.Context(), email, right) },
		"an upstream user": func() (*user.Account, error) { return w.accounts.Upstream(t.Context(), issuer, "42", email, "Ann") },
	}
	for what, create := range come {
		first, err := create()
		if err != nil {
			t.Fatal(err)
		}
		if err := w.accounts.DeleteKey(t.Context(), first.Key); err != nil {
			t.Fatal(err)
		}
		ended := w.epoch(first.Subject)
		second, err := create()
		if err != nil || second.Subject == first.Subject || second.Version != 3 || second.State != user.On || second.Email != email {
			t.Errorf("%s comes again as %+v, %v", what, second, err)
		}
		if w.epoch(first.Subject) <= ended || w.epoch(second.Subject) != 0 {
			t.Errorf("%s: the old subject is not ended once more, or the new one is", what)
		}
	}
}

// A deletion that was cut off before it raised the epoch leaves a row that names
// the subject. A new account takes that name away, so it must end it first.
func TestANewAccountFirstEndsWhatADeletionLeft(t *testing.T) {
	w := newWorld(t)
	first := w.create(email)
	w.fail(broken.RaiseSubjectEpoch)
	if err := w.accounts.Delete(t.Context(), email); !errors.Is(err, broken.ErrInjected) {
		t.Fatalf("the deletion says %v", err)
	}
	if _, err := w.accounts.Create(t.Context(), email, right); !errors.Is(err, broken.ErrInjected) || w.row(first.Key).Subject != first.Subject {
		t.Errorf("the row is taken over while nobody can end the old subject: %v", err)
	}
	w.store.Heal()
	if _, err := w.accounts.Create(t.Context(), email, right); err != nil || w.epoch(first.Subject) == 0 {
		t.Errorf("what the first one has lives on: %v", err)
	}
}

func TestAnUpstreamUserIsKeptAsTheProviderSays(t *testing.T) {
	w := newWorld(t)
	const issuer = "https://idp.example"
	built := w.create(email)
	first, err := w.accounts.Upstream(t.Context(), issuer, "42", email, "Ann\u202e\n Example")
	if err != nil || first.Subject == built.Subject || first.Name != "Ann Example" || !first.Password.IsEmpty() || first.Issuer != issuer {
		t.Fatalf("the account is %+v, %v", first, err)
	}
	again, err := w.accounts.Upstream(t.Context(), issuer, "42", email, "Ann Example")
	if err != nil || again.Subject != first.Subject || again.Version != 1 {
		t.Errorf("a second sign-in changes the row: %v", err)
	}
	for _, name := range []string{strings.Repeat("ü", 150), "\xff\x00", ""} {
		again, err = w.accounts.Upstream(t.Context(), issuer, "42", "new@example.com", name)
		if err != nil || again.Subject != first.Subject || len(again.Name) > 200 || !utf8.ValidString(again.Name) || again.Email != "new@example.com" {
			t.Errorf("a new name gives %+v, %v", again, err)
		}
	}
	if again, err = w.accounts.Upstream(t.Context(), issuer, "42", "not an email", ""); err != nil || again.Email != "" {
		t.Errorf("what is no email is kept: %v", err)
	}
	for what, c := range map[string]struct{ issuer, sub string }{"no issuer": {"", "42"}, "no sub": {issuer, ""},
		"a long issuer": {strings.Repeat("x", 513), "42"}, "a long sub": {issuer, strings.Repeat("x", 256)}} {
		if _, err := w.accounts.Upstream(t.Context(), c.issuer, c.sub, "", ""); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
	if err := w.accounts.SetPasswordOf(t.Context(), first.Key, right); !errors.Is(err, user.ErrNoPassword) {
		t.Errorf("an upstream user gets a password: %v", err)
	}
	if err := w.accounts.DisableKey(t.Context(), first.Key); err != nil {
		t.Fatal(err)
	}
	if _, err := w.accounts.Upstream(t.Context(), issuer, "42", email, "Ann"); !errors.Is(err, user.ErrOff) {
		t.Errorf("who is off signs in upstream: %v", err)
	}
	if err := w.verify(email, right, here); err != nil {
		t.Errorf("the built-in account of the same email is off too: %v", err)
	}
}

func TestAccountsAreListedPageByPage(t *testing.T) {
	w := newWorld(t)
	want := map[user.Key]bool{}
	for n := range 7 {
		want[w.create(fmt.Sprintf("user%d@example.com", n)).Key] = true
	}
	if err := w.accounts.Delete(t.Context(), "user3@example.com"); err != nil {
		t.Fatal(err)
	}
	var after user.Key
	for len(want) > 0 {
		page, err := w.store.ListUsers(t.Context(), after, 3)
		if err != nil || len(page) == 0 {
			t.Fatalf("%d are missing, %v", len(want), err)
		}
		for _, a := range page {
			if !want[a.Key] || bytes.Compare(a.Key[:], after[:]) <= 0 {
				t.Error("an account comes twice or out of order")
			}
			delete(want, a.Key)
			after = a.Key
		}
	}
}
