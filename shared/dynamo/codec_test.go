package dynamo

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"pgregory.net/rapid"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// Generators: each draws the zero value too.

func anyBytes32(t *rapid.T, label string) (b [32]byte) {
	copy(b[:], rapid.SliceOfN(rapid.Byte(), 0, 32).Draw(t, label))
	return b
}

func anyTime(t *rapid.T, label string) time.Time {
	if rapid.Bool().Draw(t, label+" absent") {
		return time.Time{}
	}
	return time.UnixMilli(rapid.Int64Range(-1<<40, 1<<43).Draw(t, label)).UTC()
}

func anyScope(t *rapid.T, label string) oauth.Scope {
	tokens := rapid.SliceOfDistinct(rapid.StringMatching(`[!#-\[\]-~]{1,12}`), rapid.ID[string])
	switch rapid.IntRange(0, 2).Draw(t, label+" kind") {
	case 0:
		return nil
	case 1:
		return oauth.Scope{}
	}
	return tokens.Draw(t, label)
}

func anyAudience(t *rapid.T, label string) []string {
	if rapid.Bool().Draw(t, label+" absent") {
		return nil
	}
	return rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, label)
}

func anyGrant(t *rapid.T) *grant.Grant {
	n := rapid.Int64()
	g := &grant.Grant{
		ClientID: rapid.StringN(1, 20, -1).Draw(t, "client"), Subject: rapid.String().Draw(t, "subject"),
		Scope: anyScope(t, "scope"), Audience: anyAudience(t, "audience"),
		Epochs: grant.Epochs{Client: n.Draw(t, "ec"), Subject: n.Draw(t, "es"), Store: n.Draw(t, "eg")},
		Born:   anyTime(t, "born"), AbsoluteEnd: anyTime(t, "absolute"), IdleEnd: anyTime(t, "idle"),
		ExpiresAt: anyTime(t, "expires").Truncate(time.Second),
		Op:        anyBytes32(t, "op"), Family: anyBytes32(t, "family"), Refresh: anyBytes32(t, "refresh"),
		Rotation: n.Draw(t, "rotation"), Request: anyBytes32(t, "request"), Issued: n.Draw(t, "issued"),
		Code: grant.Code{Digest: anyBytes32(t, "code"), Challenge: rapid.String().Draw(t, "challenge"), RedirectURI: anyBytes32(t, "redirect"),
			Expires: anyTime(t, "code end"), Used: rapid.Bool().Draw(t, "used")},
	}
	copy(g.ID[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
	for i := range g.Previous {
		g.Previous[i] = grant.Predecessor{Digest: anyBytes32(t, "previous"), At: anyTime(t, "previous at")}
	}
	for n := range g.Access {
		if d := secret.Digest(anyBytes32(t, "access")); !d.IsZero() {
			g.Access[n] = grant.Slot{Digest: d, Issued: anyTime(t, "issued at"), Expires: anyTime(t, "expires at"),
				Scope: anyScope(t, "slot scope"), Audience: anyAudience(t, "slot audience")}
		}
	}
	if at := anyTime(t, "revoked"); !at.IsZero() {
		g.Revoked = grant.Revocation{At: at, Reason: rapid.String().Draw(t, "why"), Op: anyBytes32(t, "revoker")}
	}
	return g
}

func TestGrantReadsBackAsItWasWritten(t *testing.T) {
	s := New(nil, stubTables)
	rapid.Check(t, func(t *rapid.T) {
		g := anyGrant(t)
		it, err := encodeGrant(s.grantKey(g.ID), g)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeGrant(it)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, g) {
			t.Fatalf("a grant changed on its way through an item; attributes: %v", attributeNames(it))
		}
		if _, indexed := it[attrIndex]; indexed != (g.Subject != "") {
			t.Fatal("the index key must be there just where there is a subject")
		}
	})
}

func sameSecret(a, b client.Secret) bool { return a.Same(b) && a.Created.Equal(b.Created) }

func TestClientReadsBackAsItWasWritten(t *testing.T) {
	s := New(nil, stubTables)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64()
		c := &client.Client{
			ID: rapid.StringMatching(`[!-~]{1,40}`).Draw(t, "id"), Version: n.Draw(t, "ver"), Epoch: n.Draw(t, "epoch"),
			State: rapid.SampledFrom([]client.State{client.On, client.Off, client.Deleted}).Draw(t, "state"),
			Op:    anyBytes32(t, "op"), Created: anyTime(t, "created"), Updated: anyTime(t, "updated"),
			Policy: client.Policy{
				Name: rapid.String().Draw(t, "name"), Type: client.Public, GrantTypes: rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "grants"),
				AccessTokenLifetime: time.Duration(n.Draw(t, "lifetime")), ResourceServer: rapid.Bool().Draw(t, "server"),
			},
		}
		for range rapid.IntRange(0, 2).Draw(t, "secrets") {
			c.Secrets = append(c.Secrets, client.Secret{Digest: anyBytes32(t, "digest"),
				Imported: secret.NewText(rapid.String().Draw(t, "hash")), Created: anyTime(t, "secret at")})
		}
		it, err := encodeClient(s.clientKey(c.ID), c)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeClient(it)
		if err != nil || !slices.EqualFunc(got.Secrets, c.Secrets, sameSecret) {
			t.Fatalf("a client's secrets changed on their way through an item (%v)", err)
		}
		got.Secrets, c.Secrets = nil, nil
		if !reflect.DeepEqual(got, c) {
			t.Fatal("a client changed on its way through an item")
		}
	})
}

