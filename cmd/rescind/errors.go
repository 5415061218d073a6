package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rescind/shared/client"
	"rescind/shared/user"
)

// usageError is a command line that cannot be meant: exit status 2.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

func isUsage(err error) bool {
	usage := (*usageError)(nil)
	return errors.As(err, &usage)
}

var errNoSubject = errors.New("there is no user with this subject")

// isRefusal tells a client or user that cannot be changed so, or a restore that was not
// begun, from an outage.
func isRefusal(err error) bool {
	if restore := (*refusedRestore)(nil); errors.As(err, &restore) {
		return true
	}
	for _, refusal := range []error{client.ErrUnknown, client.ErrDeleted, client.ErrExists, client.ErrNoSecret,
		user.ErrUnknown, user.ErrExists, user.ErrNoPassword, user.ErrPasswordCommon, errNoSubject} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}

// finish prints a failure as one sentence and gives the exit status.
func (a *app) finish(args []string, err error) int {
	if err == nil {
		return exitOK
	}
	status := exitFailed
	if isUsage(err) {
		status = exitUsage
	}
	sentence := redact(explain(err))
	// The flags may not have been read to their end: what was meant counts.
	if a.asJSON || slices.Contains(args, "--json") {
		body, _ := json.Marshal(map[string]string{"error": sentence}) // a string: cannot fail
		sentence = string(body)
	} else {
		sentence = "rescind: " + sentence
	}
	_, _ = fmt.Fprintln(a.stderr, sentence) // there is nowhere else to say it
	return status
}

// explain is an error as one line that says what to do next.
func explain(err error) string {
	text := err.Error()
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		text += "; deploy the template, or make the tables of a local engine with `rescind store create`"
	case errors.Is(err, client.ErrUnknown):
		text += "; `rescind client list` shows those there are"
	case errors.Is(err, user.ErrUnknown), errors.Is(err, errNoSubject):
		text += "; `rescind user list` shows those there are, and who signs in elsewhere is named by the subject"
	case errors.Is(err, user.ErrNoPassword):
		text += "; change it there"
	case errors.Is(err, client.ErrNoSecret):
		text += "; there is nothing to rotate"
	case errors.Is(err, client.ErrDeleted):
		text += "; register a new client with `rescind client create`"
	case errors.Is(err, context.Canceled):
		text = "interrupted; what was under way may have been done, so look before you repeat it"
	}
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// ours is the beginning of every token and secret that we make.
const ours = "rsc_"

var looksOurs = regexp.MustCompile(`rsc_[A-Za-z0-9_-]*`)

// redact takes out what looks like a token or secret of ours: a command line
// that is refused is quoted in the sentence that says so.
func redact(s string) string { return looksOurs.ReplaceAllString(s, "[redacted]") }

// checkWord tells what is wrong with a name, subject or reason that will stand
// in logs: what cannot be printed, is too long, or looks like a secret.
func checkWord(what, s string, most int) error {
	switch {
	case strings.Contains(s, ours):
		return usagef("%s holds something that looks like a token or secret (%s...); it would stand in logs, so leave it out", what, ours)
	case len(s) > most:
		return usagef("%s may have %d bytes at most", what, most)
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }):
		return usagef("%s must be printable text on one line", what)
	}
	return nil
}

// The most bytes of what an operator names. A subject has the length that
// OpenID Connect Core section 2 allows a sub.
const (
	maxName    = 200
	maxReason  = 200
	maxSubject = 255
)

// checkClientID refuses what nobody can have registered, before it is looked up.
func checkClientID(id string) error {
	if err := checkWord("the client id", id, 128); err != nil {
		return err
	}
	if err := client.CheckID(id); err != nil {
		return usagef("%w", err)
	}
	return nil
}

func checkSubject(subject string) error {
	if subject == "" {
		return usagef("--subject is missing or empty; name the user")
	}
	if strings.TrimSpace(subject) != subject {
		return usagef("--subject begins or ends with a space; write the user's name exactly")
	}
	return checkWord("--subject", subject, maxSubject)
}
