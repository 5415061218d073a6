package main

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"

	"rescind/internal/bench/local"
	"rescind/internal/bench/seed"
	"rescind/internal/bench/server"
	"rescind/shared/dynamo"
	"rescind/shared/grant"
	"rescind/shared/sqlite"
)

// The names of our own rows. The first is what all others are compared with.
const (
	ours       = "rescind-sqlite"
	oursDynamo = "rescind-dynamodb"
)

var ourPaths = Paths{Token: "/o/token/", Introspection: "/o/introspect/", Revocation: "/o/revoke_token/"}

func ourRow(name string) Row {
	row := Row{Name: name, Language: "go", Package: "rescind", Setup: "one process, rescind serve"}
	switch name {
	case ours:
		row.Durable = true
		row.Durability = "SQLite, WAL, synchronous=FULL; writes that wait together share a transaction, each answered after its COMMIT"
		row.Notes = []string{"It writes an audit line for each request to a file; the others write no log of requests."}
	default:
		row.Durability = "DynamoDB Local holds the tables in memory: the path is measured, not DynamoDB"
		row.Notes = []string{"The engine, a Java process, runs on the same cores; its memory is not counted."}
	}
	return row
}

// ourContenders serves with the command built from this tree.
func ourContenders(binary string) []contender {
	return []contender{
		{row: ourRow(ours), paths: ourPaths, open: func(ctx context.Context, s site) (*target, error) { return startSQLite(ctx, binary, s) }},
		{row: ourRow(oursDynamo), paths: ourPaths, open: func(ctx context.Context, s site) (*target, error) { return startDynamo(ctx, binary, s) }},
	}
}

func startSQLite(ctx context.Context, binary string, s site) (*target, error) {
	file := filepath.Join(s.dir, "data", "rescind.db")
	store, err := sqlite.Open(ctx, file, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	t, err := fillOurs(ctx, store, s.grants)
	if err = errors.Join(err, store.Close()); err != nil {
		return nil, err
	}
	return serveOurs(ctx, t, server.Config{Binary: binary, Store: "sqlite:" + file, Log: filepath.Join(s.dir, "server.log")})
}

func startDynamo(ctx context.Context, binary string, s site) (_ *target, err error) {
	engine, err := local.Start(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			engine.Stop()
		}
	}()
	const prefix = "compare"
	tables, err := engine.Tables(ctx, prefix)
	if err != nil {
		return nil, err
	}
	t, err := fillOurs(ctx, dynamo.New(engine.Client(), tables), s.grants)
	if err != nil {
		return nil, err
	}
	t, err = serveOurs(ctx, t, server.Config{Binary: binary, Store: "dynamodb:" + prefix, Environ: engine.Environ(),
		Log: filepath.Join(s.dir, "server.log")})
	if err != nil {
		return nil, err
	}
	stop := t.stop
	t.stop = func() error { defer engine.Stop(); return stop() }
	return t, nil
}

// fillOurs makes grants of as many users.
func fillOurs(ctx context.Context, store grant.Store, grants int) (*target, error) {
	caller, err := seed.Client(ctx, store, clientID, nil)
	if err != nil {
		return nil, err
	}
	tokens, err := seed.Fill(ctx, store, seed.Plan{Client: caller.ID, Grants: grants,
		Subject: func(i int) string { return "user-" + strconv.Itoa(i) }})
	if err != nil {
		return nil, err
	}
	return &target{basic: caller.Basic, access: tokens.Access, refresh: tokens.Refresh}, nil
}

func serveOurs(ctx context.Context, t *target, c server.Config) (*target, error) {
	s, err := server.Start(ctx, c)
	if err != nil {
		return nil, err
	}
	t.addr, t.pid, t.stop = s.Addr, s.PID(), s.Stop
	return t, nil
}
