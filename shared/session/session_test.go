package session_test

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"rescind/shared/secret"
	"rescind/shared/session"
)

// rows is a store in memory that can lose the answer to a write, or the write.
type rows struct {
	kept       map[secret.Digest]session.Session
	loseAnswer bool
	loseWrite  bool
	down       bool
	touches    int
}

var errLost = errors.New("no answer")

func (s *rows) FindSession(_ context.Context, id secret.Digest) (*session.Session, error) {
	if s.down {
		return nil, errLost
	}
	if row, ok := s.kept[id]; ok {
		return &row, nil
	}
	return nil, nil
}

func (s *rows) write(do func()) error {
	if !s.loseWrite && !s.down {
		do()
	}
	if s.loseAnswer || s.loseWrite || s.down {
		return errLost
	}
	return nil
}

func (s *rows) CreateSession(_ context.Context, row *session.Session) error {
	if have, ok := s.kept[row.ID]; ok {
		return &session.Conflict{Stored: &have}
	}
	return s.write(func() { s.kept[row.ID] = *row })
}

func (s *rows) TouchSession(_ context.Context, id secret.Digest, idleEnd time.Time) error {
	s.touches++
	row, ok := s.kept[id]
	if !ok {
		return &session.Conflict{}
	}
	if !row.Ended.IsZero() || !row.IdleEnd.Before(idleEnd) {
		return &session.Conflict{Stored: &row}
	}
	return s.write(func() { row.IdleEnd = idleEnd; s.kept[id] = row })
}

func (s *rows) EndSession(_ context.Context, id secret.Digest, at time.Time) error {
	row, ok := s.kept[id]
	if !ok || !row.Ended.IsZero() {
		return nil
	}
	return s.write(func() { row.Ended = at; s.kept[id] = row })
}

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

type scene struct {
	rows
	now   time.Time
	rules session.Rules
}

func newScene() *scene {
	sc := &scene{rows: rows{kept: map[secret.Digest]session.Session{}}, now: noon}
	sc.rules = session.Defaults(func() time.Time { return sc.now }, rand.Reader)
	return sc
}

func (sc *scene) start(t *testing.T) (secret.Text, *session.Session) {
	t.Helper()
	value, row, err := sc.rules.Start(t.Context(), sc, session.Who{Subject: "ann", Epochs: session.Epochs{Subject: 5, Store: 7}})
	if err != nil {
		t.Fatal(err)
	}
	return value, row
}