// Whatever attribute is damaged, the reading fails; it neither panics nor
// passes for something else, and its error repeats nothing.
func TestDamagedItemsAreOutages(t *testing.T) {
	s := New(nil, stubTables)
	g := someGrant(t)
	g.Code = grant.Code{Digest: digest("code"), Challenge: "challenge", RedirectURI: digest("uri"), Expires: g.Born, Used: true}
	g.Revoked = grant.Revocation{At: g.Born, Reason: "why", Op: newOp(t)}
	g.Previous = [2]grant.Predecessor{{Digest: digest("1"), At: g.Born}, {Digest: digest("2"), At: g.Born}}
	g.Rotation, g.Request, g.Epochs.Store = 2, digest("request"), 1
	whole := must[item](t)(encodeGrant(s.grantKey(g.ID), g))
	derived := map[string]bool{attrIndex: true, attrClientIndex: true} // never read
	for name := range whole {
		for kind, damaged := range map[string]types.AttributeValue{
			"another type": &types.AttributeValueMemberNULL{Value: true},
			"a set":        &types.AttributeValueMemberSS{Value: []string{"PLANTED"}},
			"a long value": bin([]byte("PLANTED PLANTED PLANTED PLANTED PLANTED")),
			"no number":    &types.AttributeValueMemberN{Value: "PLANTED"},
		} {
			it := item{}
			for n, v := range whole {
				it[n] = v
			}
			it[name] = damaged
			_, err := decodeGrant(it)
			if derived[name] {
				continue
			}
			if err == nil || strings.Contains(err.Error(), "PLANTED") {
				t.Errorf("%s is %s: error is %v", name, kind, err)
			}
		}
	}
	for _, name := range []string{attrKey, attrVersion, attrClient, attrIssued} {
		it := item{}
		for n, v := range whole {
			if n != name {
				it[n] = v
			}
		}
		if _, err := decodeGrant(it); err == nil {
			t.Errorf("an item without %s was read", name)
		}
	}
	if _, err := decodeClient(item{attrKey: str("CLIENT#a"), attrClientVer: num(1), attrEpoch: num(1), attrState: str("on"), attrPolicy: str("PLANTED")}); err == nil || strings.Contains(err.Error(), "PLANTED") {
		t.Errorf("a policy that is no JSON: error is %v", err)
	}
	if _, err := decodeClient(item{attrKey: str("CLIENT#a"), attrClientVer: num(1), attrEpoch: num(1), attrState: str("maybe"), attrPolicy: str("{}")}); err == nil {
		t.Error("a client in an unknown state was read")
	}
}

// A store that changes a subject in writing would look for its epoch elsewhere.
func TestStringsThatJSONWouldChangeAreRefused(t *testing.T) {
	s := New(nil, stubTables)
	for name, spoil := range map[string]func(*grant.Grant){
		"subject":       func(g *grant.Grant) { g.Subject = "a\xff" },
		"client":        func(g *grant.Grant) { g.ClientID = "a\xff" },
		"audience":      func(g *grant.Grant) { g.Audience = []string{"a\xff"} },
		"slot audience": func(g *grant.Grant) { g.Access[0].Audience = []string{"a\xff"} },
	} {
		g := someGrant(t)
		spoil(g)
		if _, err := encodeGrant(s.grantKey(g.ID), g); err == nil {
			t.Errorf("%s: not refused", name)
		}
	}
	if got := encodeRevocation(grant.Revocation{At: time.Now(), Reason: "a\xff"})[attrReason]; !reflect.DeepEqual(got, str("a?")) {
		t.Error("a reason must be made writable: it cannot be what keeps a token alive")
	}
}

func TestNewerLayoutIsAnOutage(t *testing.T) {
	g := someGrant(t)
	it := must[item](t)(encodeGrant(New(nil, stubTables).grantKey(g.ID), g))
	it[attrVersion] = num(layout + 1)
	if _, err := decodeGrant(it); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("error is %v", err)
	}
}

func TestKeys(t *testing.T) {
	s := New(nil, Tables{Tokens: "T", Principals: "P"})
	id, _ := token.ParseGrantID("10000000000000000000000000000001")
	for got, want := range map[key]key{
		s.grantKey(id):        {"T", "GRANT#10000000000000000000000000000001"},
		s.denialKey("j"):      {"T", "DENY#j"},
		s.clientKey("c"):      {"P", "CLIENT#c"},
		s.subjectKey("alice"): {"P", "SUBJECT#2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90"},
	} {
		if got != want {
			t.Errorf("key is %v, want %v", got, want)
		}
	}
}

func attributeNames(it item) (names []string) {
	for name := range it {
		names = append(names, name)
	}
	return names
}
