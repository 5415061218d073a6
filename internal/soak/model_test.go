package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"rescind/internal/bench/load"
	"rescind/internal/bench/seed"
	"rescind/shared/grant"
)

// sin is what a fake server does wrong.
type sin struct {
	forgets  bool // a revocation that it answers with 200
	loses    bool // grants that nobody revoked
	repeats  bool // the tokens of a refresh
	accepts  bool // an ended grant's refresh token
	outage   bool // 503 now and then
	timeless bool // access tokens never end
}

// fake answers as the endpoints do, from maps. Its only store is memory.
type fake struct {
	sin
	mu      sync.Mutex
	grantOf map[string]int // of each token that is current
	client  map[int]string
	dead    map[int]bool
	ends    map[string]time.Time
	slots   map[int][]string
	refresh map[int]string
	life    map[string]time.Duration // by client
	asked   int
}

func newFake(s sin) *fake {
	return &fake{sin: s, grantOf: map[string]int{}, client: map[int]string{}, dead: map[int]bool{}, ends: map[string]time.Time{},
		slots: map[int][]string{}, refresh: map[int]string{}, life: map[string]time.Duration{}}
}

func (f *fake) birth(client string, refresh bool) (access, refreshText string) {
	id := len(f.client)
	f.client[id] = client
	access = f.access(id)
	if refresh {
		f.refresh[id] = rand.Text()
		f.grantOf[f.refresh[id]] = id
	}
	return access, f.refresh[id]
}

func (f *fake) access(id int) string {
	text := rand.Text()
	f.grantOf[text] = id
	if life := f.life[f.client[id]]; life > 0 && !f.timeless {
		f.ends[text] = time.Now().Add(life)
	}
	f.slots[id] = append(f.slots[id], text)
	if len(f.slots[id]) > grant.Slots {
		delete(f.grantOf, f.slots[id][0])
		f.slots[id] = f.slots[id][1:]
	}
	return text
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if f.outage && f.asked%100 == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	id, known := f.grantOf[r.PostFormValue("token")]
	switch {
	case strings.HasPrefix(r.URL.Path, "/o/introspect"):
		end, brief := f.ends[r.PostFormValue("token")]
		active := known && !f.dead[id] && !(brief && time.Now().After(end))
		if f.loses && id%50 == 7 {
			active = false
		}
		out := map[string]any{"active": active}
		if active {
			out["client_id"] = f.client[id]
		}
		_ = json.NewEncoder(w).Encode(out)
	case strings.HasPrefix(r.URL.Path, "/o/revoke"):
		if known && !(f.forgets && id%5 == 0) {
			f.dead[id] = true
		}
	case r.PostFormValue("grant_type") == "client_credentials":
		who, _, _ := r.BasicAuth()
		access, _ := f.birth(who, false)
		_ = json.NewEncoder(w).Encode(pair{Access: access})
	default:
		f.serveRefresh(w, r.PostFormValue("refresh_token"))
	}
}

func (f *fake) serveRefresh(w http.ResponseWriter, text string) {
	id, known := f.grantOf[text]
	if !known || f.dead[id] && !f.accepts {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(pair{Error: "invalid_grant"})
		return
	}
	next := rand.Text()
	if f.repeats {
		next = text
	} else {
		delete(f.grantOf, text)
	}
	f.grantOf[next], f.refresh[id] = id, next
	_ = json.NewEncoder(w).Encode(pair{Access: f.access(id), Refresh: next})
}

// onFake gives a driver for a fake server that has some grants.
func onFake(t *testing.T, f *fake) *driver {
	t.Helper()
	d := &driver{steady: caller("steady"), brief: caller("brief"), life: 3 * time.Second}
	f.life["brief"] = d.life
	var own, lines seed.Tokens
	for i := range 3300 {
		into := &own
		if i < 300 {
			into = &lines
		}
		access, refresh := f.birth("steady", i < 300)
		into.Access, into.Refresh = append(into.Access, access), append(into.Refresh, refresh)
	}
	d.book = newBook(entries(d.steady, &own, false), entries(d.steady, &lines, true), 300)
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	d.addr = s.Listener.Addr().String()
	return d
}

