package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"rescind/shared/client"
	"rescind/shared/registration"
)

func (a *app) clientExportCommand() *cobra.Command {
	var hashes bool
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write all clients as RFC 7591 JSON, which import reads again",
		Long: `Write all clients but the deleted ones to standard output as RFC 7591 client
metadata, a JSON array with one client a line, with or without --json.
` + "`rescind client import`" + ` reads it again.

Secrets are not kept here, and so in no export. With --with-secret-hashes it holds
what is kept of them, so that the clients can be moved and need not notice: the
SHA-256 of each secret that was made here, as sha256$ and base64, and imported
hashes as they came. An imported secret that is weak can be guessed from those:
keep the file as you keep the store. Without, import takes the clients with
--without-secrets, and each then needs a new secret.`,
		Example: "  rescind client export > clients.json\n" +
			"  (umask 077; rescind client export --with-secret-hashes > clients.json)",
		Args: exactly(0, ""),
		RunE: a.withStore(func(ctx context.Context, store operatorStore, _ []string) error {
			return a.exportClients(ctx, store, hashes)
		}),
	}
	cmd.Flags().BoolVar(&hashes, "with-secret-hashes", false, "write what is kept of the secrets too; keep the file as you keep the store")
	return cmd
}

// exportClients writes nothing before all was read: half an export looks whole.
func (a *app) exportClients(ctx context.Context, store client.Store, hashes bool) error {
	var b bytes.Buffer
	b.WriteByte('[')
	n, deleted := 0, 0
	progress := a.every("read %s clients so far")
	err := everyPage(ctx, listPage, store.ListClients, clientID, func(page []*client.Client) error {
		for _, c := range page {
			if c.State == client.Deleted {
				deleted++
				continue
			}
			one, err := json.Marshal(registration.Export(c, hashes))
			if err != nil {
				return fmt.Errorf("encoding client %s: %w", c.ID, err)
			}
			if n++; n > 1 {
				b.WriteByte(',')
			}
			b.WriteByte('\n')
			b.Write(one)
		}
		progress(n + deleted)
		return nil
	})
	if err != nil {
		return fmt.Errorf("nothing was exported: %w", err)
	}
	b.WriteString("\n]\n")
	if _, err := a.stdout.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing the clients: %w", err)
	}
	a.sayExported(n, deleted, hashes)
	return nil
}

func (a *app) sayExported(n, deleted int, hashes bool) {
	a.log.Info(fmt.Sprintf("exported %s, left out %s deleted", counted(n, "client"), grouped(deleted)))
	if hashes {
		a.log.Warn("the export holds what is kept of the clients' secrets: keep it as you keep the store, and delete it when it has served")
	}
}

func clientID(c *client.Client) string { return c.ID }
