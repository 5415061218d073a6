package endpoint_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// made is every token, secret, digest and op that a test of this package made.
var made ledger

// needle is the length of the piece by which a secret is found again.
const needle = 20

// ledger finds secrets in a text: whole, without their prefix, and digests in
// hexadecimal, both base64 alphabets, and as Go prints bytes.
type ledger struct {
	mu     sync.Mutex
	pieces map[string]string // a piece, and what it is of
}

func (l *ledger) add(piece, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pieces == nil {
		l.pieces = map[string]string{}
	}
	if len(piece) >= needle {
		l.pieces[piece[:needle]] = name
	}
}

// publicPart is what all values of one grant begin with: the prefix, and the
// grant's id, which is no secret.
const publicPart = len("rsc_at_") + 22

// text notes a token, a secret, or anything else that must not be seen, and
// its digest.
func (l *ledger) text(s string) {
	if s == "" {
		return
	}
	switch {
	case strings.HasPrefix(s, "rsc_cs_"):
		l.add(s[len("rsc_cs_"):], "a client secret")
	case strings.HasPrefix(s, "rsc_") && len(s) > publicPart:
		l.add(s[publicPart:], "a token")
	default:
		l.add(s, "a secret")
	}
	d := secret.NewText(s).Digest()
	l.bytes(d[:], "a digest")
	if v, ok := token.Parse(s); ok && v.Kind() == token.Refresh {
		family := v.Family()
		l.bytes(family[:], "a family digest")
	}
}

// bytes notes 32 bytes in every spelling that a log could have.
func (l *ledger) bytes(b []byte, name string) {
	if len(b) != 32 || [32]byte(b) == ([32]byte{}) {
		return
	}
	l.add(hex.EncodeToString(b), name)
	l.add(strings.ToUpper(hex.EncodeToString(b)), name)
	l.add(base64.StdEncoding.EncodeToString(b), name)
	l.add(base64.URLEncoding.EncodeToString(b), name)
	l.add(fmt.Sprint(b), name)
}

// in names what of the ledger a text holds, or "".
func (l *ledger) in(text []byte) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := 0; i+needle <= len(text); i++ {
		if name, ok := l.pieces[string(text[i:i+needle])]; ok {
			return name
		}
	}
	return ""
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.pieces)
}

var valueForm = regexp.MustCompile(`rsc_(?:at|rt|ac|cs)_[A-Za-z0-9_-]{20,}`)

// values notes every value of ours in a text.
func (l *ledger) values(text string) {
	for _, s := range valueForm.FindAllString(text, -1) {
		l.text(s)
	}
}

// recorded is a store that notes in the ledger what is written through it.
type recorded struct{ grant.Store }

func (s recorded) Create(ctx context.Context, g *grant.Grant) error {
	for _, d := range []secret.Digest{g.Family, g.Refresh, g.Access[0].Digest, g.Code.Digest, secret.Digest(g.Op)} {
		made.bytes(d[:], "a digest or op of a new grant")
	}
	return s.Store.Create(ctx, g)
}

func (s recorded) Replace(ctx context.Context, ch grant.Change) error {
	made.bytes(ch.Op[:], "an op")
	if ch.Rotation != nil {
		made.bytes(ch.Rotation.Refresh[:], "a refresh token's digest")
		made.bytes(ch.Rotation.Request[:], "a request's digest")
	}
	if ch.Slot != nil {
		made.bytes(ch.Slot.Slot.Digest[:], "an access token's digest")
	}
	return s.Store.Replace(ctx, ch)
}

func (s recorded) Revoke(ctx context.Context, id token.GrantID, clientID string, r grant.Revocation) (grant.Revocation, error) {
	made.bytes(r.Op[:], "a revocation's op")
	return s.Store.Revoke(ctx, id, clientID, r)
}

// TestTheLedgerFindsEverySpelling: a search that finds nothing must be able to
// find something.
func TestTheLedgerFindsEverySpelling(t *testing.T) {
	var l ledger
	id, err := token.NewGrantID(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	v, err := token.NewRefresh(id, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text := v.Text().Reveal()
	l.text(text)
	d := v.Digest()
	for name, spelling := range map[string]string{
		"the token":                    text,
		"the token without its prefix": text[len("rsc_rt_"):],
		"its digest":                   hex.EncodeToString(d[:]),
		"its digest in capitals":       fmt.Sprintf("%X", d[:]),
		"its digest as base64":         base64.StdEncoding.EncodeToString(d[:]),
		"its digest as base64url":      base64.RawURLEncoding.EncodeToString(d[:]),
		"its digest as bytes":          fmt.Sprint(d[:]),
	} {
		if l.in([]byte(`{"x":"`+spelling+`"}`)) == "" {
			t.Errorf("%s is not found", name)
		}
	}
	if found := l.in([]byte(`{"grant_id":"` + id.String() + `"}`)); found != "" {
		t.Errorf("a grant's id is taken for %s", found)
	}
}
