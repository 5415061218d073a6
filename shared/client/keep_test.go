package client_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/shared/client"
)

func TestOnlyNamedSecretsAreKept(t *testing.T) {
	m, s, advance := manager(t)
	first, _, err := m.Create(t.Context(), "app", confidential)
	if err != nil {
		t.Fatal(err)
	}
	advance(time.Hour)
	c, _, err := m.RotateSecret(t.Context(), "app")
	if err != nil {
		t.Fatal(err)
	}
	before := s.Count(broken.UpdateClient)
	both := []time.Time{c.Secrets[1].Created.Add(300 * time.Microsecond), c.Secrets[0].Created, time.Unix(7, 0)}
	if got, dropped, err := m.KeepSecrets(t.Context(), "app", both); err != nil || dropped != 0 || len(got.Secrets) != 2 || s.Count(broken.UpdateClient) != before {
		t.Errorf("where all are named: %d dropped, %v", dropped, err)
	}
	if got, dropped, err := m.KeepSecrets(t.Context(), "app", both[1:2]); err != nil || dropped != 1 || len(got.Secrets) != 1 || !got.Secrets[0].Same(c.Secrets[0]) || got.Epoch != first.Epoch {
		t.Errorf("where one is named: %d dropped, %v", dropped, err)
	}
	if got, dropped, err := m.KeepSecrets(t.Context(), "app", nil); err != nil || dropped != 1 || len(got.Secrets) != 0 {
		t.Errorf("where none is named: %d dropped, %v", dropped, err)
	}
	if got, _, err := m.RotateSecret(t.Context(), "app"); err != nil || len(got.Secrets) != 1 {
		t.Errorf("a client without a secret gets no new one: %v", err)
	}
}

// Two made in one millisecond cannot be told apart by their time.
func TestSecretsOfOneMomentAreKeptTogetherOrNotAtAll(t *testing.T) {
	m, _, _ := manager(t)
	if _, _, err := m.Create(t.Context(), "app", confidential); err != nil {
		t.Fatal(err)
	}
	c, _, err := m.RotateSecret(t.Context(), "app")
	if err != nil {
		t.Fatal(err)
	}
	then := c.Secrets[0].Created
	if _, dropped, err := m.KeepSecrets(t.Context(), "app", []time.Time{then, then}); err != nil || dropped != 0 {
		t.Errorf("both named: %d dropped, %v", dropped, err)
	}
	if _, dropped, err := m.KeepSecrets(t.Context(), "app", []time.Time{then}); err != nil || dropped != 2 {
		t.Errorf("one named: %d dropped, %v", dropped, err)
	}
}

func TestAnEpochIsRaisedToAtLeastAValue(t *testing.T) {
	m, s, _ := manager(t)
	c, _, err := m.Create(t.Context(), "app", confidential)
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []int64{0, c.Epoch - 1, c.Epoch} {
		if raised, err := m.RaiseEpochTo(t.Context(), "app", to); err != nil || raised {
			t.Errorf("to %d: %v, %v", to-c.Epoch, raised, err)
		}
	}
	// Somebody else raises it meanwhile, less far and then further.
	others := client.Manager{Store: s.Store, Now: m.Now, Rand: m.Rand}
	times := 0
	s.Hook(func(call broken.Call) {
		if call.Verb == broken.RaiseClientEpoch && !call.After && times < 2 {
			times++
			if _, err := others.RaiseEpoch(context.Background(), "app"); err != nil {
				t.Error(err)
			}
		}
	})
	raised, err := m.RaiseEpochTo(t.Context(), "app", c.Epoch+50)
	if now, findErr := s.FindClient(t.Context(), "app"); err != nil || !raised || findErr != nil || now.Epoch != c.Epoch+50 {
		t.Errorf("%v, %v, epoch %d more", raised, err, now.Epoch-c.Epoch)
	}
	s.Hook(nil)
	if _, err := m.Delete(t.Context(), "app"); err != nil {
		t.Fatal(err)
	}
	if raised, err := m.RaiseEpochTo(t.Context(), "app", c.Epoch+1_000_000); err != nil || !raised {
		t.Errorf("of a deleted client: %v, %v", raised, err)
	}
	if _, _, err := m.KeepSecrets(t.Context(), "app", nil); !errors.Is(err, client.ErrDeleted) {
		t.Errorf("secrets of a deleted client: %v", err)
	}
	if _, err := m.RaiseEpochTo(t.Context(), "nobody", 5); !errors.Is(err, client.ErrUnknown) {
		t.Errorf("of nobody: %v", err)
	}
	if _, _, err := m.KeepSecrets(t.Context(), "nobody", nil); !errors.Is(err, client.ErrUnknown) {
		t.Errorf("secrets of nobody: %v", err)
	}
}

func TestABuriedIDIsNeverMadeAgain(t *testing.T) {
	m, s, _ := manager(t)
	epoch := m.Now().UnixMilli() + 5000
	if err := m.Bury(t.Context(), "gone", epoch); err != nil {
		t.Fatal(err)
	}
	c, err := s.FindClient(t.Context(), "gone")
	if err != nil || c.State != client.Deleted || c.Epoch != epoch || len(c.Secrets) != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, _, err := m.Create(t.Context(), "gone", confidential); !errors.Is(err, client.ErrExists) {
		t.Errorf("made again: %v", err)
	}
	if _, err := m.Enable(t.Context(), "gone"); !errors.Is(err, client.ErrDeleted) {
		t.Errorf("enabled: %v", err)
	}
	if err := m.Bury(t.Context(), "gone", epoch); !errors.Is(err, client.ErrExists) {
		t.Errorf("buried again: %v", err)
	}
	if err := m.Bury(t.Context(), "a b", epoch); err == nil {
		t.Error("an id that none can be is buried")
	}
	s.FailAll()
	if err := m.Bury(t.Context(), "other", epoch); !errors.Is(err, broken.ErrInjected) {
		t.Errorf("an outage: %v", err)
	}
	if _, err := m.RaiseEpochTo(t.Context(), "gone", epoch+1); !errors.Is(err, broken.ErrInjected) {
		t.Errorf("an outage: %v", err)
	}
	if _, _, err := m.KeepSecrets(t.Context(), "gone", nil); !errors.Is(err, broken.ErrInjected) {
		t.Errorf("an outage: %v", err)
	}
}
