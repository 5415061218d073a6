package stack

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rescind/functions/setup"
	"rescind/internal/bench/seed"
	"rescind/internal/explicit/sam"
	"rescind/internal/testkit/engine/dynamodblocal"
	"rescind/shared/browser"
	"rescind/shared/endpoint"
	"rescind/shared/granttype"
	"rescind/shared/sqlite"
)

const issuer = "https://auth.example.com"

func TestRealAWSIsRefused(t *testing.T) {
	t.Setenv(dynamodblocal.AllowRemote, "1") // not even then
	for _, endpoint := range []string{"https://cloudformation.us-east-1.amazonaws.com", "http://8.8.8.8:4566", "ftp://127.0.0.1"} {
		if _, err := Connect(endpoint); err == nil {
			t.Errorf("%s is taken", endpoint)
		}
	}
	if _, err := Connect("http://127.0.0.1:4566/"); err != nil {
		t.Error(err)
	}
}

// The routes of the explicit form are those of the functions' events.
func TestExplicitRoutesAreTheTemplates(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	template, err := sam.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	resolved, err := sam.Resolve(template, map[string]string{"Architecture": Architecture()})
	if err != nil {
		t.Fatal(err)
	}
	explicit, err := sam.Explicit(resolved, sam.Code{Bucket: "code"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range explicit.In("Resources") {
		resource, _ := v.(sam.Map)
		if resource["Type"] == "AWS::ApiGatewayV2::Route" {
			key, _ := resource.In("Properties")["RouteKey"].(string)
			got = append(got, key)
		}
	}
	slices.Sort(got)
	want := routesOf(template)
	if len(want) < 7 || !slices.Equal(got, want) {
		t.Errorf("the explicit form has the routes %q, the template %q", got, want)
	}
}

func TestZipHoldsAnExecutable(t *testing.T) {
	program := filepath.Join(t.TempDir(), "bootstrap")
	if err := os.WriteFile(program, []byte("a program"), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := zipped(program)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if len(z.File) != 1 || z.File[0].Name != "bootstrap" || z.File[0].Mode().Perm() != 0o755 {
		t.Fatalf("the zip file has %d files", len(z.File))
	}
	f, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	if content, err := io.ReadAll(f); err != nil || string(content) != "a program" {
		t.Errorf("it holds %q, %v", content, err)
	}
}

// service is the endpoints without AWS, a client's credentials and a refresh
// token of its, and a guest.
func service(t *testing.T) (handler http.Handler, basic, refresh string, guest Guest) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "data", "rescind.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	caller, err := seed.Client(t.Context(), store, "integration", nil)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := seed.Fill(t.Context(), store, seed.Plan{Client: caller.ID, Grants: 1})
	if err != nil {
		t.Fatal(err)
	}
	if guest, err = NewGuest(t.Context(), store, "guest"); err != nil {
		t.Fatal(err)
	}
	s := setup.Service(setup.Settings{Issuer: issuer}, slog.New(slog.DiscardHandler), time.Now)
	pages, err := browser.New(browser.Standard(s, store, nil))
	if err != nil {
		t.Fatal(err)
	}
	types := []granttype.Type{granttype.ClientCredentials{}, granttype.RefreshToken{}, granttype.AuthorizationCode{}}
	gateway, err := s.Gateway(map[string]http.Handler{
		endpoint.RouteToken: s.Token(store, types...), endpoint.RouteRevocation: s.Revocation(store), endpoint.RouteIntrospection: s.Introspection(store),
		endpoint.RouteMetadata: s.Metadata(types...), endpoint.RouteBrowser: pages,
	}, store)
	if err != nil {
		t.Fatal(err)
	}
	return gateway, caller.Basic, tokens.Refresh[0], guest
}

func driven(t *testing.T, h http.Handler, basic, refresh string, guest Guest) (failed []string) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	api := API{Base: server.URL, Host: "api.example.com"}
	checks := Drive(context.Background(), api, issuer, basic, refresh)
	checks = append(checks, DrivePeople(context.Background(), api, issuer, guest)...)
	if len(checks) < 30 {
		t.Errorf("only %d checks were made", len(checks))
	}
	for _, c := range checks {
		if c.Err != nil {
			failed = append(failed, c.Name+": "+c.Said)
		}
	}
	return failed
}

func TestDriveOfTheService(t *testing.T) {
	h, basic, refresh, guest := service(t)
	if failed := driven(t, h, basic, refresh, guest); len(failed) > 0 {
		t.Errorf("failed: %s", strings.Join(failed, "\n"))
	}
}

// Whatever is broken on the way is noticed by the check that names it.
func TestDriveNotices(t *testing.T) {
	always := func(path, body string) func(http.Handler) http.Handler {
		return func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasPrefix(r.URL.Path, path) || r.Method != http.MethodPost {
					h.ServeHTTP(w, r)
					return
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, body)
			})
		}
	}
	edited := func(edit func(http.Header)) func(http.Handler) http.Handler {
		return func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rec := httptest.NewRecorder()
				h.ServeHTTP(rec, r)
				edit(rec.Header())
				for name, values := range rec.Header() {
					w.Header()[name] = values
				}
				w.WriteHeader(rec.Code)
				_, _ = w.Write(rec.Body.Bytes())
			})
		}
	}
	without := func(header string) func(http.Handler) http.Handler {
		return edited(func(h http.Header) { h.Del(header) })
	}
	joins := func(header string) func(http.Handler) http.Handler {
		return edited(func(h http.Header) {
			if all := h.Values(header); len(all) > 1 {
				h.Set(header, strings.Join(all, ", "))
			}
		})
	}
	unasked := func(header string) func(http.Handler) http.Handler {
		return func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Header.Del(header)
				h.ServeHTTP(w, r)
			})
		}
	}
	for name, tt := range map[string]struct {
		breaks func(http.Handler) http.Handler
		want   string
	}{
		"a revocation that does nothing":   {always("/o/revoke_token", ""), "it is inactive from the 200 on"},
		"an introspection always active":   {always("/o/introspect", `{"active":true}`), "it is inactive from the 200 on"},
		"an introspection never active":    {always("/o/introspect", `{"active":false}`), "it is active (RFC 7662)"},
		"a gateway that drops challenges":  {without("WWW-Authenticate"), "a wrong secret: 401 and WWW-Authenticate (RFC 6749 section 5.2)"},
		"a gateway that drops Allow":       {without("Allow"), "the token endpoint by GET: 405 and Allow"},
		"a gateway that drops the ETag":    {without("ETag"), "metadata again, unchanged: 304"},
		"a gateway that drops no-store":    {without("Cache-Control"), "a token (RFC 6749 section 4.4)"},
		"a gateway that drops CSP":         {without("Content-Security-Policy"), "people: consent: 303 with code, state and iss (RFC 9207)"},
		"a gateway that joins cookies":     {joins("Set-Cookie"), "people: signing in: 303 back to the request, two cookies"},
		"a gateway that drops cookies":     {without("Set-Cookie"), "people: signing in: 303 back to the request, two cookies"},
		"a gateway that drops the origin":  {unasked("Sec-Fetch-Site"), "people: a form that another site sent: refused"},
		"a page whose button does nothing": {always("/o/authorized_tokens", ""), "people: the token is dead by then"},
	} {
		t.Run(name, func(t *testing.T) {
			h, basic, refresh, guest := service(t)
			failed := driven(t, tt.breaks(h), basic, refresh, guest)
			if !slices.ContainsFunc(failed, func(f string) bool { return strings.HasPrefix(f, tt.want+": ") }) {
				t.Errorf("%q has not failed, but %q", tt.want, failed)
			}
		})
	}
}

func TestErrorsHoldNoToken(t *testing.T) {
	text := base64.RawURLEncoding.EncodeToString([]byte("some bytes of a token"))
	if said := redact("the body is rsc_at_" + text); strings.Contains(said, text) {
		t.Error(said)
	}
}
