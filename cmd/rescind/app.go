package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"rescind/shared/audit"
	"rescind/shared/client"
	"rescind/shared/grant"
)

const defaultStore = "sqlite:.rescind/rescind.db"

// app is one run of the command.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            func(string) string

	storeName string // --store
	asJSON    bool   // --json
	trailName string // what RESCIND_AUDIT_TRAIL names, or serve's --audit-trail
	logTo     *locked
	log       *slog.Logger
	rules     grant.Rules
}

func newApp(stdin io.Reader, stdout, stderr io.Writer, env func(string) string) *app {
	return &app{stdin: stdin, stdout: stdout, stderr: stderr, env: env, trailName: env("RESCIND_AUDIT_TRAIL"), logTo: &locked{w: stderr},
		rules: grant.Defaults(time.Now, rand.Reader)}
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "rescind",
		Short: "An OAuth 2.0 authorization server whose first promise is revocation",
		Long: `An OAuth 2.0 authorization server whose first promise is revocation.

"serve" runs it on this machine; the other commands are the operator's. They
work beside running servers, and what they say is done is durably done.
Results go to standard output, logs and errors to standard error. The exit
status is 0 for success, 1 for a failure, 2 for a wrong command line.`,
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		PersistentPreRunE: func(*cobra.Command, []string) error {
			a.log = a.newLogger()
			return nil
		},
	}
	flags := root.PersistentFlags()
	flags.StringVar(&a.storeName, "store", defaultStore, "the `STORE` that holds the data: sqlite:PATH, or dynamodb:PREFIX for the tables\n"+
		"PREFIX-tokens and PREFIX-principals (default: what RESCIND_STORE names, else\n"+defaultStore+")")
	if named := a.env("RESCIND_STORE"); named != "" {
		a.storeName = named
	}
	flags.Lookup("store").DefValue = "" // the text says it, whatever the environment names
	flags.BoolVar(&a.asJSON, "json", false, "print JSON: the result on standard output, an error as {\"error\":...} on standard error")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w; see `%s --help`", err, cmd.CommandPath())
	})
	var asked bool
	root.Flags().BoolVar(&asked, "version", false, "print which rescind this is")
	root.SetHelpCommand(a.helpCommand())
	root.AddCommand(a.serveCommand(), a.clientCommand(), a.grantCommand(), a.revokeCommand(),
		a.userCommand(), a.authorizeCommand(), a.storeCommand(), a.backupCommand(), a.restoreCommand(), a.journalCommand(), a.doctorCommand(), a.statsCommand(), a.costCommand(),
		a.completionCommand(), a.manCommand(), a.versionCommand())
	a.completeClients(root)
	group(root)
	unnamed := root.RunE
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if asked && len(args) == 0 {
			return a.printVersion()
		}
		return unnamed(cmd, args)
	}
	return root
}

// group makes a command that only holds others say so: without a name, or with
// a wrong one, the command line is wrong.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.SuggestionsMinimumDistance = 2
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path := cmd.CommandPath()
		if len(args) == 0 {
			return usagef("name a command after %s; see `%s --help`", path, path)
		}
		hint := ""
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			hint = fmt.Sprintf(" (did you mean %s?)", near[0])
		}
		return usagef("there is no command %q%s; see `%s --help`", path+" "+args[0], hint, path)
	}
	return cmd
}

// exactly takes n arguments, named for the sentence about any other number.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch path := cmd.CommandPath(); {
		case len(args) == n:
			return nil
		case n == 0:
			return usagef("%s takes no argument, only flags; see `%s --help`", path, path)
		default:
			return usagef("%s takes one argument, %s; see `%s --help`", path, what, path)
		}
	}
}

// manager changes clients.
func (a *app) manager(store client.Store) client.Manager {
	return client.Manager{Store: store, Now: a.rules.Now, Rand: a.rules.Rand}
}

// record writes the audit event of something the operator did or tried: it was
// refused, which changed nothing, or it failed, perhaps half-way. A command
// line that is wrong in itself is no event.
func (a *app) record(ctx context.Context, e audit.Event, err error) {
	e.Outcome, e.Source, e.Time = "ok", "operator", a.rules.Now().UTC()
	switch {
	case isUsage(err):
		return
	case isRefusal(err):
		e.Outcome = "refused"
		if e.Action == audit.Client || e.Action == audit.User {
			e.Reason = "" // of these it says what was done
		}
	case err != nil:
		e.Outcome = "failed"
	}
	trail := a.openTrail()
	a.auditLog(trail).Record(ctx, e)
	trail.close()
}

// print writes a result: v as JSON, or what text writes.
func (a *app) print(v any, text func(w io.Writer)) error {
	if !a.asJSON {
		w := &sticky{w: a.stdout}
		text(w)
		return w.err
	}
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding the result: %w", err)
	}
	if _, err := a.stdout.Write(append(body, '\n')); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
}

// sticky remembers the first failure, so that printing need not ask after each line.
type sticky struct {
	w   io.Writer
	err error
}

func (s *sticky) Write(b []byte) (int, error) {
	if s.err == nil {
		if _, err := s.w.Write(b); err != nil {
			s.err = fmt.Errorf("writing the result: %w", err)
		}
	}
	return len(b), nil
}
