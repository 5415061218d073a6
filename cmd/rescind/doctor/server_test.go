package doctor_test

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rescind/cmd/rescind/doctor"
	"rescind/shared/audit"
	"rescind/shared/browser"
	"rescind/shared/client"
	"rescind/shared/endpoint"
	"rescind/shared/grant"
	"rescind/shared/granttype"
	"rescind/shared/oauth"
	"rescind/shared/sqlite"
)

// deployment is our server with something in front of it.
type deployment struct {
	doctor.Server
	web *httptest.Server
}

// front is what stands before the server: it gets the server's own handler.
type front func(next http.Handler) http.Handler

// deploy serves our endpoints over TLS behind a front; over has the clock of the
// server, and issuer what it says it is, "" for the truth.
func deploy(t *testing.T, before front, issuer string) *deployment {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"), sqlite.Options{Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	var handler http.Handler
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	web.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	web.StartTLS()
	t.Cleanup(func() { web.Close(); _ = store.Close() })
	if issuer == "" {
		issuer = web.URL
	}
	rules := grant.Defaults(time.Now, rand.Reader)
	svc := &endpoint.Service{Issuer: issuer, Rules: rules, Auth: client.NewAuthenticator(time.Now, client.NewAttempts(10, time.Second)),
		Audit: audit.Discard{}, Log: slog.New(slog.DiscardHandler)}
	pages, err := browser.New(browser.Standard(svc, store, nil))
	must(t, err)
	types := []granttype.Type{granttype.ClientCredentials{}, granttype.RefreshToken{}, granttype.AuthorizationCode{}}
	gateway, err := svc.Gateway(map[string]http.Handler{
		endpoint.RouteToken: svc.Token(store, types...), endpoint.RouteRevocation: svc.Revocation(store),
		endpoint.RouteIntrospection: svc.Introspection(store), endpoint.RouteMetadata: svc.Metadata(types...), endpoint.RouteBrowser: pages,
	}, store)
	must(t, err)
	handler = gateway
	if before != nil {
		handler = before(gateway)
	}
	p := client.Policy{Name: "n", Type: client.Confidential, GrantTypes: []string{oauth.GrantClientCredentials}, Scope: oauth.Scope{"read"}, DefaultScope: oauth.Scope{"read"}}
	_, secret, err := client.Manager{Store: store, Now: time.Now, Rand: rand.Reader}.Create(t.Context(), "app", p)
	must(t, err)
	return &deployment{doctor.Server{Issuer: web.URL, ClientID: "app", Secret: secret.Reveal(), Transport: web.Client().Transport, Pause: 20 * time.Millisecond}, web}
}

// examine checks that no finding holds a secret or token.
func (d *deployment) examine(t *testing.T) doctor.Report {
	t.Helper()
	r := d.Examine(t.Context())
	for _, f := range r {
		if strings.Contains(f.Found+f.Do, "rsc_") || d.Secret != "" && strings.Contains(f.Found+f.Do, d.Secret) {
			t.Errorf("a secret stands in %q", f.Check)
		}
	}
	return r
}

func TestASoundServerIsAllWell(t *testing.T) {
	d := deploy(t, nil, "")
	r := d.examine(t)
	for _, f := range r {
		if f.Verdict != doctor.OK {
			t.Errorf("%+v", f)
		}
	}
	if len(r) != 12 {
		t.Errorf("%d checks: %v", len(r), r)
	}
	expect(t, r, doctor.OK, "token", "dead at once")
	d.ClientID = ""
	r = d.examine(t)
	expect(t, r, doctor.Skipped, "token", "no client was named")
	if r.Count(doctor.OK) != 11 || r.Count(doctor.Skipped) != 1 {
		t.Errorf("%v", r)
	}
}

