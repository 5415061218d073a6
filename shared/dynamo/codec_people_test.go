package dynamo

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rescind/shared/authorization"
	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/session"
	"rescind/shared/user"
)

// people of testdata/v1, by file.
func yesterdaysPeople() (*user.Account, *session.Session, *authorization.Consents) {
	return &user.Account{Key: user.Key(digest("ana@example.com")), Version: 3, Subject: "alice", State: user.Off, Email: "ana@example.com", Name: "Ana",
			Issuer: "https://id.example.com/", Password: secret.NewText("$argon2id$hash"), Op: secret.Op{5}, Created: day, Updated: day.Add(time.Hour)},
		&session.Session{ID: digest("cookie"), Account: user.Key(digest("ana@example.com")), Subject: "alice", Label: "Ana", Epochs: session.Epochs{Subject: 3, Store: 7},
			AuthTime: day, Born: day.Add(time.Second), IdleEnd: day.Add(time.Hour), AbsoluteEnd: day.Add(12 * time.Hour), ExpiresAt: day.Add(36 * time.Hour),
			Ended: day.Add(time.Minute), Op: secret.Op{6}},
		&authorization.Consents{Subject: "alice", Version: 2, Op: secret.Op{7}, Updated: day, Apps: []authorization.App{{
			ClientID: "web", Scope: []string{"read", "write"}, Audience: []string{"https://api.example.com/"}, Epochs: grant.Epochs{Client: 1, Subject: 2, Store: 3},
			Since: day, Withdrawn: 1, Grants: []authorization.Made{{ID: fixedID(0x22), End: day.Add(90 * 24 * time.Hour)}}}}}
}

// kinds are people's items as today writes them, with what reads each.
func kinds(t *testing.T) map[string]struct {
	it     item
	want   any
	decode func(item) (any, error)
} {
	t.Helper()
	s := New(nil, stubTables)
	a, n, c := yesterdaysPeople()
	return map[string]struct {
		it     item
		want   any
		decode func(item) (any, error)
	}{
		"user":     {must[item](t)(encodeUser(s.userKey(a.Key), a)), a, func(it item) (any, error) { return decodeUser(it) }},
		"session":  {must[item](t)(encodeSession(s.sessionKey(n.ID), n)), n, func(it item) (any, error) { return decodeSession(it) }},
		"consents": {must[item](t)(encodeConsents(s.consentKey(c.Subject), c)), c, func(it item) (any, error) { return decodeConsents(it) }},
	}
}

func TestYesterdaysPeople(t *testing.T) {
	for name, kind := range kinds(t) {
		it := fixture(t, name)
		got, err := kind.decode(it)
		if a, ok := got.(*user.Account); ok && err == nil && a.Password.Reveal() == "$argon2id$hash" {
			a.Password, kind.want.(*user.Account).Password = secret.Text{}, secret.Text{}
		}
		if err != nil || !reflect.DeepEqual(got, kind.want) {
			t.Errorf("%s is read as\n%+v\nwant\n%+v (%v)", name, got, kind.want, err)
		}
		if !reflect.DeepEqual(kind.it, it) {
			t.Errorf("%s: today writes the attributes %v, and wrote %v", name, attributeNames(kind.it), attributeNames(it))
		}
		it[attrVersion] = num(layout + 1)
		if _, err := kind.decode(it); err == nil || !strings.Contains(err.Error(), "upgrade") {
			t.Errorf("%s of a later layout: %v", name, err)
		}
	}
}

