package endpoint_test

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"rescind/shared/audit"
	"rescind/shared/client"
	"rescind/shared/endpoint"
	"rescind/shared/grant"
	"rescind/shared/token"
)

// mostAllocations is the budget of one request, the access log and the audit
// line included, the store left out.
const mostAllocations = 60

// workload is one request, again and again, on rows that do not move.
type workload struct {
	handler http.Handler
	request *http.Request
	body    body
	want    int
}

// still is a store of one client and one grant that costs nothing: it finds
// them whatever is asked for, and every write succeeds and changes nothing.
type still struct {
	grant.Store // what the endpoints do not call is not there
	rows        grant.Rows
}

func (s still) Find(_ context.Context, keys grant.Keys) (grant.Rows, error) {
	return grant.Rows{Clients: s.rows.Clients[:len(keys.Clients)], Grants: s.rows.Grants[:len(keys.Grants)],
		Subjects: s.rows.Subjects[:len(keys.Subjects)], Generation: s.rows.Generation}, nil
}
func (s still) Create(context.Context, *grant.Grant) error  { return nil }
func (s still) Replace(context.Context, grant.Change) error { return nil }
func (s still) Revoke(_ context.Context, _ token.GrantID, _ string, r grant.Revocation) (grant.Revocation, error) {
	return r, nil
}

// newWorkload prepares requests as a deployment would get them, with loggers
// that encode and then drop. Nothing of the ledger or the broken store is in
// the way.
func newWorkload(t testing.TB, path, form string) *workload {
	t.Helper()
	d := deploy(t, onMemory{}, defaultIssuer)
	logger := slog.New(slog.NewJSONHandler(io.Discard, nil))
	s := &endpoint.Service{Issuer: defaultIssuer, Rules: grant.Defaults(time.Now, rand.Reader), Log: logger,
		Audit: audit.Slog{Logger: logger}, Auth: client.NewAuthenticator(time.Now, client.NewAttempts(10, time.Second))}
	a := d.register("app", confidential())
	first := d.issue(a, "alice", scopeOf("read write"), nil)
	form = strings.NewReplacer("{access}", reveal(first.Access), "{refresh}", reveal(first.Refresh)).Replace(form)
	rows, err := d.raw.Find(t.Context(), grant.Keys{Clients: []string{a.id}, Grants: []token.GrantID{first.Grant}, Subjects: []string{"alice"}})
	d.must(err, "reading the rows")
	w := &workload{handler: gatewayOf(t, s, still{rows: rows}), body: body{strings.NewReader(form)}, want: 200}
	r, err := http.NewRequest(http.MethodPost, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.RemoteAddr = "192.0.2.1:40000"
	r.ContentLength = int64(len(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(a.id, a.text.Reveal())
	r.Body = w.body
	w.request = r
	return w
}

// body can be read again from its beginning.
type body struct{ *strings.Reader }

func (body) Close() error { return nil }

// sink is the least of a ResponseWriter.
type sink struct {
	header http.Header
	status int
	bytes  int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(p []byte) (int, error) { s.bytes += len(p); return len(p), nil }

// once answers the request. The request and the header map are the server's to
// make, so they are made before and used again.
func (w *workload) once(t testing.TB, out *sink) {
	_, _ = w.body.Seek(0, io.SeekStart) // of a string: cannot fail
	clear(out.header)
	w.handler.ServeHTTP(out, w.request)
	if out.status != w.want {
		t.Fatalf("the status is %d", out.status)
	}
}

var workloads = []struct{ name, path, form string }{
	{"token, client_credentials", "/o/token/", "grant_type=client_credentials&scope=read"},
	{"token, refresh_token", "/o/token/", "grant_type=refresh_token&refresh_token={refresh}"},
	{"revocation", "/o/revoke_token/", "token={refresh}&token_type_hint=refresh_token"},
	{"introspection", "/o/introspect/", "token={access}&token_type_hint=access_token"},
}

func TestAllocations(t *testing.T) {
	for _, load := range workloads {
		t.Run(load.name, func(t *testing.T) {
			w, out := newWorkload(t, load.path, load.form), &sink{header: http.Header{}}
			got := testing.AllocsPerRun(200, func() { w.once(t, out) })
			t.Logf("%s allocations", strconv.FormatFloat(got, 'f', 0, 64))
			if got > mostAllocations && !raceDetector {
				t.Errorf("%.0f allocations; %d is the most", got, mostAllocations)
			}
		})
	}
}

func benchmark(b *testing.B, path, form string) {
	w, out := newWorkload(b, path, form), &sink{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		w.once(b, out)
	}
}

func BenchmarkTokenHandler(b *testing.B)         { benchmark(b, workloads[0].path, workloads[0].form) }
func BenchmarkRefreshHandler(b *testing.B)       { benchmark(b, workloads[1].path, workloads[1].form) }
func BenchmarkRevocationHandler(b *testing.B)    { benchmark(b, workloads[2].path, workloads[2].form) }
func BenchmarkIntrospectionHandler(b *testing.B) { benchmark(b, workloads[3].path, workloads[3].form) }
