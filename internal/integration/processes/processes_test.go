package processes

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strconv"
	"sync"
	"testing"

	"rescind/internal/bench/local"
	"rescind/internal/testkit/engine/dynamodblocal"
	"rescind/internal/testkit/runtimeapi"
)

// workers is how many callers there are at a time.
const workers = 8

// rounds is RESCIND_ROUNDS, or few: make integration does 10,000.
func rounds(t *testing.T) int {
	t.Helper()
	n := os.Getenv("RESCIND_ROUNDS")
	if n == "" {
		return 150
	}
	count, err := strconv.Atoi(n)
	if err != nil || count < 1 {
		t.Fatal("RESCIND_ROUNDS is not a number of rounds: set it to one, or unset it")
	}
	return count
}

var shared struct {
	once     sync.Once
	engine   *local.DynamoDB
	programs string
	err      error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.engine != nil {
		shared.engine.Stop()
	}
	if shared.programs != "" {
		_ = os.RemoveAll(shared.programs) // what is left is in the system's temporary folder
	}
	os.Exit(code)
}

// world gives processes over tables of the test's own. With a network they
// reach DynamoDB through it.
func world(t *testing.T, through func(endpoint string) string) *World {
	t.Helper()
	if testing.Short() {
		t.Skip("building the functions takes long")
	}
	shared.once.Do(func() {
		if shared.engine, shared.err = local.Start(context.Background()); shared.err != nil {
			return
		}
		var root string
		if root, shared.err = dynamodblocal.Root("."); shared.err != nil {
			return
		}
		if shared.programs, shared.err = os.MkdirTemp("", "rescind-processes-"); shared.err == nil {
			shared.err = Build(context.Background(), root, shared.programs)
		}
	})
	if errors.Is(shared.err, local.ErrNone) {
		t.Skip("no DynamoDB engine; make test-dynamodb")
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	endpoint := shared.engine.Endpoint
	if through != nil {
		endpoint = through(endpoint)
	}
	w, err := Open(t.Context(), shared.engine, shared.programs, endpoint, workers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func TestNoStaleAnswer(t *testing.T) {
	n := rounds(t)
	done, err := world(t, nil).NoStaleAnswer(t.Context(), n, workers, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	// Rounds of kind 0 have one answer, of the others two and a refresh.
	if want := int64(n+2)/3 + 3*int64(n-(n+2)/3); done.Answers != want {
		t.Errorf("%d answers after a 200, want %d", done.Answers, want)
	}
	t.Logf("%+v", done)
}

// caching answers an event that it has seen with the answer that it had, as a
// resource server that caches introspections would.
type caching struct {
	Function
	mu   sync.Mutex
	seen map[string]runtimeapi.Result
}

func (c *caching) Invoke(ctx context.Context, event []byte) (runtimeapi.Result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r, ok := c.seen[string(event)]; ok {
		return r, nil
	}
	r, err := c.Function.Invoke(ctx, event)
	if err == nil {
		c.seen[string(event)] = r
	}
	return r, err
}

// A stale answer is noticed.
func TestStaleAnswerIsNoticed(t *testing.T) {
	w := world(t, nil)
	w.Introspection = &caching{Function: w.Introspection, seen: map[string]runtimeapi.Result{}}
	if _, err := w.NoStaleAnswer(t.Context(), 3, 1, io.Discard); !errors.Is(err, errWrong) {
		t.Errorf("a caching introspection gives %v", err)
	}
}

// stormy is a world behind a network of its own.
func stormy(t *testing.T, seed uint64) (*World, *Network) {
	t.Helper()
	var n *Network
	w := world(t, func(endpoint string) string {
		var err error
		if n, err = Between(endpoint, seed); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(n.Close)
		return n.URL()
	})
	return w, n
}

func TestWeather(t *testing.T) {
	w, n := stormy(t, 1)
	done, err := w.Weather(t.Context(), n, 3, 2*workers, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if done.Outages == 0 || done.Right == 0 || done.Judged == 0 || done.Faults[cut] == 0 || done.Faults[throttled] == 0 {
		t.Errorf("the storms were none: %+v", done)
	}
	t.Logf("%+v", done)
}

// hasty says 200 to a revocation without doing it.
type hasty struct{}

func (hasty) Invoke(context.Context, []byte) (runtimeapi.Result, error) {
	payload, err := json.Marshal(answer{StatusCode: 200})
	return runtimeapi.Result{Payload: payload}, err
}

// A revocation that says 200 and did not land is noticed, in a storm too.
func TestLostRevocationIsNoticed(t *testing.T) {
	w, n := stormy(t, 2)
	w.Revocation = hasty{}
	if _, err := w.Weather(t.Context(), n, 1, 2, io.Discard); !errors.Is(err, errWrong) {
		t.Errorf("a revocation that does nothing gives %v", err)
	}
}

// An authorizer whose answers are kept is noticed in a storm.
func TestStaleAuthorizationIsNoticed(t *testing.T) {
	w, n := stormy(t, 3)
	w.Authorizer = &caching{Function: w.Authorizer, seen: map[string]runtimeapi.Result{}}
	if _, err := w.Weather(t.Context(), n, 2, 4, io.Discard); !errors.Is(err, errWrong) {
		t.Errorf("a caching authorizer gives %v", err)
	}
}
