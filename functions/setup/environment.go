package setup

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// The variables that a function reads. Beside them the AWS SDK reads its own,
// all of which begin with AWS_.
const (
	Issuer          = "RESCIND_ISSUER"           // see endpoint.CheckIssuer and APIID; required
	TokensTable     = "RESCIND_TOKENS_TABLE"     // required, where there are tables
	PrincipalsTable = "RESCIND_PRINCIPALS_TABLE" // required, where there are tables
	Metrics         = "RESCIND_METRICS"          // the metrics' dimension Stack; empty or absent: none are written
	LogLevel        = "RESCIND_LOG_LEVEL"        // debug, info, warn or error; empty or absent: info
)

// The variables that only the browser function reads: the OpenID provider that
// people may sign in at. All but the name are there, or none; see
// upstream.FromEnv, which this package leaves them to, since whatever imports
// package upstream carries an OpenID client.
const (
	UpstreamIssuer       = "RESCIND_UPSTREAM_ISSUER"
	UpstreamClientID     = "RESCIND_UPSTREAM_CLIENT_ID"
	UpstreamClientSecret = "RESCIND_UPSTREAM_CLIENT_SECRET"
	UpstreamName         = "RESCIND_UPSTREAM_NAME"
)

// prefix is what all our variables begin with, and nobody else's do.
const prefix = "RESCIND_"

// Need is what a function reads beside the issuer and the log level.
type Need int

// The needs.
const (
	NoTables Need = iota
	Tables
	TablesAndUpstream
)

// Variables are the names that a function with this need takes.
func Variables(need Need) []string {
	names := []string{Issuer, LogLevel, Metrics}
	if need >= Tables {
		names = append(names, TokensTable, PrincipalsTable)
	}
	if need >= TablesAndUpstream {
		names = append(names, UpstreamIssuer, UpstreamClientID, UpstreamClientSecret, UpstreamName)
	}
	return names
}

// Settings are what the environment says.
type Settings struct {
	Issuer          string
	TokensTable     string
	PrincipalsTable string
	Metrics         string
	LogLevel        slog.Level
}

// optional are the variables that may be empty or absent.
var optional = []string{LogLevel, Metrics, Audience, RouteScopes, UpstreamIssuer, UpstreamClientID, UpstreamClientSecret, UpstreamName}

// Read takes an environment as os.Environ gives it. A variable that is missing
// or malformed is an error that names it, and so is one of our prefix that this
// function does not take: it is mostly a required or a defaulted one misspelt.
// No error repeats a value.
func Read(environ []string, need Need) (Settings, error) {
	values, err := valuesOf(environ, Variables(need))
	if err != nil {
		return Settings{}, err
	}
	if err := checkIssuer(values[Issuer]); err != nil {
		return Settings{}, wrong(Issuer, err)
	}
	return settings(values)
}

// valuesOf gives the values of these variables.
func valuesOf(environ, names []string) (map[string]string, error) {
	values := map[string]string{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("the environment variable %s is not one of this function's, which are %s: correct its name or remove it",
				name, strings.Join(names, ", "))
		}
		values[name] = value
	}
	for _, name := range names {
		if values[name] == "" && !slices.Contains(optional, name) {
			return nil, fmt.Errorf("the environment variable %s is missing or empty: set it", name)
		}
	}
	return values, nil
}

func settings(values map[string]string) (Settings, error) {
	from, err := level(values[LogLevel])
	if err != nil {
		return Settings{}, wrong(LogLevel, err)
	}
	return Settings{Issuer: values[Issuer], TokensTable: values[TokensTable], PrincipalsTable: values[PrincipalsTable],
		Metrics: values[Metrics], LogLevel: from}, nil
}

func wrong(name string, err error) error {
	return fmt.Errorf("the environment variable %s is wrong: %w", name, err)
}

func level(word string) (slog.Level, error) {
	switch word {
	case "debug":
		return slog.LevelDebug, nil
	case "", "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return 0, errors.New("it must be debug, info, warn or error")
}
