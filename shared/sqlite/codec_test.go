package sqlite

import (
	"errors"
	"math"
	"os"
	"reflect"
	"testing"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/token"
)

func TestASlotIsReadStrictly(t *testing.T) {
	for _, slot := range []grant.Slot{
		{Digest: secret.Digest{1}, Issued: time.UnixMilli(1).UTC(), Expires: time.UnixMilli(2).UTC()},
		{Digest: secret.Digest{1}, Scope: []string{"a b", ""}, Audience: []string{}},
	} {
		b := encodeSlot(slot).([]byte)
		if got, ok := decodeSlot(b); !ok || !reflect.DeepEqual(got, slot) {
			t.Errorf("%+v came back as %+v (%v)", slot, got, ok)
		}
		for n := range b {
			if _, ok := decodeSlot(b[:n]); ok {
				t.Errorf("%d of its %d bytes were taken for a slot", n, len(b))
			}
		}
		if _, ok := decodeSlot(append(b, 0)); ok {
			t.Error("a byte too many was taken")
		}
	}
	if encodeSlot(grant.Slot{}) != nil {
		t.Error("an empty slot is not NULL")
	}
}

func TestKeptSecretsAreReadStrictly(t *testing.T) {
	kept := []client.Secret{
		{Digest: secret.Digest{1}, Created: time.UnixMilli(1).UTC()},
		{Imported: secret.NewText("pbkdf2_sha256$1$salt$hash"), Created: time.UnixMilli(2).UTC()},
	}
	b := encodeSecrets(kept)
	if got, ok := decodeSecrets(b); !ok || !reflect.DeepEqual(got, kept) {
		t.Errorf("came back as %+v (%v)", got, ok)
	}
	whole := len(encodeSecrets(kept[:1]))
	for n := 1; n < len(b); n++ {
		if _, ok := decodeSecrets(b[:n]); ok && n != whole {
			t.Errorf("%d of %d bytes were taken", n, len(b))
		}
	}
}

func TestADamagedRowIsAnOutage(t *testing.T) {
	path := t.TempDir() + "/x.db"
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	now := time.UnixMilli(time.Now().UnixMilli()).UTC()
	g := &grant.Grant{ID: token.GrantID{0x10}, ClientID: "c", Born: now, ExpiresAt: now.Add(time.Hour)}
	if err := s.Create(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	c := &client.Client{ID: "c", Version: 1, State: client.On}
	if err := s.CreateClient(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`UPDATE grants SET a3 = x'00'`, `UPDATE grants SET a3 = NULL, op = x'01'`, `UPDATE grants SET op = NULL, scope = x'05'`,
		`UPDATE grants SET scope = NULL, client_epoch = 9223372036854775807`,
		`UPDATE grants SET client_epoch = 1, subject_epoch = 9223372036854775807`,
		`UPDATE grants SET subject_epoch = 1, generation = 9223372036854775807`,
		`UPDATE grants SET generation = -1`,
	} {
		if err := Exec(path, sql); err != nil {
			t.Fatal(err)
		}
		if rows, err := s.Find(t.Context(), grant.Keys{Grants: []token.GrantID{g.ID}}); err == nil {
			t.Errorf("after %s: %+v", sql, rows)
		}
	}
	for _, sql := range []string{
		`UPDATE clients SET policy = '{'`, `UPDATE clients SET policy = '{}', state = 'maybe'`, `UPDATE clients SET state = 'on', secrets = x'01'`,
		`UPDATE clients SET secrets = x'', epoch = 9223372036854775807`, `UPDATE clients SET epoch = 1, ver = 9223372036854775807`,
	} {
		if err := Exec(path, sql); err != nil {
			t.Fatal(err)
		}
		if rows, err := s.Find(t.Context(), grant.Keys{Clients: []string{"c"}}); err == nil {
			t.Errorf("after %s: %+v", sql, rows)
		}
	}
}

// An epoch is raised by adding to it: at the greatest number that would turn
// it into the least, and what was revoked would be alive.
func TestAnEpochThatCannotRiseIsAnOutage(t *testing.T) {
	path := t.TempDir() + "/x.db"
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if raised, err := s.RaiseSubjectEpoch(t.Context(), "alice", 0, 5); err != nil || !raised {
		t.Fatal(raised, err)
	}
	for _, err := range []error{
		func() error { _, err := s.RaiseSubjectEpoch(t.Context(), "alice", 5, math.MaxInt64); return err }(),
		s.RaiseClientEpoch(t.Context(), "c", 1, math.MaxInt64),
		s.RaiseGeneration(t.Context(), math.MaxInt64),
	} {
		if !errors.Is(err, errEpoch) {
			t.Errorf("raising to the end: %v", err)
		}
	}
	if err := Exec(path, `UPDATE subjects SET epoch = 9223372036854775807`); err != nil {
		t.Fatal(err)
	}
	if rows, err := s.Find(t.Context(), grant.Keys{Subjects: []string{"alice"}}); err == nil {
		t.Errorf("a subject's: %+v", rows)
	}
	if err := Exec(path, `UPDATE meta SET generation = 9223372036854775807`); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Generation(t.Context()); err == nil {
		t.Errorf("the store's: %d", n)
	}
}

func TestARevocationNeedsItsTime(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir()+"/x.db", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	now := time.UnixMilli(time.Now().UnixMilli()).UTC()
	g := &grant.Grant{ID: token.GrantID{0x10}, ClientID: "c", Born: now, ExpiresAt: now.Add(time.Hour)}
	if err := s.Create(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Revoke(t.Context(), g.ID, "", grant.Revocation{Reason: "asked"}); !errors.Is(err, errNoTime) {
		t.Errorf("a grant's: %+v, %v", r, err)
	}
	if err := s.Deny(t.Context(), grant.Denial{JTI: "j", ExpiresAt: now.Add(time.Hour)}); !errors.Is(err, errNoTime) {
		t.Errorf("a signed token's: %v", err)
	}
}

func TestNoMemoryIsAnError(t *testing.T) {
	path := t.TempDir() + "/x.db"
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := dial(path, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if b, ok := c.scratch(math.MaxInt); ok || b != nil {
		t.Fatal("scratch gave memory that nobody has")
	}
	if n, err := c.number(`SELECT length(?)`, "four"); err != nil || n != 4 {
		t.Errorf("afterwards: %d, %v", n, err)
	}
}