// Whatever is wrong with an item, it is an outage that names the attribute and
// never a value, and of a session not even the key.
func TestADamagedItemOfAPersonIsAnOutage(t *testing.T) {
	for name, kind := range kinds(t) {
		for attribute := range kind.it {
			it := fixture(t, name)
			it[attribute] = &types.AttributeValueMemberSS{Value: []string{"PLANTED"}}
			if got, err := kind.decode(it); err == nil || strings.Contains(err.Error(), "PLANTED") {
				t.Errorf("%s with another %s: %+v, %v", name, attribute, got, err)
			}
		}
	}
	_, n, _ := yesterdaysPeople()
	session := New(nil, stubTables).sessionKey(n.ID).pk
	for _, c := range []struct {
		kind, attribute string
		to              types.AttributeValue
	}{
		{"user", attrState, str("maybe")}, {"user", attrState, nil}, {"user", attrRowVer, nil}, {"user", attrKey, str("USER#zz")}, {"user", attrOp, bin([]byte("PLANTED"))},
		{"session", attrVersion, nil}, {"session", "acc", bin([]byte("PLANTED"))}, {"session", attrKey, str("SESSION#PLANTED")},
		{"session", TTLAttribute, &types.AttributeValueMemberN{Value: "PLANTED"}},
		{"consents", "apps", str(`{"PLANTED`)}, {"consents", "apps", str(`[{"grants":[{"id":"PLANTED"}]}]`)}, {"consents", "apps", nil},
		{"consents", "sub", str("another")}, {"consents", "sub", nil},
	} {
		it := fixture(t, c.kind)
		if it[c.attribute] = c.to; c.to == nil {
			delete(it, c.attribute)
		}
		got, err := kinds(t)[c.kind].decode(it)
		if err == nil || strings.Contains(err.Error(), "PLANTED") || strings.Contains(err.Error(), session) {
			t.Errorf("%s with another %s: %+v, %v", c.kind, c.attribute, got, err)
		}
	}
}

// What is no UTF-8 would come back as another text.
func TestTextOfAPersonThatIsNoUTF8IsRefused(t *testing.T) {
	s := warm(t, &stub{put: func(*dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) { return &dynamodb.PutItemOutput{}, nil }})
	a, n, c := yesterdaysPeople()
	a.Email, n.Label, c.Subject = "\xff", "\xff", "\xff"
	for i, err := range []error{s.PutUser(t.Context(), a, 2), s.CreateSession(t.Context(), n), s.PutConsents(t.Context(), c, 1)} {
		if err == nil || strings.Contains(err.Error(), "\xff") {
			t.Errorf("write %d: %v", i, err)
		}
	}
}

// A write that gets no answer is an outage, one of which the answer is a row
// that cannot be read too, and neither is a conflict.
func TestAnUnansweredWriteOfAPersonIsNoConflict(t *testing.T) {
	a, n, c := yesterdaysPeople()
	for name, answer := range map[string]error{
		"no answer":  errors.New("no answer"),
		"a bad row":  &types.ConditionalCheckFailedException{Item: item{attrKey: str("PLANTED")}},
		"throttling": &types.ProvisionedThroughputExceededException{},
	} {
		s := warm(t, &stub{
			put:    func(*dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) { return nil, answer },
			update: func(*dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) { return nil, answer },
		})
		errs := []error{s.PutUser(t.Context(), a, 2), s.PutUser(t.Context(), &user.Account{Version: 1}, 0), s.CreateSession(t.Context(), n),
			s.TouchSession(t.Context(), n.ID, day), s.PutConsents(t.Context(), c, 1)}
		if name != "a bad row" { // whatever is there, the session cannot be used
			errs = append(errs, s.EndSession(t.Context(), n.ID, day))
		}
		for i, err := range errs {
			var users *user.Conflict
			var sessions *session.Conflict
			var consents *authorization.Conflict
			if err == nil || errors.As(err, &users) || errors.As(err, &sessions) || errors.As(err, &consents) {
				t.Errorf("%s: write %d answers %v", name, i, err)
			}
		}
	}
}

// A scan that stops at a session gives the cursor of the last row that it gave.
func TestACursorIsNeverASessions(t *testing.T) {
	g := someGrant(t)
	s := New(nil, stubTables)
	k, at := s.grantKey(g.ID), s.sessionKey(digest("cookie"))
	of := must[item](t)(encodeGrant(k, g))
	s = warm(t, &stub{scan: func(*dynamodb.ScanInput) (*dynamodb.ScanOutput, error) {
		return &dynamodb.ScanOutput{Items: []item{of}, LastEvaluatedKey: at.attributes()}, nil
	}})
	page, next, err := s.WalkGrants(t.Context(), "", 10)
	if err != nil || len(page) != 1 || next != grant.Cursor("grants:"+k.pk) {
		t.Errorf("%d rows and the cursor %q, %v", len(page), next, err)
	}
	if _, _, err := s.WalkGrants(t.Context(), grant.Cursor("grants:"+at.pk), 10); !errors.Is(err, errCursor) {
		t.Errorf("a session's key as a cursor: %v", err)
	}
}
