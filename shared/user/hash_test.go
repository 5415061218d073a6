package user

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"rescind/shared/secret"
)

func TestAPasswordIsKeptAtTodaysCostAndMatchesItselfOnly(t *testing.T) {
	h, password := newHashes(), secret.NewText("correct horse, ünd so weiter")
	text, err := h.make(t.Context(), rand.Reader, password)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(text.Reveal(), "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Error("the notation is not PHC's, or the cost is not the documented one")
	}
	again, err := h.make(t.Context(), rand.Reader, password)
	if err != nil || again.Equal(text) {
		t.Errorf("two hashes of one password are equal: there is no salt, %v", err)
	}
	k, err := parseKept(text)
	if err != nil || k.isStale() {
		t.Fatalf("what was made is not read, or stale: %v", err)
	}
	for tried, want := range map[string]bool{password.Reveal(): true, password.Reveal() + " ": false, "": false, "Correct horse, ünd so weiter": false} {
		if ok, err := h.matches(t.Context(), k, secret.NewText(tried)); ok != want || err != nil {
			t.Errorf("%q matches: %t, %v", tried, ok, err)
		}
	}
}

func TestNobodysHashCostsWhatANewOneDoes(t *testing.T) {
	if nobodys.cost != current || len(nobodys.salt) != saltSize || len(nobodys.sum) != sumSize {
		t.Error("who is not there is told by the time it takes")
	}
	if ok, err := newHashes().matches(t.Context(), nobodys, secret.NewText("")); ok || err != nil {
		t.Errorf("the empty password is nobody's: %t, %v", ok, err)
	}
}

func TestAHashOutOfBoundsIsNotRead(t *testing.T) {
	const salt, sum = "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	good := "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + sum
	if _, err := parseKept(secret.NewText(good)); err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"nothing": "", "no notation": "password", "another algorithm": strings.Replace(good, "argon2id", "argon2i", 1),
		"another version": strings.Replace(good, "v=19", "v=16", 1), "more memory than we spend": strings.Replace(good, "19456", "1048576", 1),
		"no memory": strings.Replace(good, "19456", "0", 1), "more passes than we spend": strings.Replace(good, "t=2", "t=100", 1),
		"no pass": strings.Replace(good, "t=2", "t=0", 1), "many lanes": strings.Replace(good, "p=1", "p=64", 1), "no lane": strings.Replace(good, "p=1", "p=0", 1),
		"a sign before a number": strings.Replace(good, "m=19456", "m=+19456", 1), "something behind the cost": strings.Replace(good, "p=1", "p=1,x=2", 1),
		"a short salt": strings.Replace(good, salt, "AAAA", 1), "a short sum": strings.Replace(good, sum, "AAAA", 1), "no salt": strings.Replace(good, salt, "", 1),
		"a newline in the sum": good + "\n", "bits behind the sum": good[:len(good)-1] + "B", "a part more": good + "$",
	} {
		if _, err := parseKept(secret.NewText(text)); !errors.Is(err, errHash) {
			t.Errorf("%s is read: %v", what, err)
		} else if len(text) > 20 && strings.Contains(err.Error(), salt) {
			t.Errorf("%s: the error shows the hash", what)
		}
	}
}

func TestWithoutRandomnessThereIsNoHashAndNoPassword(t *testing.T) {
	if _, err := newHashes().make(t.Context(), iotest.ErrReader(errors.New("none")), secret.NewText("a good password")); err == nil {
		t.Error("a password is hashed without a salt")
	}
	if _, err := NewPassword(bytes.NewReader(make([]byte, 19))); err == nil {
		t.Error("a password is drawn from too little")
	}
	if _, err := newSubject(bytes.NewReader(make([]byte, 15))); err == nil {
		t.Error("a subject is drawn from too little")
	}
}

func TestPasswordsThatAreDrawnDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		p, err := NewPassword(rand.Reader)
		if err != nil || CheckPassword("a@b.example", p) != nil || p.Len() != 24 || seen[p.Reveal()] {
			t.Fatalf("a drawn password is refused, of %d bytes, or came before: %v", p.Len(), err)
		}
		seen[p.Reveal()] = true
	}
	if len(letters) != 32 || 256%len(letters) != 0 {
		t.Error("some letters come more often than others")
	}
}

// In the bubble time moves only where everybody waits.
func TestTwoPasswordsAreHashedAtOnceAndOthersWaitTwoSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHashes()
		var mu sync.Mutex
		running, peak := 0, 0
		h.run = func(string, []byte, cost, int) []byte {
			mu.Lock()
			running++
			peak = max(peak, running)
			mu.Unlock()
			time.Sleep(900 * time.Millisecond)
			mu.Lock()
			running--
			mu.Unlock()
			return nil
		}
		var busy, done int
		var all sync.WaitGroup
		for range 9 {
			all.Go(func() {
				_, err := h.sum(t.Context(), secret.NewText("x"), nil, current, 1)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					done++
				case errors.Is(err, ErrBusy):
					busy++
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		// Two at 0 s, two at 0.9, two at 1.8; at 2 s the other three give up.
		if peak != 2 || done != 6 || busy != 3 {
			t.Errorf("%d ran at once, %d ran in all, %d were told to come again", peak, done, busy)
		}
		if _, err := h.sum(t.Context(), secret.NewText("x"), nil, current, 1); err != nil {
			t.Errorf("a place was not left: %v", err)
		}
	})
}

func TestWhoGoesAwayDoesNotWait(t *testing.T) {
	h := newHashes()
	h.places <- struct{}{}
	h.places <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.sum(ctx, secret.NewText("x"), nil, current, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("the answer is %v", err)
	}
}

func TestNothingOfAHashIsPrinted(t *testing.T) {
	text, err := newHashes().make(t.Context(), rand.Reader, secret.NewText("a good password"))
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, &Account{Password: text}); strings.Contains(got, "argon2id") {
			t.Errorf("%s shows the hash", verb)
		}
	}
}

func FuzzKept(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=8,t=1,p=1$c29tZSBzYWx0$c29tZSBzdW0gb2YgMTYgYnl0ZXM")
	f.Add("$argon2id$v=19$m=4294967296,t=2,p=1$$")
	f.Add("$$$$$")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := parseKept(secret.NewText(text))
		if err != nil {
			return
		}
		if k.text().Reveal() != text {
			t.Error("a hash has two spellings")
		}
		if k.cost.memory > most.memory || k.cost.passes > most.passes || k.cost.lanes > most.lanes || len(k.sum) < 16 {
			t.Error("a hash out of bounds was read")
		}
	})
}

func BenchmarkArgon2id(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		derive("correct horse battery staple", nobodys.salt, current, sumSize)
	}
}
