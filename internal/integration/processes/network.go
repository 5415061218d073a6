package processes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"rescind/internal/histories/proxy"
)

// weather is what a Network does to requests.
type weather uint8

const (
	calm    weather = iota
	storm           // chance decides about each
	severed         // none arrives
)

// Network lies between processes and DynamoDB. In a storm it delays, loses,
// cuts, doubles and reorders requests, as package proxy does; it leaves some
// without any answer until the caller gives up; and it throttles them in
// DynamoDB's words.
type Network struct {
	engine string
	proxy  *proxy.Proxy
	server *http.Server
	addr   string
	client *http.Transport

	mu     sync.Mutex
	now    weather
	rng    *rand.Rand
	counts map[string]int64
	closed chan struct{}
}

// Faults of this package, beside those of package proxy.
const (
	dropped   = "dropped"            // no answer, ever
	throttled = "throttled"          // refused as a whole
	partly    = "throttled in part"  // keys of a batch unprocessed
	cut       = "connection severed" // while nothing arrives
)

// odds of this package's faults in a thousand; package proxy's have proxyOdds
// of what is left, a read's or a write's alike.
const (
	dropOdds     = 4
	throttleOdds = 40
	partlyOdds   = 40
	proxyOdds    = 250
)

// Between listens on a free port of 127.0.0.1 and hands requests on to the
// engine. The same seed gives the same chances, though not the same order.
func Between(engine string, seed uint64) (*Network, error) {
	n := &Network{engine: engine, rng: rand.New(rand.NewPCG(seed, 4)), counts: map[string]int64{}, closed: make(chan struct{}),
		client: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}
	var err error
	if n.proxy, err = proxy.Start(n.orders, false); err != nil {
		return nil, err
	}
	n.proxy.Forward(engine)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		n.proxy.Close()
		return nil, err
	}
	n.addr, n.server = l.Addr().String(), &http.Server{Handler: n, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = n.server.Serve(l) }() // ends with Close
	return n, nil
}

// URL is where the network is entered.
func (n *Network) URL() string { return "http://" + n.addr }

// Close ends it, with all its connections.
func (n *Network) Close() {
	close(n.closed)
	_ = n.server.Close()
	n.proxy.Close()
	n.client.CloseIdleConnections()
}

func (n *Network) set(to weather) {
	n.mu.Lock()
	n.now = to
	n.mu.Unlock()
	if to == calm {
		n.proxy.Drain() // what is late arrives before anybody calls it healed
	}
}

// Counts is how often each fault was injected.
func (n *Network) Counts() map[string]int64 {
	all := map[string]int64{}
	for f, c := range n.proxy.Counts() {
		all[f.String()] = c
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for f, c := range n.counts {
		all[f] = c
	}
	return all
}

// ServeHTTP decides about one request.
func (n *Network) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch fault := n.draw(strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".BatchGetItem")); fault {
	case cut:
		panic(http.ErrAbortHandler)
	case dropped:
		_, _ = io.Copy(io.Discard, r.Body) // only then is the caller's leaving seen
		select {
		case <-r.Context().Done():
		case <-n.closed:
		}
		panic(http.ErrAbortHandler)
	case throttled:
		n.throttle(w)
	case partly:
		n.throttlePartly(w, r)
	default:
		n.proxy.ServeHTTP(w, r)
	}
}

func (n *Network) draw(batch bool) (fault string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	defer func() {
		if fault != "" {
			n.counts[fault]++
		}
	}()
	switch at := n.rng.IntN(1000); {
	case n.now == severed:
		return cut
	case n.now == calm:
		return ""
	case at < dropOdds:
		return dropped
	case at < dropOdds+throttleOdds:
		return throttled
	case batch && at < dropOdds+throttleOdds+partlyOdds:
		return partly
	}
	return ""
}

// orders are package proxy's, for what is handed to it.
func (n *Network) orders(*http.Request) proxy.Orders {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.now != storm || n.rng.IntN(1000) >= proxyOdds {
		return proxy.Orders{}
	}
	faults := proxy.Faults()
	some := func() time.Duration { return time.Duration(n.rng.IntN(30)) * time.Millisecond }
	return proxy.Orders{Fault: faults[n.rng.IntN(len(faults))], Before: some(), After: some(), Late: 10 * some()}
}

// throttle answers as DynamoDB does ("Error handling with DynamoDB", Amazon
// DynamoDB Developer Guide): a table's limit, or the account's.
func (n *Network) throttle(w http.ResponseWriter) {
	n.mu.Lock()
	table := n.rng.IntN(2) == 0
	n.mu.Unlock()
	body := `{"__type":"com.amazon.coral.availability#ThrottlingException","message":"Rate of requests exceeds the allowed throughput."}`
	if table {
		body = `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",` +
			`"message":"The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API."}`
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = io.WriteString(w, body)
}

// throttlePartly leaves one table's keys of a batch unprocessed; a batch of one
// table is throttled as a whole, as DynamoDB does where nothing was processed.
func (n *Network) throttlePartly(w http.ResponseWriter, r *http.Request) {
	var ask map[string]json.RawMessage
	var tables map[string]json.RawMessage
	if json.NewDecoder(r.Body).Decode(&ask) != nil || json.Unmarshal(ask["RequestItems"], &tables) != nil || len(tables) < 2 {
		n.throttle(w)
		return
	}
	left := map[string]json.RawMessage{}
	for table, keys := range tables { // any
		left[table] = keys
		delete(tables, table)
		break
	}
	answer, err := n.ask(r, ask, tables)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if answer["UnprocessedKeys"], err = json.Marshal(left); err != nil {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_ = json.NewEncoder(w).Encode(answer) // a caller that is gone is gone
}

// ask sends a batch of these tables to the engine. No engine that this is for
// looks at the signature.
func (n *Network) ask(r *http.Request, batch, tables map[string]json.RawMessage) (map[string]json.RawMessage, error) {
	var err error
	if batch["RequestItems"], err = json.Marshal(tables); err != nil {
		return nil, err
	}
	body, err := json.Marshal(batch)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, n.engine+"/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = r.Header.Clone()
	req.Header.Del("Content-Length")
	res, err := n.client.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the engine answers %s", res.Status)
	}
	answer := map[string]json.RawMessage{}
	return answer, json.NewDecoder(res.Body).Decode(&answer)
}