func caller(id string) *seed.Caller {
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.SetBasicAuth(id, "secret")
	return &seed.Caller{ID: id, Basic: strings.TrimPrefix(r.Header.Get("Authorization"), "Basic ")}
}

func drive(t *testing.T, d *driver, whole time.Duration) settled {
	t.Helper()
	r, err := load.Run{Addr: d.addr, Connections: 8, Duration: whole, Rate: 3000, Make: d.maker}.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for op, n := range d.counts() {
		if n == 0 {
			t.Errorf("no %s among %d requests", names[op], r.Operations)
		}
	}
	s, err := ask(t.Context(), d.addr, 4, d.book.questions(time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	if s.Alive < 100 || s.Dead < 10 {
		t.Errorf("only %d live and %d ended tokens were asked about", s.Alive, s.Dead)
	}
	return s
}

// With leeway on both sides an answer past the end of a brief token needs some
// seconds to show.
const longEnough = 7 * time.Second

func TestARightServerIsFoundRight(t *testing.T) {
	t.Parallel()
	d := onFake(t, newFake(sin{}))
	s := drive(t, d, longEnough)
	if lines := append(d.wrong.lines(), d.trouble.lines()...); len(lines) > 0 {
		t.Errorf("found wrong: %q", lines)
	}
	if s.Lost+s.Revived+s.Failed > 0 {
		t.Errorf("found at rest: %+v", s)
	}
}

func TestAWrongServerIsFoundWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		sin   sin
		want  string // in what the load found
		rest  func(settled) bool
		whole time.Duration
	}{
		{"active after a revocation", sin{forgets: true}, "active after a revocation was answered 200", func(s settled) bool { return s.Revived > 0 }, time.Second},
		{"a grant is lost", sin{loses: true}, "inactive while its grant lives", func(s settled) bool { return s.Lost > 0 }, time.Second},
		{"a refresh repeats itself", sin{repeats: true}, "a token that was there before", nil, time.Second},
		{"a refresh after the end", sin{accepts: true}, "a refresh after a revocation was answered 200 gave tokens", nil, 2 * time.Second},
		{"an outage", sin{outage: true}, "was answered 503", nil, time.Second},
		{"an access token does not end", sin{timeless: true}, "active past its end", nil, longEnough},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := onFake(t, newFake(c.sin))
			s := drive(t, d, c.whole)
			found := fmt.Sprint(d.wrong.lines(), d.trouble.lines())
			if !strings.Contains(found, c.want) {
				t.Errorf("found %s, and not that %q", found, c.want)
			}
			if c.rest != nil && !c.rest(s) {
				t.Errorf("asking at rest did not find it: %+v", s)
			}
		})
	}
}

// Nothing that a mistake's sentence says may hold a token: it is printed.
func TestMistakesNameNoToken(t *testing.T) {
	t.Parallel()
	f := newFake(sin{forgets: true, loses: true, accepts: true, outage: true})
	d := onFake(t, f)
	drive(t, d, time.Second)
	all := strings.Join(append(d.wrong.lines(), d.trouble.lines()...), "\n")
	if all == "" {
		t.Fatal("nothing was found")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for text := range f.grantOf {
		if strings.Contains(all, text) {
			t.Fatal("a token stands in what is printed")
		}
	}
}

func TestARunThatIsInterruptedEnds(t *testing.T) {
	t.Parallel()
	d := onFake(t, newFake(sin{}))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := (load.Run{Addr: d.addr, Connections: 4, Duration: time.Minute, Rate: 10, Make: d.maker}).Do(ctx); err == nil {
		t.Error("the end of ctx was no error")
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s to end", took)
	}
}
