package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"rescind/shared/grant"
	"rescind/shared/registration"
)

type importFlags struct {
	skipBad, dryRun                 bool
	dropUnsupported, withoutSecrets bool
	scopes, defaultScopes           string
}

func (a *app) clientImportCommand() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Take over clients from another server, with their ids and secrets",
		Long: `Take over clients from another server, with their ids and, where they can be
kept, their secrets, so that the clients need not notice. Two kinds of file are
recognised:

  RFC 7591 client metadata: one JSON object, an array, or {"clients":[...]}, as
  ` + "`rescind client export`" + ` and many servers write it
  django-oauth-toolkit's applications: what ` + "`manage.py dumpdata" + `
  oauth2_provider.application` + "`" + ` writes, or the table's rows in JSON, or in CSV with
  the columns' names in the first line

A plain secret of 32 to 256 bytes is kept as its SHA-256. Hashes are kept as
they are: pbkdf2_sha256 of up to 2,000,000 rounds, bcrypt and bcrypt_sha256 up to cost 14,
and argon2id up to 100 MiB and 10 passes. In RFC 7591's form they stand in
client_secret_hashes, an array.

All clients are checked before any is written, against the file and the store:
where one cannot be kept, the reason is listed and nothing is changed, unless
--skip-bad takes the others. What has no place here, such as contacts, is
left out and named. Nothing that is there is ever overwritten: a client that an
earlier run brought in is recognised and counted, so that an import that was cut
off can be run again. An id that was deleted here stays deleted.`,
		Example: "  rescind client import applications.json --scopes \"read write\" --dry-run\n" +
			"  rescind client export --with-secret-hashes | rescind client import - --store sqlite:other.db",
		Args: exactly(1, "the file, or - for standard input"),
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&f.dryRun, "dry-run", false, "check everything and write nothing; the exit status is that of the import")
	flags.BoolVar(&f.skipBad, "skip-bad", false, "import those clients that can be kept, and list the others")
	flags.StringVar(&f.scopes, "scopes", "", "the `SCOPES` of clients that name none (django-oauth-toolkit's never do)")
	flags.StringVar(&f.defaultScopes, "default-scopes", "", "the `SCOPES` that clients which name no default get when they ask for none\n(default: all that the client may have)")
	flags.BoolVar(&f.dropUnsupported, "drop-unsupported", false, "leave out grant types that are not offered, of clients that have others")
	flags.BoolVar(&f.withoutSecrets, "without-secrets", false, "take clients whose secret is missing or cannot be kept; rotate-secret then gives\neach a new one")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o, err := a.importOptions(cmd, f)
		if err != nil {
			return err
		}
		data, err := a.readInput(args[0])
		if err != nil {
			return err
		}
		file, err := registration.Read(data, o)
		if err != nil {
			return fmt.Errorf("%s cannot be imported: %w", inputName(args[0]), err)
		}
		return a.withStore(func(ctx context.Context, store operatorStore, _ []string) error {
			return a.importClients(ctx, store, file, f)
		})(cmd, args)
	}
	return cmd
}

func (a *app) importOptions(cmd *cobra.Command, f importFlags) (registration.Options, error) {
	o := registration.Options{Now: a.manager(nil).Now().UTC(), DropUnsupported: f.dropUnsupported, WithoutSecrets: f.withoutSecrets}
	scope, err := scopeFlag("--scopes", f.scopes)
	if err != nil {
		return o, err
	}
	byDefault, err := scopeFlag("--default-scopes", f.defaultScopes)
	if err != nil {
		return o, err
	}
	if cmd.Flags().Changed("scopes") {
		o.Scope = &scope
	}
	if cmd.Flags().Changed("default-scopes") {
		o.DefaultScope = &byDefault
	}
	return o, nil
}

func inputName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// readInput reads a file, or standard input for "-", up to a byte more than
// any that is taken.
func (a *app) readInput(name string) ([]byte, error) {
	from := a.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err // it names the file and the reason
		}
		defer func() { _ = f.Close() }() // it was only read
		from = f
	}
	data, err := io.ReadAll(io.LimitReader(from, registration.MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", inputName(name), err)
	}
	return data, nil
}

// importClients checks all of a file, and writes where all is well.
func (a *app) importClients(ctx context.Context, store grant.Store, file registration.File, f importFlags) error {
	im := newImporting(file, f.dryRun)
	if err := im.check(ctx, store, a.every("checked %s of "+grouped(len(im.list))+" clients")); err != nil {
		return fmt.Errorf("nothing was changed; the clients that are there could not be read: %w", err)
	}
	bad := im.count(refused)
	var err error
	switch {
	case bad > 0 && !f.skipBad:
		im.hold()
		err = errors.New(sayRefused(bad, len(im.list), f.dryRun))
	case !f.dryRun:
		err = a.writeClients(ctx, store, im)
	}
	if said := a.print(im.view(), func(w io.Writer) { im.write(w) }); said != nil {
		err = errors.Join(err, fmt.Errorf("what became of each client could not be shown, and importing again tells: %w", said))
	}
	return err
}

func sayRefused(bad, all int, dryRun bool) string {
	s := fmt.Sprintf("%s of %s cannot be imported, so nothing was changed", grouped(bad), counted(all, "client"))
	if dryRun {
		s = fmt.Sprintf("%s of %s cannot be imported, so nothing would be changed", grouped(bad), counted(all, "client"))
	}
	return s + "; put right what is listed, or take the others with --skip-bad"
}
