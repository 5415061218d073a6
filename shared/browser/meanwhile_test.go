package browser_test

import (
	"net/http"
	"net/url"
	"testing"

	"rescind/internal/testkit/broken"
)

// atEachCall runs do again and again, each time in a new scene, with meanwhile
// happening just before the n-th call that do makes to the store, and then looks.
// It ends once do makes fewer calls.
func atEachCall(t *testing.T, make func() *scene, do, meanwhile, look func(sc *scene)) {
	t.Helper()
	for n := 1; ; n++ {
		sc := make()
		sc.store.Reset()
		happened := false
		sc.before(broken.Any, n, func() { happened = true; meanwhile(sc) })
		do(sc)
		sc.store.Hook(nil)
		if !happened {
			if n < 4 {
				t.Errorf("only %d calls were made", n-1)
			}
			return
		}
		look(sc)
		if t.Failed() {
			t.Fatalf("so it is where that happens before call %d", n)
		}
	}
}

// ends are what must end all that somebody may do.
var ends = map[string]func(t *testing.T, sc *scene) error{
	"a new password": func(t *testing.T, sc *scene) error {
		return sc.service.Accounts.SetPassword(t.Context(), email, secretText("another long password"))
	},
	"switching off": func(t *testing.T, sc *scene) error { return sc.service.Accounts.Disable(t.Context(), email) },
	"deleting":      func(t *testing.T, sc *scene) error { return sc.service.Accounts.Delete(t.Context(), email) },
}

// TestTheUserEndsMeanwhile: nothing that was on its way while a user was ended is
// of any use once that has been answered, at whatever moment it was.
func TestTheUserEndsMeanwhile(t *testing.T) {
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			ended := func(sc *scene) {
				if err := end(t, sc); err != nil {
					t.Error(err)
				}
			}
			var ann *surfer
			var code string
			fresh := func() *scene { sc := newScene(t); ann, code = sc.surfer(), ""; return sc }
			t.Run("signing in", func(t *testing.T) {
				var form url.Values
				atEachCall(t, func() *scene {
					sc := fresh()
					form = ann.get("/o/sign_in/").form(t, "/o/sign_in/", "password")
					form.Set("email", email)
					form.Set("password", password)
					return sc
				}, func(*scene) { ann.post("/o/sign_in/", form) }, ended, func(*scene) { ann.isNobody(t) })
			})
			t.Run("consenting", func(t *testing.T) {
				var form url.Values
				atEachCall(t, func() *scene {
					sc := fresh()
					ann.signIn("")
					form = ann.get(request()).form(t, "/o/authorize/", "decision")
					form.Set("decision", "allow")
					return sc
				}, func(*scene) { code = ann.post("/o/authorize/", form).codeIfAny() }, ended, func(sc *scene) {
					ann.isNobody(t)
					sc.isWorthless(t, code)
				})
			})
			t.Run("cutting everything", func(t *testing.T) {
				var form url.Values
				atEachCall(t, func() *scene {
					sc := fresh()
					ann.signIn("")
					ann.consent(request(), "allow")
					form = ann.get("/o/authorized_tokens/").form(t, "/o/authorized_tokens/", `name="all"`)
					return sc
				}, func(*scene) { ann.post("/o/authorized_tokens/", form) }, ended, func(*scene) { ann.isNobody(t) })
			})
		})
	}
}

// TestACutMeanwhile: what was on its way to an app while it was cut is of no use
// to it once the cut has been answered.
func TestACutMeanwhile(t *testing.T) {
	for name, button := range map[string]string{"the app": `value="web"`, "everything": `name="all"`} {
		t.Run(name, func(t *testing.T) {
			var ann *surfer
			var form url.Values
			var code, access string
			begin := func() *scene {
				sc := newScene(t)
				ann, code, access = sc.surfer(), "", ""
				ann.signIn("")
				code = ann.consent(request(), "allow").code(t)
				form = ann.get("/o/authorized_tokens/").form(t, "/o/authorized_tokens/", button)
				return sc
			}
			cut := func(*scene) {
				if got := ann.post("/o/authorized_tokens/", form); got.status != http.StatusSeeOther {
					t.Errorf("cutting gives %d", got.status)
				}
			}
			dead := func(sc *scene) {
				if access != "" && sc.active(access) { // first: a second redemption would end it
					t.Error("a token is active")
				}
				sc.isWorthless(t, code)
			}
			t.Run("redeeming", func(t *testing.T) {
				atEachCall(t, begin, func(sc *scene) { access = sc.redeem(code) }, cut, dead)
			})
			t.Run("coming back", func(t *testing.T) { // the consent is remembered
				second := &surfer{}
				atEachCall(t, func() *scene {
					sc := begin()
					*second = surfer{sc: sc, jar: ann.jar, header: http.Header{}}
					return sc
				}, func(*scene) { code = second.get(request()).codeIfAny() }, cut, dead)
			})
		})
	}
}

// TestACutAllMeanwhile: of two browsers that cut everything, one goes on, by the
// epoch that it raised itself, at whatever moment the other did.
func TestACutAllMeanwhile(t *testing.T) {
	var browsers [2]*surfer
	var forms [2]url.Values
	cut := func(n int) func(*scene) {
		return func(*scene) {
			if got := browsers[n].post("/o/authorized_tokens/", forms[n]); got.status != http.StatusSeeOther {
				t.Errorf("cutting everything gives %d", got.status)
			}
		}
	}
	atEachCall(t, func() *scene {
		sc := newScene(t)
		for n := range browsers {
			browsers[n] = sc.surfer()
			browsers[n].signIn("")
			browsers[n].consent(request("prompt", "consent"), "allow")
			forms[n] = browsers[n].get("/o/authorized_tokens/").form(t, "/o/authorized_tokens/", `name="all"`)
		}
		return sc
	}, cut(0), cut(1), func(*scene) { oneGoesOn(t, browsers[:]) })
}

// isNobody tells that this browser is not signed in.
func (s *surfer) isNobody(t *testing.T) {
	t.Helper()
	if got := s.get("/o/authorized_tokens/"); got.status != http.StatusSeeOther || got.location.Path != "/o/sign_in/" {
		t.Errorf("somebody is signed in still: %d", got.status)
	}
}

func (sn seen) codeIfAny() string {
	if sn.location == nil {
		return ""
	}
	return sn.location.Query().Get("code")
}

// redeem gives the access token for a code, or nothing.
func (sc *scene) redeem(code string) string {
	sc.t.Helper()
	_, body := sc.call("/o/token/", "grant_type", "authorization_code", "code", code, "redirect_uri", callback,
		"code_verifier", verifier, "client_id", "web", "client_secret", sc.secret)
	access, _ := body["access_token"].(string)
	return access
}

// isWorthless tells that a code gives nothing that works.
func (sc *scene) isWorthless(t *testing.T, code string) {
	t.Helper()
	if access := sc.redeem(code); access != "" {
		t.Error("a code is redeemed")
	}
}
