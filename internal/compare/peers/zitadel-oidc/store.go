package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
	_ "modernc.org/sqlite" // the driver called sqlite
)

const schema = `
CREATE TABLE IF NOT EXISTS clients (id TEXT PRIMARY KEY, secret BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS access (
	id      TEXT PRIMARY KEY,
	refresh BLOB, -- of the same grant
	client  TEXT NOT NULL,
	expires INTEGER NOT NULL,
	data    TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS access_refresh ON access (refresh) WHERE refresh IS NOT NULL;
CREATE TABLE IF NOT EXISTS refresh (
	digest  BLOB PRIMARY KEY,
	client  TEXT NOT NULL,
	expires INTEGER NOT NULL,
	data    TEXT NOT NULL
) WITHOUT ROWID;`

const (
	accessLife  = time.Hour
	refreshLife = 30 * 24 * time.Hour
)

// store is the library's storage in a SQLite file. Writes go through one
// connection, one after the other, and are on the disk when they return.
type store struct {
	read, write             *sql.DB
	client, access, refresh *sql.Stmt // of read
	putAccess, putRefresh   *sql.Stmt // of write
	key                     *signingKey
}

var (
	_ op.Storage                  = (*store)(nil)
	_ op.ClientCredentialsStorage = (*store)(nil)
)

