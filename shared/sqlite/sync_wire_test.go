package sqlite_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rescind/shared/audit"
	"rescind/shared/client"
	"rescind/shared/endpoint"
	"rescind/shared/grant"
	"rescind/shared/granttype"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/sqlite"
	"rescind/shared/sqlite/faultvfs"
)

// wire is the endpoints over HTTP on a store whose syncs the test has in hand,
// with a grant whose refresh token was replaced long ago.
type wire struct {
	*testing.T
	store  *sqlite.Store
	vfs    *faultvfs.VFS
	url    string
	app    *client.Client
	secret secret.Text
	old    grant.Tokens // its refresh token's return ends the grant
	tokens grant.Tokens
	fatal  atomic.Int32
}

func newWire(t *testing.T) *wire {
	t.Helper()
	w := &wire{T: t}
	w.store, w.vfs = faulty(t, sqlite.Options{Fatal: func(error) { w.fatal.Add(1) }})
	var err error
	w.app, w.secret, err = w.manager().Create(t.Context(), "app", client.Policy{Name: "app", Type: client.Confidential,
		GrantTypes: []string{oauth.GrantClientCredentials, oauth.GrantRefreshToken}, Scope: oauth.Scope{"read"}, DefaultScope: oauth.Scope{"read"}})
	if err != nil {
		t.Fatal(err)
	}
	generation, err := w.store.Generation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ago := grant.Defaults(func() time.Time { return time.Now().Add(-time.Hour) }, rand.Reader)
	if w.old, err = ago.Issue(t.Context(), w.store, grant.Birth{Client: w.app, Generation: generation, Subject: "alice", Scope: oauth.Scope{"read"}, Refresh: true}); err != nil {
		t.Fatal(err)
	}
	auth := client.NewAuthenticator(time.Now, client.NewAttempts(1000, time.Second))
	proof, _, err := auth.Authenticate(t.Context(), client.Credentials{Method: oauth.AuthBasic, Source: "test",
		Pairs: []client.Pair{{ID: "app", Secret: w.secret}}}, []*client.Client{w.app})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := w.store.Find(t.Context(), grant.Keys{Grants: ids(w.old)})
	if err != nil {
		t.Fatal(err)
	}
	if w.tokens, err = ago.Refresh(t.Context(), w.store, grant.RefreshRequest{Client: proof, Token: w.old.Refresh, Grant: rows.Grants[0], Generation: generation}); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	svc := &endpoint.Service{Issuer: "http://localhost:8000", Rules: rules, Auth: auth, Audit: audit.Slog{Logger: log}, Log: log}
	types := []granttype.Type{granttype.ClientCredentials{}, granttype.RefreshToken{}}
	gateway, err := svc.Gateway(map[string]http.Handler{endpoint.RouteToken: svc.Token(w.store, types...), endpoint.RouteRevocation: svc.Revocation(w.store),
		endpoint.RouteIntrospection: svc.Introspection(w.store), endpoint.RouteMetadata: svc.Metadata(types...)}, w.store)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gateway)
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

func (w *wire) manager() client.Manager {
	return client.Manager{Store: w.store, Now: time.Now, Rand: rand.Reader}
}

// post gives the status; 0 where there is none.
func (w *wire) post(path string, form url.Values) (status int) {
	req, err := http.NewRequest(http.MethodPost, w.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		w.Error(err)
		return 0
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth("app", w.secret.Reveal())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.Error(err)
		return 0
	}
	defer func() { _ = res.Body.Close() }() // it was read
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		w.Error(err)
	}
	return res.StatusCode
}

