package dynamo

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// During a deployment old and new functions run side by side, and grants live
// for months. testdata/v1 holds items as version 1 of the layout writes them. A
// file there is never edited: a new shape is a new file, in a folder of its own
// where version 1 could not read it. Today's code reads each of them, and what
// it writes from the same values is what version 1 wrote.

// day is when all of them were written.
var day = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func fixedID(b byte) (id token.GrantID) {
	for i := range id {
		id[i] = b
	}
	id[0] = 0
	return id
}

// machine is a grant of the client_credentials grant.
func machine() *grant.Grant {
	g := &grant.Grant{
		ID: fixedID(0x11), ClientID: "shop", Scope: []string{"read"}, Epochs: grant.Epochs{Client: day.UnixMilli()},
		Born: day, AbsoluteEnd: day.Add(time.Hour), ExpiresAt: day.Add(25 * time.Hour), Op: secret.Op{1}, Issued: 1,
	}
	g.Access[0] = grant.Slot{Digest: digest("access"), Issued: day, Expires: day.Add(time.Hour)}
	return g
}

// person is a grant that has been through all that a grant can.
func person() *grant.Grant {
	g := &grant.Grant{
		ID: fixedID(0x22), ClientID: "web", Subject: "alice", Scope: []string{"read", "write"}, Audience: []string{"https://api.example.com/"},
		Epochs: grant.Epochs{Client: day.UnixMilli(), Subject: 3, Store: 7}, Born: day, AbsoluteEnd: day.Add(90 * 24 * time.Hour),
		IdleEnd: day.Add(30 * 24 * time.Hour), ExpiresAt: day.Add(91 * 24 * time.Hour), Op: secret.Op{2}, Family: digest("family"), Refresh: digest("third"),
		Rotation: 2, Request: digest("request"), Issued: 9,
		Code: grant.Code{Digest: digest("code"), Challenge: "challenge", RedirectURI: digest("uri"), Expires: day.Add(time.Minute), Used: true},
	}
	g.Previous[0] = grant.Predecessor{Digest: digest("second"), At: day.Add(2 * time.Hour)}
	g.Previous[1] = grant.Predecessor{Digest: digest("first"), At: day.Add(time.Hour)}
	g.Access[0] = grant.Slot{Digest: digest("ninth"), Issued: day.Add(2 * time.Hour), Expires: day.Add(3 * time.Hour),
		Scope: []string{"read"}, Audience: []string{"https://api.example.com/"}}
	g.Access[7] = grant.Slot{Digest: digest("eighth"), Issued: day.Add(time.Hour), Expires: day.Add(2 * time.Hour)}
	return g
}

func revoked() *grant.Grant {
	g := machine()
	g.ID = fixedID(0x33)
	g.Revoked = grant.Revocation{At: day.Add(time.Minute), Reason: "revoked by the client", Op: secret.Op{3}}
	return g
}

func shop() *client.Client {
	return &client.Client{
		ID: "shop", Version: 2, Epoch: day.UnixMilli(), State: client.On, Op: secret.Op{4}, Created: day, Updated: day.Add(time.Hour),
		Secrets: []client.Secret{
			{Digest: digest("client secret"), Created: day},
			{Imported: secret.NewText("pbkdf2_sha256$1000$salt$aGFzaA=="), Created: day},
		},
		Policy: client.Policy{Name: "Shop", Type: client.Confidential, GrantTypes: []string{"client_credentials"}},
	}
}

// grants of testdata/v1, by file.
var yesterdaysGrants = map[string]func() *grant.Grant{
	"grant-machine": machine, "grant-user": person, "grant-revoked": revoked,
	"grant-before-by-client": func() *grant.Grant { g := person(); g.ID = fixedID(0x44); return g },
}

func TestYesterdaysGrants(t *testing.T) {
	s := New(nil, stubTables)
	for name, of := range yesterdaysGrants {
		it, want := fixture(t, name), of()
		got, err := decodeGrant(it)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is read as\n%+v\nwant\n%+v (%v)", name, got, want, err)
		}
		if name == "grant-before-by-client" { // which today's births are not
			it = maps.Clone(it)
			it[attrClientIndex] = str(clientIndexKey(want.ClientID, want.ID))
		}
		if written, err := encodeGrant(s.grantKey(want.ID), want); err != nil || !reflect.DeepEqual(written, it) {
			t.Errorf("%s: today writes the attributes %v, and wrote %v (%v)", name, attributeNames(written), attributeNames(it), err)
		}
	}
}

func TestYesterdaysPrincipals(t *testing.T) {
	s := New(nil, stubTables)
	it, want := fixture(t, "client"), shop()
	got, err := decodeClient(it)
	if err != nil || !slices.EqualFunc(got.Secrets, want.Secrets, sameSecret) {
		t.Fatalf("the client's secrets changed (%v)", err)
	}
	if written, err := encodeClient(s.clientKey(want.ID), want); err != nil || !reflect.DeepEqual(written, it) {
		t.Errorf("today writes the attributes %v, and wrote %v (%v)", attributeNames(written), attributeNames(it), err)
	}
	got.Secrets, want.Secrets = nil, nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the client is read as\n%+v\nwant\n%+v", got, want)
	}
	if epoch, err := decodeEpoch(fixture(t, "subject")); err != nil || epoch != day.UnixMilli() {
		t.Errorf("the subject's epoch is read as %d (%v)", epoch, err)
	}
	if m, err := decodeMeta(fixture(t, "meta")); err != nil || m != (meta{true, "rescind-tokens", 7}) {
		t.Errorf("META is read as %+v (%v)", m, err)
	}
	denial, err := decodeDenial(fixture(t, "denial"))
	if wanted := (grant.Denial{JTI: "j-1", At: day, Reason: "revoked by the client", ExpiresAt: day.Add(time.Hour)}); err != nil || !reflect.DeepEqual(denial, wanted) {
		t.Errorf("the denial is read as %+v (%v)", denial, err)
	}
}

