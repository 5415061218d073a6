package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/handler/oauth2"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "fosite:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	store, err := openStore(ctx, filepath.Join(os.Getenv("COMPARE_DATA"), "fosite.db"))
	if err != nil {
		return err
	}
	defer store.close()
	secret := sha256.Sum256([]byte(os.Getenv("COMPARE_CLIENT_SECRET") + " tokens"))
	config := &fosite.Config{
		AccessTokenLifespan:  time.Hour,
		RefreshTokenLifespan: 30 * 24 * time.Hour,
		GlobalSecret:         secret[:],
		ScopeStrategy:        fosite.ExactScopeStrategy,
		RefreshTokenScopes:   []string{}, // a refresh needs no scope of its own
		ClientSecretsHasher:  digest{},
	}
	strategy := compose.NewOAuth2HMACStrategy(config)
	switch {
	case len(args) == 1 && args[0] == "seed":
		grants, err := strconv.Atoi(os.Getenv("COMPARE_GRANTS"))
		if err != nil {
			return fmt.Errorf("COMPARE_GRANTS: %w", err)
		}
		return seed(ctx, store, strategy, grants)
	case len(args) == 1 && args[0] == "serve":
		return serve(ctx, handler(compose.Compose(config, store, strategy,
			compose.OAuth2ClientCredentialsGrantFactory,
			compose.OAuth2RefreshTokenGrantFactory,
			compose.OAuth2TokenIntrospectionFactory,
			compose.OAuth2TokenRevocationFactory,
		)))
	}
	return errors.New("name one command, seed or serve")
}

// digest keeps a client's secret, which is long and random, as SHA-256.
type digest struct{}

func (digest) Hash(_ context.Context, data []byte) ([]byte, error) {
	d := sha256.Sum256(data)
	return d[:], nil
}

func (digest) Compare(_ context.Context, hash, data []byte) error {
	d := sha256.Sum256(data)
	if subtle.ConstantTimeCompare(hash, d[:]) != 1 {
		return errors.New("the secret differs")
	}
	return nil
}

func handler(provider fosite.OAuth2Provider) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/oauth2/token", func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		request, err := provider.NewAccessRequest(ctx, r, new(fosite.DefaultSession))
		if err != nil {
			provider.WriteAccessError(ctx, w, request, err)
			return
		}
		if request.GetGrantTypes().ExactOne("client_credentials") {
			for _, scope := range request.GetRequestedScopes() {
				request.GrantScope(scope)
			}
		}
		response, err := provider.NewAccessResponse(ctx, request)
		if err != nil {
			provider.WriteAccessError(ctx, w, request, err)
			return
		}
		provider.WriteAccessResponse(ctx, w, request, response)
	})
	mux.HandleFunc("/oauth2/introspect", func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		response, err := provider.NewIntrospectionRequest(ctx, r, new(fosite.DefaultSession))
		if err != nil {
			provider.WriteIntrospectionError(ctx, w, err)
			return
		}
		provider.WriteIntrospectionResponse(ctx, w, response)
	})
	mux.HandleFunc("/oauth2/revoke", func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		provider.WriteRevocationResponse(ctx, w, provider.NewRevocationRequest(ctx, r))
	})
	return mux
}

func serve(ctx context.Context, h http.Handler) error {
	server := &http.Server{Addr: os.Getenv("COMPARE_ADDR"), Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
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
func seed(ctx context.Context, store *store, strategy oauth2.CoreStrategy, grants int) error {
	secret, err := digest{}.Hash(ctx, []byte(os.Getenv("COMPARE_CLIENT_SECRET")))
	if err != nil {
		return err
	}
	client := &fosite.DefaultClient{
		ID: os.Getenv("COMPARE_CLIENT_ID"), Secret: secret,
		GrantTypes: []string{"client_credentials", "refresh_token", "authorization_code"}, Scopes: []string{"read", "write"},
	}
	out, err := os.OpenFile(os.Getenv("COMPARE_TOKENS"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	ctx, err = store.BeginTX(ctx)
	if err != nil {
		return err
	}
	if err := store.createClient(ctx, client); err != nil {
		return err
	}
	for i := range grants {
		access, refresh, err := grantOne(ctx, store, strategy, client, "user-"+strconv.Itoa(i))
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, access, refresh); err != nil {
			return err
		}
	}
	return store.Commit(ctx)
}

func grantOne(ctx context.Context, store *store, strategy oauth2.CoreStrategy, client fosite.Client, subject string) (access, refresh string, err error) {
	now := time.Now().UTC()
	request := fosite.NewRequest()
	request.Client = client
	request.RequestedScope, request.GrantedScope = fosite.Arguments{"read", "write"}, fosite.Arguments{"read", "write"}
	request.Session = &fosite.DefaultSession{Subject: subject, Username: subject, ExpiresAt: map[fosite.TokenType]time.Time{
		fosite.AccessToken: now.Add(time.Hour), fosite.RefreshToken: now.Add(30 * 24 * time.Hour),
	}}
	access, accessSignature, err := strategy.GenerateAccessToken(ctx, request)
	if err != nil {
		return "", "", err
	}
	refresh, refreshSignature, err := strategy.GenerateRefreshToken(ctx, request)
	if err != nil {
		return "", "", err
	}
	if err := store.CreateAccessTokenSession(ctx, accessSignature, request); err != nil {
		return "", "", err
	}
	return access, refresh, store.CreateRefreshTokenSession(ctx, refreshSignature, accessSignature, request)
}
