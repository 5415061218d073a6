package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"rescind/cmd/rescind/doctor"
)

type doctorFlags struct {
	url, client, secret string
}

func (a *app) doctorCommand() *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find what is wrong with the store, or with a deployed server",
		Long: `Find what is wrong with the store, and say what to do: a line for each check, with
"ok", "look" (nothing is broken), "wrong", or "skipped" (not examined). The exit status is 1 where something
is wrong. Nothing is opened for writing, and a store that the other commands
refuse is examined too. A SQLite file is read whole, which takes as long as
copying it; a backup too, of which it says whether it is whole.

With --url a deployed server is examined from outside instead, as its clients see
it: the metadata, TLS, the headers and statuses that a gateway in front may lose
or rename, its routes and its clock. With --client a token is issued, introspected
and revoked, and must be dead at once and stay so: a cache in front is found. The
client must be confidential and may use client_credentials. Its secret is read
from standard input (--secret -) or RESCIND_CLIENT_SECRET, is sent to the issuer
only, and never over plain HTTP but to this machine. The server's audit shows
these requests: with or without a client it has some refused attempts of a client
that does not exist.`,
		Example: "  rescind doctor\n  rescind doctor --store dynamodb:auth\n  rescind doctor --url https://auth.example.com\n  rescind doctor --url https://auth.example.com --client billing --secret - < billing.secret",
		Args:    exactly(0, ""),
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.url, "url", "", "examine the server with this `ISSUER`, from outside")
	flags.StringVar(&f.client, "client", "", "with --url: the `ID` of a client to issue a token with")
	flags.StringVar(&f.secret, "secret", "", "with --client: `-` reads its secret from standard input (default: the environment's\nRESCIND_CLIENT_SECRET)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		report, subject, err := a.examine(cmd.Context(), f)
		if err != nil {
			return err
		}
		return a.printReport(report, subject)
	}
	return cmd
}

func (a *app) examine(ctx context.Context, f doctorFlags) (doctor.Report, string, error) {
	if f.url == "" && (f.client != "" || f.secret != "") {
		return nil, "", usagef("--client and --secret go with --url: name the server's issuer")
	}
	if f.url != "" {
		server, err := a.serverToExamine(f)
		if err != nil {
			return nil, "", err
		}
		report := server.Examine(ctx)
		return report, f.url, ctx.Err()
	}
	l, err := parseStore(a.storeName)
	if err != nil {
		return nil, "", err
	}
	if l.isFile() {
		report := doctor.File(ctx, l.path, a.trailPath(), a.rules.Now())
		return report, a.storeName, ctx.Err()
	}
	api, err := newDynamoDB(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, "", ctx.Err()
		}
		sentence, do, _ := strings.Cut(err.Error(), "; ")
		return doctor.Report{{Check: "AWS", Verdict: doctor.Wrong, Found: sentence, Do: cmp.Or(do, "see what the sentence says")}}, a.storeName, nil
	}
	report := doctor.Tables(ctx, api, l.tables)
	return report, a.storeName, ctx.Err()
}

func (a *app) serverToExamine(f doctorFlags) (doctor.Server, error) {
	s := doctor.Server{Issuer: strings.TrimSuffix(f.url, "/"), ClientID: f.client, Now: a.rules.Now}
	switch {
	case f.secret != "" && f.secret != "-":
		return s, usagef("a secret on the command line stays in the shell's history; give it on standard input with --secret -, or in RESCIND_CLIENT_SECRET")
	case f.client == "" && f.secret != "":
		return s, usagef("--secret goes with --client: name the client")
	case f.client == "":
		return s, nil
	}
	if err := checkClientID(f.client); err != nil {
		return s, err
	}
	s.Secret = a.env("RESCIND_CLIENT_SECRET")
	if f.secret == "-" {
		var err error
		if s.Secret, err = a.readSecret(); err != nil {
			return s, err
		}
	}
	if s.Secret == "" {
		return s, usagef("the secret of %s is missing: give it on standard input with --secret -, or in RESCIND_CLIENT_SECRET", f.client)
	}
	return s, nil
}

// longestSecret is more than any client's secret has.
const longestSecret = 1024

// readSecret reads a line; at a terminal what is typed is not shown.
func (a *app) readSecret() (string, error) {
	if f, ok := a.stdin.(interface{ Fd() uintptr }); ok && isTerminal(a.stdin) {
		_, _ = fmt.Fprint(a.stderr, "Secret (not shown): ")
		typed, err := term.ReadPassword(int(f.Fd()))
		_, _ = fmt.Fprintln(a.stderr)
		if err != nil {
			return "", fmt.Errorf("reading the secret: %w", err)
		}
		return strings.TrimSpace(string(typed)), nil
	}
	line, err := bufio.NewReader(io.LimitReader(a.stdin, longestSecret)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("reading the secret: %w", err)
	}
	return strings.TrimSpace(line), nil
}

// reportView is a report as JSON.
type reportView struct {
	Subject string        `json:"subject"`
	Wrong   int           `json:"wrong"`
	Look    int           `json:"look"`
	Skipped int           `json:"skipped"`
	Checks  doctor.Report `json:"checks"`
}

// printReport gives errWrong where something is wrong: the report says what.
func (a *app) printReport(r doctor.Report, subject string) error {
	v := reportView{subject, r.Count(doctor.Wrong), r.Count(doctor.Look), r.Count(doctor.Skipped), r}
	err := a.print(v, func(w io.Writer) {
		fmt.Fprintf(w, "%s\n\n", subject)
		for _, f := range r {
			fmt.Fprintf(w, "%-7s %s: %s\n", f.Verdict, f.Check, f.Found)
			if f.Do != "" {
				fmt.Fprintf(w, "        -> %s\n", f.Do)
			}
		}
		fmt.Fprintf(w, "\n%s\n", sumUp(r))
	})
	if err == nil && r.Wrong() {
		err = errWrong
	}
	return err
}

func sumUp(r doctor.Report) string {
	wrong, look, skipped := r.Count(doctor.Wrong), r.Count(doctor.Look), r.Count(doctor.Skipped)
	checks := fmt.Sprintf("%d checks", len(r)-skipped)
	if skipped > 0 {
		checks += fmt.Sprintf(" (%d skipped)", skipped)
	}
	switch {
	case wrong > 0:
		return fmt.Sprintf("%d wrong, %d to look at, of %s.", wrong, look, checks)
	case look > 0:
		return fmt.Sprintf("Nothing is wrong; %d to look at, of %s.", look, checks)
	}
	return fmt.Sprintf("All is well: %s.", checks)
}

// errWrong is the exit status of a report that found something.
var errWrong = errors.New("something is wrong; the report on standard output says what, and what to do")
