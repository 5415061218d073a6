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

// prefix is what all our variables begin with, and nobody else's do.
const prefix = "RESCIND_"

// Need is what a function reads beside the issuer and the log level.
type Need bool

// The needs.
const (
	NoTables Need = false
	Tables   Need = true
)

// Variables are the names that a function with this need takes.
func Variables(need Need) []string {
	if need == Tables {
		return []string{Issuer, LogLevel, Metrics, TokensTable, PrincipalsTable}
	}
	return []string{Issuer, LogLevel, Metrics}
}

// Settings are what the environment says.
type Settings struct {
	Issuer          string
	TokensTable     string
	PrincipalsTable string
	Metrics         string
	LogLevel        slog.Level
}

// Read takes an environment as os.Environ gives it. A variable that is missing
// or malformed is an error that names it, and so is one of our prefix that this
// function does not take: it is mostly a required or a defaulted one misspelt.
// No error repeats a value.
func Read(environ []string, need Need) (Settings, error) {
	names := Variables(need)
	values := map[string]string{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		if !slices.Contains(names, name) {
			return Settings{}, fmt.Errorf("the environment variable %s is not one of this function's, which are %s: correct its name or remove it",
				name, strings.Join(names, ", "))
		}
		values[name] = value
	}
	s := Settings{Issuer: values[Issuer], TokensTable: values[TokensTable], PrincipalsTable: values[PrincipalsTable], Metrics: values[Metrics]}
	for _, name := range names {
		if name != LogLevel && name != Metrics && values[name] == "" {
			return Settings{}, fmt.Errorf("the environment variable %s is missing or empty: set it", name)
		}
	}
	if err := checkIssuer(s.Issuer); err != nil {
		return Settings{}, fmt.Errorf("the environment variable %s is wrong: %w", Issuer, err)
	}
	var err error
	if s.LogLevel, err = level(values[LogLevel]); err != nil {
		return Settings{}, fmt.Errorf("the environment variable %s is wrong: %w", LogLevel, err)
	}
	return s, nil
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
