package verify_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rescind/verify"
)

// clock is a time that a test sets.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

func TestWithoutACacheEveryRequestIsAsked(t *testing.T) {
	s := newIssuer(t, says(good))
	v := newVerifier(t, s.config())
	for range 3 {
		call(v, nil)
	}
	s.says(says(`{"active":false}`))
	if got := call(v, nil); got.StatusCode != http.StatusUnauthorized || s.count() != 4 {
		t.Errorf("answered %d after %d questions", got.StatusCode, s.count())
	}
}

func TestARevocationIsAtMostTheTTLLate(t *testing.T) {
	s, at := newIssuer(t, says(good)), newClock()
	c := s.config()
	c.CacheTTL, c.Now = 10*time.Second, at.now
	v := newVerifier(t, c)
	call(v, nil)
	s.says(says(`{"active":false}`))
	at.advance(10*time.Second - 1)
	if got := call(v, nil); got.StatusCode != http.StatusOK || s.count() != 1 {
		t.Errorf("within the TTL: %d after %d questions", got.StatusCode, s.count())
	}
	at.advance(1)
	if got := call(v, nil); got.StatusCode != http.StatusUnauthorized || s.count() != 2 {
		t.Errorf("after the TTL: %d after %d questions", got.StatusCode, s.count())
	}
}

// The time that the server took counts too: it may have decided at its beginning.
func TestTheTTLCountsFromBeforeTheQuestion(t *testing.T) {
	at := newClock()
	s := newIssuer(t, func(w http.ResponseWriter, r *http.Request) {
		at.advance(8 * time.Second)
		says(good)(w, r)
	})
	c := s.config()
	c.CacheTTL, c.Now = 10*time.Second, at.now
	v := newVerifier(t, c)
	call(v, nil)
	at.advance(2 * time.Second)
	call(v, nil)
	if s.count() != 2 {
		t.Errorf("%d questions", s.count())
	}
}

func TestAClockSetBackEndsWhatIsKept(t *testing.T) {
	s, at := newIssuer(t, says(good)), newClock()
	c := s.config()
	c.CacheTTL, c.Now = time.Minute, at.now
	v := newVerifier(t, c)
	call(v, nil)
	at.advance(-time.Second)
	call(v, nil)
	if s.count() != 2 {
		t.Errorf("%d questions", s.count())
	}
}

func TestNothingIsKeptPastItsExpiry(t *testing.T) {
	at := newClock()
	s := newIssuer(t, says(fmt.Sprintf(`{"active":true,"token_type":"Bearer","aud":"https://api.example.com","exp":%d}`, at.now().Unix()+5)))
	c := s.config()
	c.CacheTTL, c.Now = time.Minute, at.now
	v := newVerifier(t, c)
	for _, want := range []int{200, 200, 401} {
		if got := call(v, nil); got.StatusCode != want {
			t.Errorf("answered %d, not %d", got.StatusCode, want)
		}
		at.advance(2500 * time.Millisecond)
	}
}

func TestOnlyActiveAnswersAreKept(t *testing.T) {
	s := newIssuer(t, says(`{"active":false}`))
	c := s.config()
	c.CacheTTL = time.Hour
	v := newVerifier(t, c)
	broken := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }
	for i, step := range []struct {
		answer http.HandlerFunc
		status int
	}{{says(`{"active":false}`), 401}, {broken, 503}, {says(`{"active":false}`), 401}, {says(good), 200}, {broken, 200}} {
		s.says(step.answer)
		if got := call(v, nil); got.StatusCode != step.status {
			t.Errorf("step %d: %d", i, got.StatusCode)
		}
	}
}

// A kept answer is of one token, and its scopes are looked at each time.
func TestWhatIsKeptOpensNothingElse(t *testing.T) {
	s := newIssuer(t, says(good))
	c := s.config()
	c.CacheTTL = time.Hour
	v := newVerifier(t, c)
	call(v, nil)
	if got := call(v, nil, "notes:write"); got.StatusCode != http.StatusForbidden || s.count() != 1 {
		t.Errorf("another scope: %d", got.StatusCode)
	}
	s.says(says(`{"active":false}`))
	other := func(r *http.Request) { r.Header.Set("Authorization", "Bearer another-token") }
	if got := call(v, other); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("another token: %d", got.StatusCode)
	}
}

func TestAHandlerCannotChangeWhatIsKept(t *testing.T) {
	c := newIssuer(t, says(good)).config()
	c.CacheTTL = time.Hour
	v := newVerifier(t, c)
	for range 3 {
		got, err := v.Introspect(t.Context(), "a-token")
		if err != nil || got.Scope[0] != "notes:read" {
			t.Fatalf("%v, %v", got, err)
		}
		got.Scope[0] = "admin"
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	s := newIssuer(t, says(good))
	c := s.config()
	c.CacheTTL, c.CacheSize = time.Hour, 2
	v := newVerifier(t, c)
	ask := func(token string) {
		if _, err := v.Introspect(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	for _, token := range []string{"a", "b", "c", "c", "b"} {
		ask(token)
	}
	if s.count() != 3 {
		t.Errorf("%d questions for three tokens", s.count())
	}
	if ask("a"); s.count() != 4 {
		t.Error("the first one was not forgotten")
	}
}

func TestManyAtOnce(t *testing.T) {
	c := newIssuer(t, says(good)).config()
	c.CacheTTL, c.CacheSize = time.Millisecond, 3
	c.Observe = func(verify.Event) {}
	v := newVerifier(t, c)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for i := range 50 {
				edit := func(r *http.Request) { r.Header.Set("Authorization", fmt.Sprintf("Bearer t%d", (n+i)%6)) }
				if got := call(v, edit, "notes:read"); got.StatusCode != http.StatusOK {
					t.Errorf("answered %d", got.StatusCode)
				}
			}
		})
	}
	all.Wait()
}