func openStore(ctx context.Context, path string) (*store, error) {
	dsn := "file:" + path + "?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	s := &store{}
	var err error
	if s.key, err = newSigningKey(); err != nil {
		return nil, err
	}
	if s.write, err = sql.Open("sqlite", dsn); err != nil {
		return nil, err
	}
	s.write.SetMaxOpenConns(1)
	if _, err := s.write.ExecContext(ctx, schema); err != nil {
		return nil, fmt.Errorf("making the tables: %w", err)
	}
	if s.read, err = sql.Open("sqlite", dsn); err != nil {
		return nil, err
	}
	s.read.SetMaxOpenConns(8)
	s.read.SetMaxIdleConns(8)
	for _, p := range []struct {
		to    **sql.Stmt
		db    *sql.DB
		query string
	}{
		{&s.client, s.read, `SELECT secret FROM clients WHERE id = ?`},
		{&s.access, s.read, `SELECT client, expires, data FROM access WHERE id = ?`},
		{&s.refresh, s.read, `SELECT data FROM refresh WHERE digest = ? AND expires > ?`},
		{&s.putAccess, s.write, `INSERT INTO access (id, refresh, client, expires, data) VALUES (?, ?, ?, ?, ?)`},
		{&s.putRefresh, s.write, `INSERT INTO refresh (digest, client, expires, data) VALUES (?, ?, ?, ?)`},
	} {
		if *p.to, err = p.db.PrepareContext(ctx, p.query); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *store) close() {
	_ = s.read.Close()
	_ = s.write.Close()
}

// Health tells whether the file can be read.
func (s *store) Health(ctx context.Context) error { return s.read.PingContext(ctx) }

func digest(text string) []byte {
	d := sha256.Sum256([]byte(text))
	return d[:]
}

// grant is what tokens are made for: a user's consent, or a client's own.
type grant struct {
	Client   string    `json:"client"`
	Subject  string    `json:"subject"`
	Audience []string  `json:"audience"`
	Scopes   []string  `json:"scopes"`
	AMR      []string  `json:"amr,omitempty"`
	AuthTime time.Time `json:"auth_time"`
}

func (g *grant) GetAMR() []string                 { return g.AMR }
func (g *grant) GetAudience() []string            { return g.Audience }
func (g *grant) GetAuthTime() time.Time           { return g.AuthTime }
func (g *grant) GetClientID() string              { return g.Client }
func (g *grant) GetScopes() []string              { return g.Scopes }
func (g *grant) GetSubject() string               { return g.Subject }
func (g *grant) SetCurrentScopes(scopes []string) { g.Scopes = scopes }

// CreateAccessToken makes one for the client itself, without a refresh token.
func (s *store) CreateAccessToken(ctx context.Context, r op.TokenRequest) (id string, expires time.Time, err error) {
	g, ok := r.(*grant)
	if !ok {
		return "", time.Time{}, errors.New("only client_credentials is offered")
	}
	data, err := json.Marshal(g)
	if err != nil {
		return "", time.Time{}, err
	}
	id, expires = rand.Text(), time.Now().Add(accessLife)
	_, err = s.putAccess.ExecContext(ctx, id, nil, g.Client, expires.Unix(), string(data))
	return id, expires, err
}

// CreateAccessAndRefreshTokens makes both and, in the same transaction, ends
// the current refresh token and its access token.
func (s *store) CreateAccessAndRefreshTokens(ctx context.Context, r op.TokenRequest, current string) (id, refresh string, expires time.Time, err error) {
	g, ok := r.(*grant)
	if !ok {
		return "", "", time.Time{}, errors.New("only a refresh is offered")
	}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return "", "", time.Time{}, err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if current != "" {
		if err := end(ctx, tx, digest(current), g.Client); err != nil {
			return "", "", time.Time{}, err
		}
	}
	if id, refresh, expires, err = s.create(ctx, tx, g); err != nil {
		return "", "", time.Time{}, err
	}
	return id, refresh, expires, tx.Commit()
}

func (s *store) create(ctx context.Context, tx *sql.Tx, g *grant) (id, refresh string, expires time.Time, err error) {
	data, err := json.Marshal(g)
	if err != nil {
		return "", "", time.Time{}, err
	}
	id, refresh, expires = rand.Text(), rand.Text()+rand.Text(), time.Now().Add(accessLife)
	if _, err := tx.StmtContext(ctx, s.putAccess).ExecContext(ctx, id, digest(refresh), g.Client, expires.Unix(), string(data)); err != nil {
		return "", "", time.Time{}, err
	}
	_, err = tx.StmtContext(ctx, s.putRefresh).ExecContext(ctx, digest(refresh), g.Client, time.Now().Add(refreshLife).Unix(), string(data))
	return id, refresh, expires, err
}

var errGone = errors.New("the refresh token is not there")

// end deletes a refresh token and the access tokens made with it.
func end(ctx context.Context, tx *sql.Tx, d []byte, client string) error {
	gone, err := tx.ExecContext(ctx, `DELETE FROM refresh WHERE digest = ? AND client = ?`, d, client)
	if err != nil {
		return err
	}
	if n, err := gone.RowsAffected(); err != nil || n == 0 {
		return errors.Join(errGone, err)
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM access WHERE refresh = ?`, d)
	return err
}

func (s *store) TokenRequestByRefreshToken(ctx context.Context, refresh string) (op.RefreshTokenRequest, error) {
	var data []byte
	if err := s.refresh.QueryRowContext(ctx, digest(refresh), time.Now().Unix()).Scan(&data); err != nil {
		return nil, err
	}
	g := new(grant)
	return g, json.Unmarshal(data, g)
}

// SetIntrospectionFromToken tells about a live token, to those it is for.
func (s *store) SetIntrospectionFromToken(ctx context.Context, to *oidc.IntrospectionResponse, id, subject, clientID string) error {
	var owner string
	var expires int64
	var data []byte
	if err := s.access.QueryRowContext(ctx, id).Scan(&owner, &expires, &data); err != nil {
		return err
	}
	if expires <= time.Now().Unix() || owner != clientID {
		return errors.New("not a live token of this client")
	}
	var g grant
	if err := json.Unmarshal(data, &g); err != nil {
		return err
	}
	to.ClientID, to.Subject, to.Audience, to.Scope = owner, subject, g.Audience, g.Scopes
	to.Expiration, to.TokenType = oidc.FromTime(time.Unix(expires, 0)), oidc.BearerToken
	return nil
}
