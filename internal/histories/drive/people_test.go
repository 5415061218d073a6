package drive

import (
	"net/http"
	"strings"
	"testing"

	"rescind/internal/histories/model"
)

func TestTheCookiesOfAnAnswer(t *testing.T) {
	r := reply{header: http.Header{"Set-Cookie": {"rescind-form=; Max-Age=0", "rescind-session=x; Path=/; HttpOnly"}}}
	if r.cookie(cookieSession) != "x" || r.cookie(cookieForm) != "" || r.cookie("other") != "" {
		t.Error("the cookies are not those that were set")
	}
}

// TestOneCodeHasOnePairOfTokens, and no session has another's cookie.
func TestOneCodeHasOnePairOfTokens(t *testing.T) {
	value := func(kind string, last byte) string {
		return "rsc_" + kind + "_" + strings.Repeat("A", 24) + string(last)
	}
	r := newRecord([model.MaxClients]model.Client{})
	o := model.Op{Kind: model.Remember, Form: 3, Session: 2}
	r.approved(&o, value("ac", 'c'))
	if o.Outcome != model.Done || r.h.Grants[0].Code.Form != model.Nobody || r.h.Grants[0].Code.Session != 2 {
		t.Fatalf("%+v, %+v", o, r.h.Grants)
	}
	for range 2 { // the answer to one that was sent again
		if r.redeemed(&o, value("at", '1'), value("rt", '1')); o.NewAccess != 1 || len(r.breaches) != 0 {
			t.Fatalf("%+v, %v", o, r.breaches)
		}
	}
	if r.redeemed(&o, value("at", '2'), value("rt", '2')); len(r.breaches) != 1 {
		t.Error("a code that gives two pairs of tokens is no breach")
	}
	r.signedIn(&o, 0, "cookie")
	if r.signedIn(&o, 1, "other"); o.NewSession != 1 || len(r.breaches) != 1 {
		t.Errorf("%+v, %v", o, r.breaches)
	}
	if r.signedIn(&o, 1, "cookie"); len(r.breaches) != 2 {
		t.Error("a cookie that is another session's is no breach")
	}
}
