package setup

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"time"

	"rescind/shared/authorizer"
	"rescind/shared/grant"
)

// The variables that only the authorizer function reads.
const (
	Audience    = "RESCIND_AUDIENCE"     // of the API; empty or absent: tokens of any audience pass
	RouteScopes = "RESCIND_ROUTE_SCOPES" // see authorizer.ParseRoutes; empty or absent: any active token passes
)

// AuthorizerVariables are the names that the authorizer function takes.
func AuthorizerVariables() []string {
	return []string{LogLevel, TokensTable, PrincipalsTable, Audience, RouteScopes}
}

// NewAuthorizer reads the process's environment and makes the logger and an
// authorizer without its store. An environment that is wrong ends the process,
// see End.
func NewAuthorizer() (*authorizer.Authorizer, Settings) {
	a, s, err := ReadAuthorizer(os.Environ())
	slog.SetDefault(NewLogger(os.Stdout, s.LogLevel))
	if err != nil {
		End(err)
	}
	limitMemory(os.Getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"))
	a.Rules, a.Log = grant.Defaults(time.Now, rand.Reader), slog.Default()
	return a, s
}

// ReadAuthorizer is Read for the authorizer function: what it is to require,
// and its settings.
func ReadAuthorizer(environ []string) (*authorizer.Authorizer, Settings, error) {
	values, err := valuesOf(environ, AuthorizerVariables())
	if err != nil {
		return nil, Settings{}, err
	}
	s, err := settings(values)
	if err != nil {
		return nil, s, err
	}
	routes, err := authorizer.ParseRoutes(values[RouteScopes])
	if err != nil {
		return nil, s, wrong(RouteScopes, err)
	}
	return &authorizer.Authorizer{Audience: values[Audience], Routes: routes}, s, nil
}

// Authorizer gives an authorizer the deadline for its reads. It implements
// lambda.Handler.
type Authorizer struct{ *authorizer.Authorizer }

// Invoke implements lambda.Handler.
func (a Authorizer) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, ReadDeadline)
	defer cancel()
	return a.Authorizer.Invoke(ctx, payload)
}