// status is an operator's answer as one of HTTP's.
func status(err error) int {
	if err != nil {
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// writing is everything that writes, each with the status of its answer.
var writing = []struct {
	name string
	run  func(*wire) int
	want int
}{
	{"issuing", func(w *wire) int {
		return w.post("/o/token/", url.Values{"grant_type": {oauth.GrantClientCredentials}})
	}, 200},
	{"refreshing", func(w *wire) int {
		return w.post("/o/token/", url.Values{"grant_type": {oauth.GrantRefreshToken}, "refresh_token": {w.tokens.Refresh.Text().Reveal()}})
	}, 200},
	{"a reuse, which ends the grant", func(w *wire) int {
		return w.post("/o/token/", url.Values{"grant_type": {oauth.GrantRefreshToken}, "refresh_token": {w.old.Refresh.Text().Reveal()}})
	}, 400},
	{"revoking by the refresh token", func(w *wire) int {
		return w.post("/o/revoke_token/", url.Values{"token": {w.tokens.Refresh.Text().Reveal()}})
	}, 200},
	{"revoking by the access token", func(w *wire) int {
		return w.post("/o/revoke_token/", url.Values{"token": {w.tokens.Access.Text().Reveal()}})
	}, 200},
	{"revoking a grant", func(w *wire) int {
		_, err := rules.RevokeGrant(context.Background(), w.store, w.tokens.Grant, "asked")
		return status(err)
	}, 200},
	{"revoking a subject", func(w *wire) int {
		_, err := rules.RevokeSubject(context.Background(), w.store, "alice")
		return status(err)
	}, 200},
	{"revoking a client", func(w *wire) int {
		_, err := w.manager().RaiseEpoch(context.Background(), "app")
		return status(err)
	}, 200},
	{"disabling a client", func(w *wire) int {
		_, err := w.manager().Disable(context.Background(), "app")
		return status(err)
	}, 200},
	{"raising the store's generation", func(w *wire) int {
		return status(w.store.RaiseGeneration(context.Background(), time.Now().UnixMilli()+1))
	}, 200},
	{"denying a signed token", func(w *wire) int {
		return status(w.store.Deny(context.Background(), grant.Denial{JTI: "j", At: time.Now(), Reason: "asked", ExpiresAt: time.Now().Add(time.Hour)}))
	}, 200},
}

func TestNoAnswerLeavesBeforeItsSync(t *testing.T) {
	for _, c := range writing {
		t.Run(c.name, func(t *testing.T) {
			w := newWire(t)
			entered, release := make(chan struct{}), make(chan struct{})
			var once sync.Once
			w.vfs.OnSync(func() error {
				once.Do(func() { close(entered) })
				<-release
				return nil
			})
			answered := make(chan int, 1)
			go func() { answered <- c.run(w) }()
			select {
			case <-entered:
			case got := <-answered:
				t.Fatalf("the answer %d came, and nothing was synced", got)
			}
			select {
			case got := <-answered:
				t.Fatalf("the answer %d came while the sync ran", got)
			case <-time.After(30 * time.Millisecond):
			}
			close(release)
			if got := <-answered; got != c.want {
				t.Errorf("the answer is %d, not %d", got, c.want)
			}
		})
	}
}

func TestAFailedSyncIsNeverAnsweredAsDone(t *testing.T) {
	for _, c := range writing {
		t.Run(c.name, func(t *testing.T) {
			w := newWire(t)
			w.vfs.OnSync(func() error { return errors.New("the disk is gone") })
			if got := c.run(w); got != http.StatusServiceUnavailable {
				t.Errorf("the answer is %d", got)
			}
			if w.fatal.Load() != 1 {
				t.Errorf("the process would have been ended %d times", w.fatal.Load())
			}
			w.vfs.OnSync(nil)
			if got := w.post("/o/introspect/", url.Values{"token": {w.tokens.Access.Text().Reveal()}}); got != http.StatusServiceUnavailable {
				t.Errorf("what a store of unknown state is asked, it answers with %d", got)
			}
		})
	}
}

// failing names the database of a process whose syncs fail from some write on.
const failing = "RESCIND_TEST_FAILING"

func init() {
	if p := os.Getenv(failing); p != "" {
		fmt.Println(revokeOnAFailingDisk(p))
		os.Exit(3)
	}
}

func revokeOnAFailingDisk(p string) error {
	v, err := faultvfs.Register("failing")
	if err != nil {
		return err
	}
	s, err := sqlite.Open(context.Background(), p, sqlite.Options{VFS: "failing"})
	if err != nil {
		return err
	}
	tokens, err := rules.Issue(context.Background(), s, birth())
	if err != nil {
		return err
	}
	v.OnSync(func() error { return errors.New("the disk is gone") })
	_, err = rules.RevokeGrant(context.Background(), s, tokens.Grant, "asked")
	return fmt.Errorf("the revocation was answered: %w", err)
}

// TestAFailedSyncEndsARealProcess has nothing in the place of Fatal.
func TestAFailedSyncEndsARealProcess(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), failing+"="+path(t))
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 1 || len(out) > 0 {
		t.Errorf("it ended with %v and answered %q", err, out)
	}
	if !strings.Contains(said.String(), "could not be synced; ending the process") {
		t.Errorf("its last words are %q", &said)
	}
}
