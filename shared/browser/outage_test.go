package browser_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rescind/internal/testkit/broken"
)

// TestOutages: whichever call to the store fails, the page is 503, and nobody
// is told that something was done. After it heals, the same works.
func TestOutages(t *testing.T) {
	sc := newScene(t)
	ann := sc.surfer()
	ann.signIn("")
	sc.exchange(ann.consent(request(), "allow").code(t))
	page := ann.get("/o/authorized_tokens/")
	consent := ann.get(request("scope", "read write")).form(t, "/o/authorize/", "decision")
	consent.Set("decision", "allow")
	signIn := ann.get("/o/sign_in/").form(t, "/o/sign_in/", "password")
	signIn.Set("email", email)
	signIn.Set("password", password)
	cut := page.form(t, "/o/authorized_tokens/", `value="web"`)
	for _, tt := range []struct {
		name string
		do   func() seen
	}{
		{"the page", func() seen { return ann.get("/o/authorized_tokens/") }},
		{"a request that needs no asking", func() seen { return ann.get(request()) }},
		{"a consent page", func() seen { return ann.get(request("scope", "read write")) }},
		{"consenting", func() seen { return ann.post("/o/authorize/", consent) }},
		{"cutting", func() seen { return ann.post("/o/authorized_tokens/", cut) }},
		{"a sign-in page", func() seen { return sc.surfer().get("/o/sign_in/?" + url.Values{"next": {request()}}.Encode()) }},
		{"signing in", func() seen { return ann.post("/o/sign_in/", signIn) }},
	} {
		for n := 1; ; n++ {
			sc.store.Reset()
			sc.store.FailCall(n)
			got := tt.do()
			made := len(sc.store.Calls())
			sc.store.Heal()
			if made < n {
				break // no n-th call was made
			}
			if got.status == http.StatusServiceUnavailable {
				if got.header.Get("Retry-After") == "" || got.location != nil || strings.Contains(got.body, "broken") {
					t.Errorf("%s, call %d: %v\n%s", tt.name, n, got.header, got.body)
				}
				continue
			}
			// Of the last write of a cut, which tidies the row up, nobody waits.
			calls := sc.store.Calls()[:n]
			tidying := tt.name == "cutting" && calls[n-1] == broken.PutConsents && slices.Contains(calls[:n-1], broken.PutConsents)
			if !tidying {
				t.Errorf("%s gives %d though call %d (%s) failed", tt.name, got.status, n, calls[n-1])
			}
		}
		if got := tt.do(); got.status == http.StatusServiceUnavailable {
			t.Errorf("%s is out though the store has healed", tt.name)
		}
	}
}

// TestACutThatFailedCutsWhenRepeated: and until then says so.
func TestACutThatFailedCutsWhenRepeated(t *testing.T) {
	sc := newScene(t)
	ann := sc.surfer()
	ann.signIn("")
	access, _ := sc.exchange(ann.consent(request(), "allow").code(t))
	form := ann.get("/o/authorized_tokens/").form(t, "/o/authorized_tokens/", `value="web"`)
	sc.store.Inject(broken.Fault{Verb: broken.Revoke})
	if got := ann.post("/o/authorized_tokens/", form); got.status != http.StatusServiceUnavailable || !sc.active(access) {
		t.Errorf("a cut whose write fails gives %d", got.status)
	}
	sc.store.Heal()
	if got := ann.post("/o/authorized_tokens/", form); got.status != http.StatusSeeOther || sc.active(access) {
		t.Errorf("repeated it gives %d", got.status)
	}
}
