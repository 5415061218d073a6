package browser_test

import (
	"net/http"
	"testing"

	"rescind/internal/testkit/broken"
)

// before runs do just before the store's n-th call of a verb from now on.
func (sc *scene) before(verb broken.Verb, n int, do func()) {
	seen := 0
	sc.store.Hook(func(c broken.Call) {
		if c.Verb != verb || c.After {
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
