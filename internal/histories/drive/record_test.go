package drive

import (
	"encoding/base64"
	"strings"
	"testing"

	"rescind/internal/histories/model"
)

// token makes a value with the form of ours; its checksum is wrong, which
// nobody looks at here.
func token(kind string, grant byte, rest string) string {
	id := strings.Repeat(string(rune(grant)), 16)
	return "rsc_" + kind + "_" + base64.RawURLEncoding.EncodeToString([]byte(id+rest))
}

func TestTokensGetTheModelsNames(t *testing.T) {
	r := newRecord([model.MaxClients]model.Client{})
	o := model.Op{Kind: model.Create}
	r.born(&o, 0, token("at", 'a', "first----"), token("rt", 'a', "zero-----"))
	if o.Grant != 0 || o.NewAccess != 1 || r.grants[0].id != strings.Repeat("61", 16) {
		t.Fatalf("%+v, %s", o, r.grants[0].id)
	}
	refresh := func(n int, access, next string) model.Op {
		o := model.Op{Kind: model.Refresh, Token: model.Token{Refresh: true, N: n}}
		r.refreshed(&o, token("at", 'a', access), token("rt", 'a', next))
		return o
	}
	if o := refresh(0, "second---", "one------"); o.NewAccess != 2 || o.NewRefresh != 1 {
		t.Errorf("a rotation is %+v", o)
	}
	if o := refresh(0, "second---", "one------"); o.NewAccess != 2 || o.NewRefresh != 1 || len(r.breaches) != 0 {
		t.Errorf("its replay is %+v, %v", o, r.breaches)
	}
	if refresh(0, "third----", "another--"); len(r.breaches) != 1 {
		t.Errorf("two successors of one token: %v", r.breaches)
	}
	if r.refreshed(&model.Op{Kind: model.Refresh, Token: model.Token{Refresh: true, N: 1}}, token("at", 'b', "x--------"), token("rt", 'a', "two------")); len(r.breaches) != 2 {
		t.Errorf("a token of another grant: %v", r.breaches)
	}
}

func TestNothingIsLostFromTheCount(t *testing.T) {
	r := newRecord([model.MaxClients]model.Client{})
	r.notSent(r.begin(model.Op{Kind: model.Refresh}))
	o := r.begin(model.Op{Kind: model.Refresh})
	r.shadow(o)
	o.Return = r.now()
	r.end(o, "no answer", nil)
	r.h.Begun = int(r.begun.Load())
	if err := r.h.Complete(); err != nil || len(r.h.Ops) != 2 {
		t.Errorf("%v, %d operations", err, len(r.h.Ops))
	}
	r.begin(model.Op{Kind: model.Refresh}) // and never written down
	r.h.Begun = int(r.begun.Load())
	if r.h.Complete() == nil {
		t.Error("an operation was lost, and nobody minds")
	}
}

func TestWhatIsNoTokenHasNoGrant(t *testing.T) {
	for _, s := range []string{"", "rsc_at_", "rsc_cs_" + strings.Repeat("A", 40), "rsc_at_" + strings.Repeat("!", 40)} {
		if _, ok := grantID(s); ok {
			t.Errorf("%q has one", s)
		}
	}
}