func TestAStartLeavesARowThatTheValueFinds(t *testing.T) {
	sc := newScene()
	value, row := sc.start(t)
	again, _ := sc.start(t)
	if value.Equal(again) {
		t.Error("two sign-ins gave one value")
	}
	parsed, ok := session.ParseValue(value.Reveal())
	if !ok || parsed.Digest() != row.ID {
		t.Error("the cookie's value does not find the row")
	}
	kept := sc.kept[row.ID]
	if kept.IdleEnd != noon.Add(12*time.Hour) || kept.AbsoluteEnd != noon.Add(7*24*time.Hour) || kept.AuthTime != noon || kept.ExpiresAt.Before(kept.AbsoluteEnd) {
		t.Errorf("its times are %v", kept)
	}
	if _, _, err := sc.rules.Start(t.Context(), sc, session.Who{AuthTime: noon.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	for _, row := range sc.kept {
		if row.AuthTime.After(noon) {
			t.Error("somebody signed in in the future")
		}
	}
}

func TestALostAnswerToAStart(t *testing.T) {
	sc := newScene()
	sc.loseAnswer = true
	if _, row, err := sc.rules.Start(t.Context(), sc, session.Who{}); err != nil || sc.kept[row.ID].Born != noon {
		t.Errorf("the row is there, and the start gave %v", err)
	}
	sc.loseAnswer, sc.loseWrite = false, true
	if _, _, err := sc.rules.Start(t.Context(), sc, session.Who{}); err == nil {
		t.Error("the row is not there, and the start succeeded")
	}
}

func TestDead(t *testing.T) {
	row := session.Session{Epochs: session.Epochs{Subject: 5, Store: 7}, IdleEnd: noon.Add(time.Hour), AbsoluteEnd: noon.Add(2 * time.Hour)}
	cur := session.Epochs{Subject: 5, Store: 7}
	ended, longIdle := row, row
	ended.Ended, longIdle.IdleEnd = noon, noon.Add(3*time.Hour)
	for _, tt := range []struct {
		name string
		row  *session.Session
		cur  session.Epochs
		now  time.Time
		want string
	}{
		{"a living one", &row, cur, noon, ""},
		{"a row that is not there", nil, cur, noon, session.DeadUnknown},
		{"one that was ended", &ended, cur, noon, session.DeadEnded},
		{"one of a subject whose epoch was raised", &row, session.Epochs{Subject: 6, Store: 7}, noon, session.DeadRevoked},
		{"one from before a restore", &row, session.Epochs{Subject: 5, Store: 8}, noon, session.DeadRestored},
		{"one that recorded more than is read", &row, session.Epochs{}, noon, ""},
		{"one at its idle end", &row, cur, noon.Add(time.Hour), session.DeadIdle},
		{"one just before it", &row, cur, noon.Add(time.Hour - 1), ""},
		{"one at its absolute end", &longIdle, cur, noon.Add(2 * time.Hour), session.DeadExpired},
	} {
		if got := tt.row.Dead(tt.cur, tt.now); got != tt.want {
			t.Errorf("%s is %q, not %q", tt.name, got, tt.want)
		}
	}
}

func TestUseMovesTheIdleEndOn(t *testing.T) {
	sc := newScene()
	_, row := sc.start(t)
	use := func(want bool) {
		t.Helper()
		kept := sc.kept[row.ID]
		if alive, err := sc.rules.Used(t.Context(), sc, &kept); err != nil || alive != want {
			t.Errorf("alive is %v, %v", alive, err)
		}
	}
	sc.now = noon.Add(4 * time.Minute)
	if use(true); sc.touches != 0 {
		t.Error("a use within five minutes wrote")
	}
	sc.now = noon.Add(6 * time.Minute)
	if use(true); sc.kept[row.ID].IdleEnd != sc.now.Add(12*time.Hour) {
		t.Error("the idle end was not moved on")
	}
	sc.now = noon.Add(7*24*time.Hour - time.Hour)
	if use(true); sc.kept[row.ID].IdleEnd != row.AbsoluteEnd {
		t.Error("the idle end is not at the absolute one")
	}
	stale := *row
	if err := sc.rules.End(t.Context(), sc, row.ID); err != nil {
		t.Fatal(err)
	}
	if alive, err := sc.rules.Used(t.Context(), sc, &stale); err != nil || alive {
		t.Errorf("one that was signed out meanwhile is alive %v, %v", alive, err)
	}
}

func TestAnEnd(t *testing.T) {
	sc := newScene()
	_, row := sc.start(t)
	sc.loseWrite = true
	if err := sc.rules.End(t.Context(), sc, row.ID); err == nil {
		t.Error("nothing was written, and the end succeeded")
	}
	sc.loseWrite, sc.loseAnswer = false, true
	if err := sc.rules.End(t.Context(), sc, row.ID); err != nil || sc.kept[row.ID].Ended != noon {
		t.Errorf("it was written, and the end gave %v", err)
	}
	sc.now = noon.Add(time.Hour)
	if err := sc.rules.End(t.Context(), sc, row.ID); err != nil || sc.kept[row.ID].Ended != noon {
		t.Error("the first end does not stand")
	}
	sc.down = true
	if _, row2, err := sc.rules.Start(t.Context(), sc, session.Who{}); err == nil {
		t.Error("a store that is down started", row2)
	}
	var unknown secret.Digest
	unknown[0] = 1
	if sc.down = false; sc.rules.End(t.Context(), sc, unknown) != nil {
		t.Error("ending an unknown session is an error")
	}
}

func TestFormTokens(t *testing.T) {
	value, _ := session.NewValue(rand.Reader)
	other, _ := session.NewValue(rand.Reader)
	token := session.FormToken(value, "cut app", noon)
	for _, tt := range []struct {
		name    string
		value   secret.Text
		purpose string
		token   string
		at      time.Time
		want    bool
	}{
		{"its own", value, "cut app", token, noon.Add(time.Hour), true},
		{"another browser's", other, "cut app", token, noon, false},
		{"no browser's", secret.Text{}, "cut app", session.FormToken(secret.Text{}, "cut app", noon), noon, false},
		{"another form's", value, "cut bpp", token, noon, false},
		{"an old one", value, "cut app", token, noon.Add(session.FormLifetime), false},
		{"one from the future", value, "cut app", token, noon.Add(-11 * time.Minute), false},
		{"one of a clock a little ahead", value, "cut app", token, noon.Add(-time.Minute), true},
		{"none", value, "cut app", "", noon, false},
		{"one with a newline", value, "cut app", token[:10] + "\n" + token[11:], noon, false},
		{"one with another time", value, "cut app", "B" + token[1:], noon, false},
	} {
		if got := session.CheckFormToken(tt.value, tt.purpose, tt.token, tt.at); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func FuzzCheckFormToken(f *testing.F) {
	value := secret.NewText("rsc_se_for_the_fuzzer")
	f.Add(session.FormToken(value, "x", noon))
	f.Add("")
	f.Add("\n\n")
	f.Fuzz(func(t *testing.T, token string) {
		if session.CheckFormToken(value, "x", token, noon) && token != session.FormToken(value, "x", noon) {
			t.Errorf("%q passes, which nobody made", token)
		}
		if session.CheckFormToken(value, "y", token, noon) {
			t.Errorf("%q passes for another purpose", token)
		}
	})
}

func FuzzParseValue(f *testing.F) {
	v, _ := session.NewValue(rand.Reader)
	f.Add(v.Reveal())
	f.Add("rsc_se_")
	f.Fuzz(func(t *testing.T, s string) {
		if v, ok := session.ParseValue(s); ok && v.Reveal() != s {
			t.Errorf("%q has another spelling", s)
		}
	})
}
