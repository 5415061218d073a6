package dynamo

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rescind/shared/client"
	"rescind/shared/oauth"
	"rescind/shared/token"
)

// Whoever gets a dump of the tables gets digests: no token, no secret, no raw
// bytes of one.
func TestADumpHoldsNothingUsable(t *testing.T) {
	b := newBench(t)
	_, text, err := b.manager().Create(t.Context(), "dumped", client.Policy{Type: client.Confidential,
		GrantTypes: []string{oauth.GrantClientCredentials}})
	if err != nil {
		t.Fatal(err)
	}
	forbidden := [][]byte{[]byte("rsc_"), raw(t, text.Reveal()[7:50])}
	for _, subject := range []string{"", "alice"} {
		issued := b.issue(subject)
		values := []token.Value{issued.Access}
		if issued.Refresh.Kind() == token.Refresh {
			next := b.refresh(issued.Refresh)
			values = append(values, issued.Refresh, next.Access, next.Refresh)
		}
		for _, v := range values {
			value := v.Text().Reveal()
			payload := raw(t, value[7:len(value)-6])
			forbidden = append(forbidden, []byte(value), []byte(value[7+22:]), payload[len(payload)-32:])
		}
	}
	dump := scanAll(t, b)
	if len(dump) < 1000 {
		t.Fatalf("the dump has %d bytes only", len(dump))
	}
	for i, f := range forbidden {
		if bytes.Contains(dump, f) {
			t.Errorf("the dump holds the forbidden bytes %d", i)
		}
	}
}

func raw(t *testing.T, text string) []byte {
	t.Helper()
	return must[[]byte](t)(base64.RawURLEncoding.DecodeString(text))
}

// scanAll gives every item of both tables, its binaries as they are and as JSON.
func scanAll(t *testing.T, b *bench) []byte {
	t.Helper()
	began := time.Now()
	var dump []byte
	for _, table := range []string{b.store.tables.Tokens, b.store.tables.Principals} {
		var from item
		for {
			out, err := b.store.api.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String(table), ExclusiveStartKey: from})
			if err != nil {
				t.Fatal(err)
			}
			for _, it := range out.Items {
				dump = append(dump, must[[]byte](t)(json.Marshal(it))...)
				dump = appendBinaries(dump, it)
			}
			if from = out.LastEvaluatedKey; len(from) == 0 {
				break
			}
		}
	}
	t.Logf("%d bytes in %v", len(dump), time.Since(began).Round(time.Millisecond))
	return dump
}

func appendBinaries(dump []byte, it item) []byte {
	for _, v := range it {
		switch v := v.(type) {
		case *types.AttributeValueMemberB:
			dump = append(dump, v.Value...)
		case *types.AttributeValueMemberM:
			dump = appendBinaries(dump, v.Value)
		}
	}
	return dump
}