func TestEachFaultOfWhatStandsInFrontHasItsSentence(t *testing.T) {
	wrong := doctor.Wrong
	for name, c := range map[string]struct {
		front           front
		verdict         doctor.Verdict
		check, sentence string
	}{
		"API Gateway renames": {rewritten(func(_ *http.Request, a *httptest.ResponseRecorder) {
			if v := a.Header().Get("WWW-Authenticate"); v != "" {
				a.Header().Set("X-Amzn-Remapped-Www-Authenticate", v)
				a.Header().Del("WWW-Authenticate")
			}
		}), wrong, "headers", "WWW-Authenticate arrives as x-amzn-remapped-www-authenticate"},
		"no challenge":     {without("WWW-Authenticate"), wrong, "headers", "WWW-Authenticate is lost"},
		"no Cache-Control": {without("Cache-Control"), wrong, "headers", "Cache-Control is lost"},
		"no Pragma":        {without("Pragma"), wrong, "headers", "Pragma is lost"},
		"no nosniff":       {without("X-Content-Type-Options"), wrong, "headers", "X-Content-Type-Options is lost"},
		"no request id":    {without("X-Request-Id"), wrong, "headers", "X-Request-Id is lost"},
		"no Allow":         {without("Allow"), wrong, "headers", "Allow is lost"},
		"other caching": {rewritten(func(r *http.Request, a *httptest.ResponseRecorder) { a.Header().Set("Cache-Control", "max-age=60") }),
			wrong, "headers", `Cache-Control is altered: an answer 405 to GET /o/token/ has "max-age=60"`},
		"401 becomes 403": {status(401, 403), wrong, "statuses", "with a wrong client arrives as 403"},
		"405 becomes 404": {status(405, 404), wrong, "routes", "GET /o/token/ does not reach the endpoint: 404"},
		"a page without a route": {asked(func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, "/o/sign_in/", "/o/none/", 1) }),
			wrong, "pages", "DELETE /o/sign_in/ does not reach the page: 404"},
		"pages moved": {rewritten(func(r *http.Request, a *httptest.ResponseRecorder) {
			a.Body = bytes.NewBufferString(strings.ReplaceAll(a.Body.String(), "/o/authorize/", "/authorize"))
		}), wrong, "metadata", "is not where the page is"},
		"no frame options": {without("X-Frame-Options"), wrong, "headers", "X-Frame-Options is lost"},
		"no policy":        {without("Content-Security-Policy"), wrong, "headers", "Content-Security-Policy is lost"},
		"405 becomes 200":  {status(405, 200), wrong, "statuses", "GET /o/token/ arrives as 200"},
		"415 becomes 400":  {status(415, 400), wrong, "statuses", "arrives as 400, where 415 is right"},
		"413 becomes 500":  {status(413, 500), wrong, "statuses", "arrives as 500, where 413 is right"},
		"404 becomes 200":  {status(404, 200), wrong, "statuses", "where 404 is right"},
		"a gateway's 502":  {status(415, 502), wrong, "statuses", "the gateway answers 502"},
		"everybody may in": {status(401, 200), wrong, "refusals", "answers 200 to a client that does not exist"},
		"the gateway's own 401": {rewritten(func(_ *http.Request, a *httptest.ResponseRecorder) {
			if a.Code == 401 {
				a.Body = bytes.NewBufferString(`{"message":"Unauthorized"}`)
			}
		}), wrong, "refusals", "401, but not the server's answer"},
		"slash redirected": {redirects("/o/token", "/o/token/"), wrong, "redirects", "GET /o/token is redirected to /o/token/ (it was not followed)"},
		"metadata moved":   {redirects("/.well-known/oauth-authorization-server", "https://other.example/"), wrong, "metadata", "is redirected"},
		"metadata gone":    {asked(func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, "/.well-known/", "/x/", 1) }), wrong, "metadata", "answers 404"},
		"metadata a page": {rewritten(func(r *http.Request, a *httptest.ResponseRecorder) {
			if strings.HasPrefix(r.URL.Path, "/.well-known/") {
				a.Body = bytes.NewBufferString("<html>")
			}
		}), wrong, "metadata", "is not JSON"},
		"introspection kept":  {kept("/o/introspect/"), wrong, "token", "a token is still active at once after its revocation"},
		"tokens kept":         {kept("/o/token/"), wrong, "caches", "answered with the same one"},
		"an age":              {rewritten(func(_ *http.Request, a *httptest.ResponseRecorder) { a.Header().Set("Age", "7") }), wrong, "caches", "7 seconds old"},
		"stale after a while": {staleLater(), wrong, "token", "a token is still active after 20ms"},
		"no Authorization":    {asked(func(r *http.Request) { r.Header.Del("Authorization") }), wrong, "headers", "refused in the Authorization header and taken in the form"},
		"revocation fails": {rewritten(func(r *http.Request, a *httptest.ResponseRecorder) {
			if r.URL.Path == "/o/revoke_token/" && a.Code == 200 {
				a.Code = 500
			}
		}), wrong, "token", "the revocation of a token answers 500"},
		"a body is added": {rewritten(func(r *http.Request, a *httptest.ResponseRecorder) {
			if r.URL.Path == "/o/revoke_token/" && a.Code == 200 {
				a.Body = bytes.NewBufferString("OK")
			}
		}), doctor.Look, "token", "with a body of 2 bytes"},
		"never active": {rewritten(func(r *http.Request, a *httptest.ResponseRecorder) {
			if r.URL.Path == "/o/introspect/" && a.Code == 200 {
				a.Body = bytes.NewBufferString(`{"active":false}`)
			}
		}), wrong, "token", "introspected as not active"},
		"busy": {rewritten(func(r *http.Request, a *httptest.ResponseRecorder) {
			if a.Code == 415 {
				a.Code = 503
				a.Header().Set("Retry-After", "2")
			}
		}), doctor.Look, "statuses", "the server says 503"},
		"busy, nobody knows how long": {status(415, 503), wrong, "headers", "Retry-After is lost: a 503 has none"},
		"clock": {rewritten(func(_ *http.Request, a *httptest.ResponseRecorder) {
			a.Header().Set("Date", time.Now().Add(-5*time.Minute).UTC().Format(http.TimeFormat))
		}), wrong, "clock", "s ahead of the server's"},
		"clock, a little": {rewritten(func(_ *http.Request, a *httptest.ResponseRecorder) {
			a.Header().Set("Date", time.Now().Add(10*time.Second).UTC().Format(http.TimeFormat))
		}), doctor.Look, "clock", "behind the server's"},
		"endpoints elsewhere": {rewritten(func(r *http.Request, a *httptest.ResponseRecorder) {
			if strings.HasPrefix(r.URL.Path, "/.well-known/") {
				a.Body = bytes.NewBufferString(strings.ReplaceAll(a.Body.String(), "/o/token/", "/../..@evil.example/o/token/"))
				a.Body = bytes.NewBufferString(strings.Replace(a.Body.String(), `"revocation_endpoint":"https://`, `"revocation_endpoint":"http://`, 1))
			}
		}), wrong, "metadata", "is not at the issuer's origin; it was not asked"},
	} {
		t.Run(name, func(t *testing.T) {
			r := deploy(t, c.front, "").examine(t)
			expect(t, r, c.verdict, c.check, c.sentence)
			if r.Wrong() != (c.verdict == wrong) {
				t.Errorf("wrong is %v: %v", r.Wrong(), r)
			}
		})
	}
}

