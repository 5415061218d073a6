package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/zitadel/oidc/v3/pkg/op"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})))
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "zitadel-oidc:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	store, err := openStore(ctx, filepath.Join(os.Getenv("COMPARE_DATA"), "oidc.db"))
	if err != nil {
		return err
	}
	defer store.close()
	addr := os.Getenv("COMPARE_ADDR")
	config := &op.Config{
		CryptoKey:             sha256.Sum256([]byte(os.Getenv("COMPARE_CLIENT_SECRET") + " tokens")),
		CryptoKeyId:           "tokens",
		CodeMethodS256:        true,
		GrantTypeRefreshToken: true,
		SupportedScopes:       []string{"read", "write"},
	}
	provider, err := op.NewProvider(config, store, op.StaticIssuer("http://"+addr), op.WithAllowInsecure())
	if err != nil {
		return err
	}
	switch {
	case len(args) == 1 && args[0] == "seed":
		grants, err := strconv.Atoi(os.Getenv("COMPARE_GRANTS"))
		if err != nil {
			return fmt.Errorf("COMPARE_GRANTS: %w", err)
		}
		return seed(ctx, store, provider.Crypto(), grants)
	case len(args) == 1 && args[0] == "serve":
		return serve(ctx, addr, provider)
	}
	return errors.New("name one command, seed or serve")
}

func serve(ctx context.Context, addr string, h http.Handler) error {
	server := &http.Server{Addr: addr, Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.ListenAndServe() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		return server.Shutdown(drain)
	}
}

// seed registers the client and makes grants with an access and a refresh
// token each, in one transaction.
func seed(ctx context.Context, s *store, crypto op.Crypto, grants int) error {
	out, err := os.OpenFile(os.Getenv("COMPARE_TOKENS"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	id := os.Getenv("COMPARE_CLIENT_ID")
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if _, err := tx.ExecContext(ctx, `INSERT INTO clients (id, secret) VALUES (?, ?)`, id, digest(os.Getenv("COMPARE_CLIENT_SECRET"))); err != nil {
		return err
	}
	for i := range grants {
		g := &grant{Client: id, Subject: "user-" + strconv.Itoa(i), Audience: []string{id}, Scopes: []string{"read", "write"}, AuthTime: time.Now()}
		tokenID, refresh, _, err := s.create(ctx, tx, g)
		if err != nil {
			return err
		}
		access, err := op.CreateBearerToken(tokenID, g.Subject, crypto)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, access, refresh); err != nil {
			return err
		}
	}
	return tx.Commit()
}
