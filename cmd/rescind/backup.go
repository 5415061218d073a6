package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"rescind/shared/sqlite"
)

func (a *app) backupCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the SQLite store to a file, while servers run",
		Long: `Copy the SQLite store to FILE, while servers run: it holds up no write, and holds
all that was answered before it began. The copy is checked page by page and row by
row, and has its name only once it is whole and on disk. Only its owner may read
it. It holds digests, so no token can be made of it.

No server takes a backup for a store; "rescind restore FILE" takes it into use. A
store on DynamoDB is backed up by AWS.`,
		Example: "  rescind backup /backup/rescind-monday.db\n  rescind backup --force /backup/latest.db",
		Args:    exactly(1, "the file to write"),
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace FILE if it is there, unless it is a store in use")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		l, err := parseStore(a.storeName)
		if err != nil {
			return err
		}
		if !l.isFile() {
			return fmt.Errorf("a store on DynamoDB is backed up by AWS: point-in-time recovery is on in the template, and `aws dynamodb create-backup --table-name %s --backup-name NAME` makes a copy to keep, the same for %s; to keep what was ended run `rescind journal export`",
				l.tables.Tokens, l.tables.Principals)
		}
		v, err := a.backup(cmd.Context(), l, args[0], force)
		if err != nil {
			return err
		}
		return a.print(v, func(w io.Writer) {
			fmt.Fprintf(w, "%s is a backup of %s as of %s: %s, %s and %s bytes (generation %d).\n", v.File, v.Store, stamp(v.taken),
				counted(int(v.Grants), "grant"), counted(int(v.Clients), "client"), grouped(int(v.Bytes)), v.Generation)
		})
	}
	return cmd
}

// backupView is a backup. TakenAt is RFC 3339, as `journal export --since` takes it.
type backupView struct {
	Store      string `json:"store,omitempty"`
	File       string `json:"file"`
	TakenAt    string `json:"taken_at"`
	Grants     int64  `json:"grants"`
	Clients    int64  `json:"clients"`
	Bytes      int64  `json:"bytes"`
	Generation int64  `json:"generation"`

	taken time.Time // for people
}

func viewBackup(i sqlite.BackupInfo) backupView {
	return backupView{File: i.Path, TakenAt: i.TakenAt.Format(time.RFC3339), Grants: i.Grants, Clients: i.Clients, Bytes: i.Bytes, Generation: i.Generation, taken: i.TakenAt}
}

func (a *app) backup(ctx context.Context, l location, file string, force bool) (v backupView, err error) {
	store, err := a.openFile(ctx, l, sqlite.Options{MustExist: true})
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	info, err := store.(*sqlite.Store).Backup(ctx, file, sqlite.BackupOptions{Force: force, Progress: a.bytes("copied")})
	if err != nil {
		return v, err
	}
	v = viewBackup(info)
	v.Store = a.storeName
	return v, nil
}

// bytes says now and then how much of a file is done.
func (a *app) bytes(done string) func(n, of int64) {
	last := time.Now()
	return func(n, of int64) {
		if now := time.Now(); now.Sub(last) >= progressEvery {
			last = now
			a.log.Info(fmt.Sprintf("%s %s of %s bytes", done, grouped(int(n)), grouped(int(of))))
		}
	}
}