func TestAnotherIssuerIsFound(t *testing.T) {
	r := deploy(t, nil, "https://auth.example.com").examine(t)
	expect(t, r, doctor.Wrong, "metadata", `it says that the issuer is "https://auth.example.com"`)
	expect(t, r, doctor.Wrong, "metadata", "token_endpoint https://auth.example.com/o/token/ is not at the issuer's origin")
}

func TestAWrongSecretIsFound(t *testing.T) {
	d := deploy(t, nil, "")
	d.Secret = "rsc_cs_wrong"
	expect(t, d.examine(t), doctor.Wrong, "token", "the client app is refused")
}

func TestACertificateThatNobodyTrustsIsFoundAndNothingElseIsSaid(t *testing.T) {
	d := deploy(t, nil, "")
	d.Transport = &http.Transport{Proxy: nil}
	r := d.examine(t)
	expect(t, r, doctor.Wrong, "TLS", "signed by nobody this machine trusts")
	if len(r) != 2 {
		t.Errorf("%v", r)
	}
}

func TestAnOldTLSAndACertificateThatEndsSoonAreFound(t *testing.T) {
	d := deploy(t, nil, "")
	tr := d.web.Client().Transport.(*http.Transport).Clone()
	tr.TLSClientConfig.MaxVersion, tr.TLSClientConfig.MinVersion = tls.VersionTLS11, tls.VersionTLS10
	d.web.TLS.MinVersion = tls.VersionTLS10
	d.Transport = tr
	d.Now = func() time.Time { return d.web.Certificate().NotAfter.Add(-3 * 24 * time.Hour) }
	r := d.examine(t)
	expect(t, r, doctor.Wrong, "TLS", "it speaks TLS 1.1")
	expect(t, r, doctor.Look, "TLS", "valid for 3 more days")
}

func TestAServerThatIsNotThereIsFound(t *testing.T) {
	d := deploy(t, nil, "")
	d.web.Close()
	r := d.examine(t)
	expect(t, r, doctor.Wrong, "metadata", "it cannot be reached")
	if len(r) != 2 {
		t.Errorf("%v", r)
	}
}

// recorder answers nothing, and remembers who was asked.
type recorder struct{ asked []string }

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.asked = append(r.asked, req.URL.String())
	return nil, io.ErrUnexpectedEOF
}

func TestPlainHTTPToAnotherMachineIsNotEvenTried(t *testing.T) {
	for _, issuer := range []string{"http://auth.example.com", "ftp://x", "https://u:p@x", "x"} {
		asked := &recorder{}
		r := doctor.Server{Issuer: issuer, ClientID: "app", Secret: "s", Transport: asked}.Examine(t.Context())
		expect(t, r, doctor.Wrong, "issuer", "must be an https URL")
		if len(asked.asked) != 0 {
			t.Errorf("%s: %q was asked", issuer, asked.asked)
		}
	}
}

// Whatever the metadata says, the secret goes to the issuer's origin only.
func TestTheSecretStaysAtTheIssuer(t *testing.T) {
	elsewhere := ""
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { elsewhere += r.URL.Path }))
	defer other.Close()
	d := deploy(t, rewritten(func(r *http.Request, a *httptest.ResponseRecorder) {
		if strings.HasPrefix(r.URL.Path, "/.well-known/") {
			u, _ := url.Parse(other.URL)
			a.Body = bytes.NewBufferString(strings.ReplaceAll(a.Body.String(), r.Host, u.Host))
		}
	}), "")
	r := d.examine(t)
	expect(t, r, doctor.Wrong, "metadata", "it was not asked")
	if elsewhere != "" {
		t.Errorf("another server was asked for %s", elsewhere)
	}
}

func TestItEndsWithItsContext(t *testing.T) {
	d := deploy(t, nil, "")
	d.Pause = time.Hour
	ended := make(chan doctor.Report, 1)
	web := d.web
	go func() {
		ctx, cancel := timeoutContext(t, 300*time.Millisecond)
		defer cancel()
		ended <- d.Examine(ctx)
	}()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		web.CloseClientConnections()
		t.Fatal("it did not end")
	}
}
