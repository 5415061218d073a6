package dynamo

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rescind/shared/storetest"
)

// backend is two tables; each Open is a process of its own over them.
type backend struct {
	client *dynamodb.Client
	tables Tables
	hasty  bool
}

func (b backend) Open(t *testing.T) storetest.Store {
	s := New(b.client, b.tables)
	if b.hasty {
		// Another process may see a raised generation a MetaInterval late, where
		// the suite looks at once: here that time is over at each look.
		var looks atomic.Int64
		began := time.Now()
		s.now = func() time.Time { return began.Add(time.Duration(looks.Add(1)) * MetaInterval) }
	}
	if err := s.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestStore holds this store to the promises that every store makes.
func TestStore(t *testing.T) {
	c := onEngine(t)
	shared := true // what is opened first serves all checks but those of the generation
	storetest.Run(t, func(t *testing.T) storetest.Backend {
		b := backend{c, newTables(t, c), !shared}
		shared = false
		return b
	})
}
