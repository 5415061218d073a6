package sqlite_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/sqlite"
	"rescind/shared/token"
)

// ledger is what was acknowledged: a line for each, written once it was.
type ledger struct {
	mu    sync.Mutex
	lines []string
	to    io.Writer // beside, where not nil
}

func (l *ledger) note(format string, args ...any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := fmt.Sprintf(format, args...)
	l.lines = append(l.lines, line)
	if l.to == nil {
		return nil
	}
	_, err := io.WriteString(l.to, line+"\n")
	return err
}

func (l *ledger) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.lines)
}

// fill writes until a write fails, and notes each that was acknowledged.
func (l *ledger) fill(ctx context.Context, s grant.Store, seed uint64) error {
	m := client.Manager{Store: s, Now: time.Now, Rand: rand.Reader}
	c, text, err := m.Create(ctx, "client-"+rand.Text()[:12], client.Policy{Name: "app", Type: client.Confidential,
		GrantTypes: []string{oauth.GrantClientCredentials, oauth.GrantRefreshToken}, Scope: oauth.Scope{"read", "write"}, Audience: []string{"https://api.example"}})
	if err != nil {
		return err
	}
	auth := client.NewAuthenticator(time.Now, client.NewAttempts(1<<30, time.Second))
	proof, _, err := auth.Authenticate(ctx, client.Credentials{Method: oauth.AuthBasic, Source: "test", Pairs: []client.Pair{{ID: c.ID, Secret: text}}}, []*client.Client{c})
	if err != nil {
		return err
	}
	if err := l.note("client %s %d", c.ID, c.Epoch); err != nil {
		return err
	}
	for r := mathrand.New(mathrand.NewPCG(seed, 1)); ; {
		if err := l.life(ctx, s, r, m, proof); err != nil {
			return err
		}
	}
}

// life is that of one grant, and what may go with it.
func (l *ledger) life(ctx context.Context, s grant.Store, r *mathrand.Rand, m client.Manager, proof client.Authenticated) error {
	subject := "subject-" + rand.Text()[:8]
	t, err := rules.Issue(ctx, s, grant.Birth{Client: proof.Client(), Generation: time.Now().UnixMilli(), Subject: subject,
		Scope: oauth.Scope{"read", "write"}, Audience: []string{"https://api.example"}, Refresh: true})
	if err != nil {
		return err
	}
	id := hex.EncodeToString(t.Grant[:])
	if err := l.note("issued %s", id); err != nil {
		return err
	}
	for n := 1; n <= r.IntN(3); n++ {
		rows, err := s.Find(ctx, grant.Keys{Grants: []token.GrantID{t.Grant}})
		if err != nil {
			return err
		}
		if t, err = rules.Refresh(ctx, s, grant.RefreshRequest{Client: proof, Token: t.Refresh, Grant: rows.Grants[0], Generation: rows.Generation}); err != nil {
			return err
		}
		if err := l.note("rotated %s %d", id, n); err != nil {
			return err
		}
	}
	switch r.IntN(8) {
	case 0, 1, 2:
		if _, err := rules.RevokeGrant(ctx, s, t.Grant, "asked"); err != nil {
			return err
		}
		return l.note("revoked %s", id)
	case 3:
		epoch, err := rules.RevokeSubject(ctx, s, subject)
		if err != nil {
			return err
		}
		return l.note("subject %s %d", subject, epoch)
	case 4:
		if err := s.Deny(ctx, grant.Denial{JTI: id, At: time.Now(), Reason: "asked", ExpiresAt: time.Now().Add(time.Hour)}); err != nil {
			return err
		}
		return l.note("denied %s", id)
	case 5: // another client than the one that goes on
		c, _, err := m.Create(ctx, "client-"+rand.Text()[:12], client.Policy{Type: client.Confidential})
		if err != nil {
			return err
		}
		if c, err = m.Disable(ctx, c.ID); err != nil {
			return err
		}
		return l.note("off %s %d", c.ID, c.Epoch)
	}
	return nil
}

// missing gives the acknowledged lines, from the given one on, that a store does not keep.
func (l *ledger) missing(ctx context.Context, s grant.Store, from int) (lost []string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines[from:] {
		kept, err := keeps(ctx, s, strings.Fields(line))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
		if !kept {
			lost = append(lost, line)
		}
	}
	return lost, nil
}

func keeps(ctx context.Context, s grant.Store, what []string) (bool, error) {
	number := int64(0)
	if len(what) > 2 {
		var err error
		if number, err = strconv.ParseInt(what[2], 10, 64); err != nil {
			return false, err
		}
	}
	keys := grant.Keys{}
	switch what[0] {
	case "issued", "rotated", "revoked":
		var id token.GrantID
		if n, err := hex.Decode(id[:], []byte(what[1])); err != nil || n != len(id) {
			return false, errors.New("half a line")
		}
		keys.Grants = []token.GrantID{id}
	case "subject":
		keys.Subjects = []string{what[1]}
	case "denied":
		keys.Denied = []string{what[1]}
	default:
		keys.Clients = []string{what[1]}
	}
	rows, err := s.Find(ctx, keys)
	if err != nil {
		return false, err
	}
	switch what[0] {
	case "subject":
		return rows.Subjects[0] >= number, nil
	case "denied":
		return !rows.Denied[0].At.IsZero(), nil
	case "client", "off":
		c := rows.Clients[0]
		return c != nil && c.Epoch >= number && (what[0] == "client" || c.State == client.Off), nil
	}
	g := rows.Grants[0]
	return g != nil && g.Rotation >= number && (what[0] != "revoked" || !g.Revoked.At.IsZero()), nil
}

// sound opens a store as any process would, with nothing done by an operator,
// and holds it to a ledger.
func (l *ledger) sound(t testing.TB, p string, from int, o sqlite.Options) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), p, o)
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}()
	if n, err := s.Count(`SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'`); err != nil || n != 0 {
		t.Fatalf("integrity: %d complaints, %v", n, err)
	}
	lost, err := l.missing(t.Context(), s, from)
	if err != nil {
		t.Fatal(err)
	}
	if len(lost) > 0 {
		t.Fatalf("%d of %d acknowledged are lost; the first: %s", len(lost), l.size()-from, lost[0])
	}
}
