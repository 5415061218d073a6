package drive

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"rescind/internal/histories/proxy"
)

// network decides what happens to requests between a process and DynamoDB,
// where nobody but chance knows which request is which. Each history has its
// own seed.
type network struct {
	mu  sync.Mutex
	rng *rand.Rand // nil: nothing happens
}

func (n *network) calm() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.rng = nil
}

func (n *network) storm(seed uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.rng = rand.New(rand.NewPCG(seed, 2))
}

// odds of each fault in a thousand, for a write and for a read.
var (
	writeOdds = odds{proxy.Delay: 80, proxy.LoseRequest: 25, proxy.LoseAnswer: 35, proxy.Duplicate: 40, proxy.LateDuplicate: 70, proxy.LateAfterReset: 40, proxy.Reorder: 40}
	readOdds  = odds{proxy.Delay: 60, proxy.LoseRequest: 6, proxy.LoseAnswer: 6, proxy.Duplicate: 5, proxy.LateDuplicate: 5, proxy.LateAfterReset: 5, proxy.Reorder: 20}
	callOdds  = odds{proxy.Delay: 120, proxy.LoseRequest: 15, proxy.LoseAnswer: 35, proxy.Duplicate: 40, proxy.LateDuplicate: 25, proxy.LateAfterReset: 20, proxy.Reorder: 60}
)

type odds map[proxy.Fault]int

func (n *network) choose(r *http.Request) proxy.Orders {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.rng == nil {
		return proxy.Orders{}
	}
	// DynamoDB's JSON protocol names the operation in this header.
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if operation == "UpdateItem" || operation == "PutItem" {
		return writeOdds.draw(n.rng)
	}
	return readOdds.draw(n.rng)
}

// draw decides about one request.
func (o odds) draw(rng *rand.Rand) proxy.Orders {
	at, orders := rng.IntN(1000), proxy.Orders{}
	for _, f := range proxy.Faults() {
		if at -= o[f]; at < 0 {
			orders.Fault = f
			break
		}
	}
	upTo := func(d time.Duration) time.Duration { return time.Duration(rng.Int64N(int64(d))) }
	switch before, after, late := upTo(15*time.Millisecond), upTo(15*time.Millisecond), upTo(300*time.Millisecond); orders.Fault {
	case proxy.Delay:
		orders.Before, orders.After = before, after
	case proxy.LoseAnswer:
		orders.Before = before / 2
	case proxy.LateDuplicate, proxy.LateAfterReset:
		orders.Late = late
	}
	return orders
}
