package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/ory/fosite/storage"
	_ "modernc.org/sqlite" // the driver called sqlite
)

const schema = `
CREATE TABLE IF NOT EXISTS clients (id TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS assertions (jti TEXT PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT ROWID;
`

// tokenTable is made once for codes, access tokens and refresh tokens each.
const tokenTable = `
CREATE TABLE IF NOT EXISTS %[1]s (
	signature  TEXT PRIMARY KEY,
	request_id TEXT NOT NULL,
	client_id  TEXT NOT NULL,
	active     INTEGER NOT NULL DEFAULT 1,
	data       TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS %[1]s_request ON %[1]s (request_id);`

// store is fosite's storage in a SQLite file. Writes go through one
// connection, one after the other, and are on the disk when they return.
type store struct {
	read, write *sql.DB
	client      *sql.Stmt            // of read
	get         map[string]*sql.Stmt // of read, by kind
	put         map[string]*sql.Stmt // of write, by kind
}

var (
	_ fosite.Storage                = (*store)(nil)
	_ oauth2.CoreStorage            = (*store)(nil)
	_ oauth2.TokenRevocationStorage = (*store)(nil)
	_ storage.Transactional         = (*store)(nil)
)

// The kinds of tokens, which are their tables' names.
const (
	code    = "codes"
	access  = "access_tokens"
	refresh = "refresh_tokens"
)

func openStore(ctx context.Context, path string) (*store, error) {
	dsn := "file:" + path + "?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	s := &store{get: map[string]*sql.Stmt{}, put: map[string]*sql.Stmt{}}
	var err error
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
	if s.client, err = s.read.PrepareContext(ctx, `SELECT data FROM clients WHERE id = ?`); err != nil {
		return nil, err
	}
	for _, kind := range []string{code, access, refresh} {
		if err := s.prepare(ctx, kind); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *store) prepare(ctx context.Context, kind string) (err error) {
	if _, err := s.write.ExecContext(ctx, fmt.Sprintf(tokenTable, kind)); err != nil {
		return fmt.Errorf("making the tables: %w", err)
	}
	if s.get[kind], err = s.read.PrepareContext(ctx, `SELECT t.request_id, t.active, t.data, c.data FROM `+kind+
		` t JOIN clients c ON c.id = t.client_id WHERE t.signature = ?`); err != nil {
		return err
	}
	s.put[kind], err = s.write.PrepareContext(ctx, `INSERT INTO `+kind+` (signature, request_id, client_id, data) VALUES (?, ?, ?, ?)`)
	return err
}

func (s *store) close() {
	_ = s.read.Close()
	_ = s.write.Close()
}

type txKey struct{}

// BeginTX, Commit and Rollback are fosite's way to make several writes one.
func (s *store) BeginTX(ctx context.Context) (context.Context, error) {
	tx, err := s.write.BeginTx(ctx, nil)
	return context.WithValue(ctx, txKey{}, tx), err
}

func (s *store) Commit(ctx context.Context) error   { return ctx.Value(txKey{}).(*sql.Tx).Commit() }
func (s *store) Rollback(ctx context.Context) error { return ctx.Value(txKey{}).(*sql.Tx).Rollback() }

func (s *store) exec(ctx context.Context, query string, args ...any) (int64, error) {
	var result sql.Result
	var err error
	if tx, ok := ctx.Value(txKey{}).(*sql.Tx); ok {
		result, err = tx.ExecContext(ctx, query, args...)
	} else {
		result, err = s.write.ExecContext(ctx, query, args...)
	}
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (s *store) createClient(ctx context.Context, c *fosite.DefaultClient) error {
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, `INSERT INTO clients (id, data) VALUES (?, ?)`, c.ID, string(data))
	return err
}

func (s *store) GetClient(ctx context.Context, id string) (fosite.Client, error) {
	var data []byte
	if err := s.client.QueryRowContext(ctx, id).Scan(&data); err != nil {
		return nil, found(err)
	}
	c := new(fosite.DefaultClient)
	return c, json.Unmarshal(data, c)
}

func (s *store) ClientAssertionJWTValid(ctx context.Context, jti string) error {
	var n int
	err := s.read.QueryRowContext(ctx, `SELECT count(*) FROM assertions WHERE jti = ? AND expires > ?`, jti, time.Now().Unix()).Scan(&n)
	if err == nil && n > 0 {
		return fosite.ErrJTIKnown
	}
	return err
}

func (s *store) SetClientAssertionJWT(ctx context.Context, jti string, exp time.Time) error {
	if _, err := s.exec(ctx, `DELETE FROM assertions WHERE expires <= ?`, time.Now().Unix()); err != nil {
		return err
	}
	n, err := s.exec(ctx, `INSERT INTO assertions (jti, expires) VALUES (?, ?) ON CONFLICT DO NOTHING`, jti, exp.Unix())
	if err == nil && n == 0 {
		return fosite.ErrJTIKnown
	}
	return err
}

func found(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fosite.ErrNotFound
	}
	return err
}

// record is what of a request a row holds.
type record struct {
	RequestedAt       time.Time        `json:"requested_at"`
	RequestedScope    fosite.Arguments `json:"requested_scope"`
	GrantedScope      fosite.Arguments `json:"granted_scope"`
	RequestedAudience fosite.Arguments `json:"requested_audience"`
	GrantedAudience   fosite.Arguments `json:"granted_audience"`
	Form              url.Values       `json:"form"`
	Session           json.RawMessage  `json:"session"`
}

func (s *store) create(ctx context.Context, kind, signature string, r fosite.Requester) error {
	session, err := json.Marshal(r.GetSession())
	if err != nil {
		return err
	}
	data, err := json.Marshal(record{r.GetRequestedAt(), r.GetRequestedScopes(), r.GetGrantedScopes(),
		r.GetRequestedAudience(), r.GetGrantedAudience(), r.GetRequestForm(), session})
	if err != nil {
		return err
	}
	put := s.put[kind]
	if tx, ok := ctx.Value(txKey{}).(*sql.Tx); ok {
		put = tx.StmtContext(ctx, put)
	}
	_, err = put.ExecContext(ctx, signature, r.GetID(), r.GetClient().GetID(), string(data))
	return err
}

// load gives the request of a token and whether the token is active.
func (s *store) load(ctx context.Context, kind, signature string, session fosite.Session) (_ fosite.Requester, active bool, err error) {
	var id string
	var data, client []byte
	if err := s.get[kind].QueryRowContext(ctx, signature).Scan(&id, &active, &data, &client); err != nil {
		return nil, false, found(err)
	}
	var kept record
	if err := json.Unmarshal(data, &kept); err != nil {
		return nil, false, err
	}
	if session == nil {
		session = new(fosite.DefaultSession)
	}
	if err := json.Unmarshal(kept.Session, session); err != nil {
		return nil, false, err
	}
	c := new(fosite.DefaultClient)
	return &fosite.Request{ID: id, RequestedAt: kept.RequestedAt, Client: c, RequestedScope: kept.RequestedScope,
		GrantedScope: kept.GrantedScope, Form: kept.Form, Session: session,
		RequestedAudience: kept.RequestedAudience, GrantedAudience: kept.GrantedAudience}, active, json.Unmarshal(client, c)
}