// An item of a later layout is an outage and never "absent": the old function
// leaves it to the new ones.
func TestTomorrowsItemsAreOutages(t *testing.T) {
	for name, decode := range map[string]func(item) error{
		"grant-user": func(it item) error { _, err := decodeGrant(it); return err },
		"client":     func(it item) error { _, err := decodeClient(it); return err },
		"subject":    func(it item) error { _, err := decodeEpoch(it); return err },
		"denial":     func(it item) error { _, err := decodeDenial(it); return err },
		"meta":       func(it item) error { _, err := decodeMeta(it); return err },
	} {
		it := fixture(t, name)
		it[attrVersion] = num(layout + 1)
		if err := decode(it); err == nil || !strings.Contains(err.Error(), "upgrade") {
			t.Errorf("%s of a later layout: %v", name, err)
		}
	}
}

// On an engine, today's writes change yesterday's items, and what they leave
// yesterday's code can read: attributes that it knew, and its version.
func TestYesterdaysItemsCanBeChanged(t *testing.T) {
	c := onEngine(t)
	tables := newTables(t, c)
	s := New(c, tables)
	for _, name := range []string{"grant-user", "grant-before-by-client", "client"} {
		table := tables.Tokens
		if name == "client" {
			table = tables.Principals
		}
		if _, err := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(table), Item: fixture(t, name)}); err != nil {
			t.Fatal(err)
		}
	}
	old := person()
	next := grant.Change{ID: old.ID, Op: secret.Op{9}}
	if err := s.Replace(t.Context(), next); err != nil {
		t.Errorf("replacing: %v", err)
	}
	if err := s.RemoveAccess(t.Context(), old.ID, 7, digest("eighth")); err != nil {
		t.Errorf("removing an access token: %v", err)
	}
	for _, id := range []token.GrantID{old.ID, fixedID(0x44)} {
		if _, err := s.Revoke(t.Context(), id, "web", grant.Revocation{At: day, Reason: "again", Op: secret.Op{8}}); err != nil {
			t.Errorf("revoking: %v", err)
		}
		it := peek(t, c, s.grantKey(id))
		known := slices.Concat(attributeNames(fixture(t, "grant-user")), attributeNames(fixture(t, "grant-revoked")))
		for _, attribute := range attributeNames(it) {
			if !slices.Contains(known, attribute) {
				t.Errorf("today's writes leave %s, which version 1 does not know", attribute)
			}
		}
		if v, ok := it[attrVersion].(*types.AttributeValueMemberN); !ok || v.Value != "1" {
			t.Error("today's writes change the version")
		}
		rows, err := s.Find(t.Context(), grant.Keys{Grants: []token.GrantID{id}})
		if err != nil || rows.Grants[0] == nil || rows.Grants[0].Revoked.At.IsZero() {
			t.Errorf("a grant of yesterday that was revoked today is not: %v", err)
		}
	}
	if err := s.RaiseClientEpoch(t.Context(), "shop", day.UnixMilli(), day.UnixMilli()+1); err != nil {
		t.Errorf("raising the client's epoch: %v", err)
	}
}

// fixture reads an item of testdata/v1, in DynamoDB's own JSON.
func fixture(t *testing.T, name string) item {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "v1", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]map[string]any
	if err := json.Unmarshal(b, &raw); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	it := item{}
	for attribute, v := range raw {
		if it[attribute], err = attributeOf(v); err != nil {
			t.Fatalf("%s.%s: %v", name, attribute, err)
		}
	}
	return it
}

func attributeOf(v map[string]any) (types.AttributeValue, error) {
	for kind, value := range v {
		switch kind {
		case "S":
			return str(value.(string)), nil
		case "N":
			return &types.AttributeValueMemberN{Value: value.(string)}, nil
		case "BOOL":
			return &types.AttributeValueMemberBOOL{Value: value.(bool)}, nil
		case "B":
			b, err := base64.StdEncoding.DecodeString(value.(string))
			return bin(b), err
		case "L":
			all := &types.AttributeValueMemberL{}
			for _, member := range value.([]any) {
				one, err := attributeOf(member.(map[string]any))
				if err != nil {
					return nil, err
				}
				all.Value = append(all.Value, one)
			}
			return all, nil
		case "M":
			all := &types.AttributeValueMemberM{Value: item{}}
			for name, member := range value.(map[string]any) {
				var err error
				if all.Value[name], err = attributeOf(member.(map[string]any)); err != nil {
					return nil, err
				}
			}
			return all, nil
		}
	}
	return nil, fmt.Errorf("a type that is not read here")
}
