package browser_test

import (
	"net/http"
	"net/url"
	"sync"
	"testing"

	"rescind/internal/testkit/broken"
)

// before runs do just before the store's n-th call of a verb from now on.
func (sc *scene) before(verb broken.Verb, n int, do func()) {
	seen := 0
	sc.store.Hook(func(c broken.Call) {
		if verb != broken.Any && c.Verb != verb || c.After {
			return
		}
		if seen++; seen == n {
			sc.store.Hook(nil)
			do()
		}
	})
}

// TestCutAllWhileTheUserIsEnded: a browser that cuts everything stays signed in,
// but not beyond what ends the user at the same moment.
func TestCutAllWhileTheUserIsEnded(t *testing.T) {
	for name, end := range map[string]func(sc *scene) error{
		"a new password": func(sc *scene) error {
			return sc.service.Accounts.SetPassword(t.Context(), email, secretText("another long password"))
		},
		"switching off": func(sc *scene) error { return sc.service.Accounts.Disable(t.Context(), email) },
	} {
		sc := newScene(t)
		eve := sc.surfer()
		eve.signIn("")
		eve.consent(request(), "allow")
		all := eve.get("/o/authorized_tokens/").form(t, "/o/authorized_tokens/", `name="all"`)
		sc.before(broken.RaiseSubjectEpoch, 1, func() {
			if got := eve.post("/o/authorized_tokens/", all); got.status != http.StatusSeeOther || got.location.Path != "/o/authorized_tokens/" {
				t.Errorf("%s: cutting gives %d to %v", name, got.status, got.location)
			}
		})
		if err := end(sc); err != nil {
			t.Fatal(err)
		}
		if got := eve.get("/o/authorized_tokens/"); got.status != http.StatusSeeOther || got.location.Path != "/o/sign_in/" {
			t.Errorf("%s is survived by a session: %d", name, got.status)
		}
	}
}

// TestACrowdConsentsAndCuts: tabs of one browser consent, redeem and cut all at
// once. Each is told something true, and after the last cut nothing lives.
func TestACrowdConsentsAndCuts(t *testing.T) {
	const tabs = 50
	sc := newScene(t)
	ann := sc.surfer()
	ann.signIn("")
	ann.consent(request(), "allow").code(t)
	button := ann.get("/o/authorized_tokens/").form(t, "/o/authorized_tokens/", `value="web"`)
	var mu sync.Mutex
	var access []string
	codes := 0
	var all sync.WaitGroup
	for n := range tabs {
		all.Go(func() {
			if n%10 == 0 {
				if got := ann.post("/o/authorized_tokens/", button); got.status != http.StatusSeeOther && got.status != http.StatusServiceUnavailable {
					t.Errorf("cutting gives %d", got.status)
				}
				return
			}
			for range 5 { // a form of before a cut is refused, and who loses every race is told an outage
				got := ann.get(request("prompt", "consent"))
				if got.status == http.StatusOK {
					consent := got.form(t, "/o/authorize/", "decision")
					consent.Set("decision", "allow")
					got = ann.post("/o/authorize/", consent)
				}
				if got.status != http.StatusSeeOther && got.status != http.StatusServiceUnavailable && got.status != http.StatusBadRequest {
					t.Errorf("consenting gives %d", got.status)
				}
				if code := got.codeIfAny(); code != "" {
					token := sc.redeem(code)
					mu.Lock()
					defer mu.Unlock()
					codes, access = codes+1, append(access, token)
					return
				}
			}
		})
	}
	all.Wait()
	if got := ann.post("/o/authorized_tokens/", button); got.status != http.StatusSeeOther {
		t.Fatalf("the last cut gives %d", got.status)
	}
	for _, token := range access {
		if token != "" && sc.active(token) {
			t.Error("a token lives after the last cut")
		}
	}
	grants, _, err := sc.store.WalkGrants(t.Context(), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range grants {
		if g.Revoked.At.IsZero() {
			t.Error("a grant was not ended")
		}
	}
	if codes == 0 {
		t.Error("nobody got a code")
	}
	t.Logf("%d grants, %d codes", len(grants), codes)
}

// TestACrowdCutsEverything: one browser of many goes on, the others sign in anew.
func TestACrowdCutsEverything(t *testing.T) {
	sc := newScene(t)
	var browsers []*surfer
	var forms []url.Values
	var code string
	for range 10 {
		ann := sc.surfer()
		ann.signIn("")
		code = ann.consent(request("prompt", "consent"), "allow").code(t)
		browsers, forms = append(browsers, ann), append(forms, ann.get("/o/authorized_tokens/").form(t, "/o/authorized_tokens/", `name="all"`))
	}
	var all sync.WaitGroup
	for n, ann := range browsers {
		all.Go(func() {
			if got := ann.post("/o/authorized_tokens/", forms[n]); got.status != http.StatusSeeOther {
				t.Errorf("cutting everything gives %d", got.status)
			}
		})
	}
	all.Wait()
	sc.isWorthless(t, code)
	oneGoesOn(t, browsers)
}

// oneGoesOn tells that one of the browsers is signed in, and no other.
func oneGoesOn(t *testing.T, browsers []*surfer) {
	t.Helper()
	left := 0
	for _, ann := range browsers {
		if ann.get("/o/authorized_tokens/").status == http.StatusOK {
			left++
		}
	}
	if left != 1 {
		t.Errorf("%d browsers are signed in still", left)
	}
}
