package endpoint_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	_ "modernc.org/sqlite" // to read every row past the store

	"rescind/internal/testkit/engine"
	"rescind/shared/dynamo"
	"rescind/shared/grant"
	"rescind/shared/sqlite"
)

// backend is a real store, and a way to see every row of it.
type backend interface {
	name() string
	open(t testing.TB, now func() time.Time) (store grant.Store, dump func() string)
	suffix() string // for names, where the data is shared with other tests
}

// backends are SQLite always, and DynamoDB where there is an engine.
func backends(t testing.TB) []backend {
	all := []backend{onSQLite{}}
	if endpoint, ok := engine.DynamoDB(t); ok {
		all = append(all, onDynamo{endpoint})
	}
	return all
}

// onSQLite is a file of the test's own.
type onSQLite struct{}

func (onSQLite) name() string   { return "sqlite" }
func (onSQLite) suffix() string { return "" }

func (onSQLite) open(t testing.TB, now func() time.Time) (grant.Store, func() string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rescind.db")
	store, err := sqlite.Open(context.Background(), path, sqlite.Options{Now: now, Logger: logs.logger()})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing the reader: %v", err)
		}
		if err := store.Close(); err != nil {
			t.Errorf("closing the store: %v", err)
		}
	})
	return store, func() string { return dumpSQLite(t, db) }
}

func dumpSQLite(t testing.TB, db *sql.DB) string {
	t.Helper()
	tables := column(t, db, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`)
	var b strings.Builder
	for _, table := range tables {
		// How many commits there were is no state of anybody's tokens.
		columns := column(t, db, `SELECT 'quote("' || name || '")' FROM pragma_table_info('`+table+`') WHERE name <> 'commits'`)
		rows := column(t, db, `SELECT `+strings.Join(columns, " || '|' || ")+` FROM "`+table+`" ORDER BY 1`)
		fmt.Fprintf(&b, "%s\n%s\n", table, strings.Join(rows, "\n"))
	}
	return b.String()
}

func column(t testing.TB, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }() // Err below tells what went wrong
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// onDynamo is a pair of tables that some tests share, one after the other.
type onDynamo struct{ endpoint string }

func (onDynamo) name() string   { return "dynamodb" }
func (onDynamo) suffix() string { return "-" + strings.ToLower(rand.Text()[:12]) }

// shared are the tables in use. Others take their place after some tests, so
// that seeing every row stays quick.
var shared struct {
	sync.Mutex
	tables dynamo.Tables
	uses   int
}

const usesOfTables = 40

func (on onDynamo) open(t testing.TB, _ func() time.Time) (grant.Store, func() string) {
	t.Helper()
	api := engine.Client(t, on.endpoint)
	shared.Lock()
	defer shared.Unlock()
	if shared.uses%usesOfTables == 0 {
		shared.tables = dynamo.Tables{Tokens: "endpoint-tokens-" + rand.Text()[:12], Principals: "endpoint-principals-" + rand.Text()[:12]}
		if err := dynamo.CreateTables(context.Background(), api, shared.tables); err != nil {
			t.Fatal(err)
		}
	}
	shared.uses++
	tables := shared.tables
	return dynamo.New(api, tables), func() string { return dumpDynamo(t, api, tables) }
}

func dumpDynamo(t testing.TB, api *dynamodb.Client, tables dynamo.Tables) string {
	t.Helper()
	consistent := true
	var lines []string
	for _, table := range []string{tables.Tokens, tables.Principals} {
		pages := dynamodb.NewScanPaginator(api, &dynamodb.ScanInput{TableName: &table, ConsistentRead: &consistent})
		for pages.HasMorePages() {
			page, err := pages.NextPage(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for _, item := range page.Items {
				lines = append(lines, table+" "+spell(&types.AttributeValueMemberM{Value: item}))
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// spell writes a value so that equal values are equal texts.
func spell(v types.AttributeValue) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberM:
		var b strings.Builder
		for _, name := range slices.Sorted(maps.Keys(v.Value)) {
			fmt.Fprintf(&b, "%s=%s;", name, spell(v.Value[name]))
		}
		return "{" + b.String() + "}"
	case *types.AttributeValueMemberL:
		var b strings.Builder
		for _, e := range v.Value {
			b.WriteString(spell(e) + ",")
		}
		return "[" + b.String() + "]"
	case *types.AttributeValueMemberS:
		return fmt.Sprintf("%q", v.Value)
	case *types.AttributeValueMemberN:
		return v.Value
	case *types.AttributeValueMemberB:
		return fmt.Sprintf("%x", v.Value)
	case *types.AttributeValueMemberBOOL:
		return fmt.Sprint(v.Value)
	case *types.AttributeValueMemberNULL:
		return "null"
	case *types.AttributeValueMemberSS:
		return fmt.Sprintf("%q", slices.Sorted(slices.Values(v.Value)))
	}
	panic(fmt.Sprintf("a %T in an item: teach spell to write it", v))
}
