package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/spf13/cobra"

	"rescind/shared/dynamo"
)

func (a *app) storeCommand() *cobra.Command {
	cmd := group(&cobra.Command{Use: "store", Short: "Make the store"})
	cmd.AddCommand(&cobra.Command{
		Use:   "create",
		Short: "Make the SQLite file, or the tables of a local DynamoDB engine",
		Long: `Make the SQLite file, or the two tables of a local DynamoDB engine. What is there
already stays as it is. On AWS the template makes the tables, with backups and
deletion protection; this command refuses to.`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := parseStore(a.storeName)
			if err != nil {
				return err
			}
			created, err := a.createStore(cmd.Context(), l)
			if err != nil {
				return err
			}
			return a.print(map[string]any{"store": a.storeName, "created": created}, func(w io.Writer) {
				sentence := "The store %s was made.\n"
				if !created {
					sentence = "The store %s is there already.\n"
				}
				fmt.Fprintf(w, sentence, a.storeName)
			})
		},
	})
	return cmd
}

func (a *app) createStore(ctx context.Context, l location) (created bool, err error) {
	if l.isFile() {
		created = !l.exists()
		store, err := a.open(ctx, l, true)
		if err != nil {
			return false, err
		}
		return created, store.Close()
	}
	api, err := newDynamoDB(ctx)
	if err != nil {
		return false, err
	}
	if api.Options().BaseEndpoint == nil {
		return false, errors.New("on AWS the template makes the tables: run `sam deploy`; for a local engine name its URL in AWS_ENDPOINT_URL_DYNAMODB")
	}
	var missing *types.ResourceNotFoundException
	created = errors.As(dynamo.New(api, l.tables).Warm(ctx), &missing)
	return created, dynamo.CreateTables(ctx, api, l.tables)
}

// confirm asks at the terminal; elsewhere --yes must have said it.
func (a *app) confirm(question string) error {
	if !isTerminal(a.stdin) {
		return usagef("%s Say so with --yes", question)
	}
	_, _ = fmt.Fprintf(a.stderr, "%s Type yes to go on: ", question)
	answer := make([]byte, 16)
	n, err := a.stdin.Read(answer)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if !strings.EqualFold(strings.TrimSpace(string(answer[:n])), "yes") {
		return errors.New("nothing was done: the answer was not yes")
	}
	return nil
}
