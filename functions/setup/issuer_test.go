package setup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"rescind/functions/setup"
	"rescind/shared/endpoint"
	"rescind/shared/lambdahttp"
)

const ownURL = "https://" + setup.APIID + ".execute-api.eu-central-1.amazonaws.com"

// metadata serves the metadata endpoint as the main does, and gives what it
// logs beside a function that invokes it and gives the status and the issuer.
func metadata(t *testing.T, issuer string) (invoke func(event string) (int, string), log *bytes.Buffer) {
	t.Helper()
	log = &bytes.Buffer{}
	s, err := setup.Read([]string{setup.Issuer + "=" + issuer}, setup.NoTables)
	if err != nil {
		t.Fatal(err)
	}
	service := setup.Service(s, slog.New(slog.NewJSONHandler(log, nil)), time.Now)
	h := lambdahttp.Handler(setup.Handler(endpoint.RouteMetadata, setup.Issuing(service, endpoint.RouteMetadata, func(s *endpoint.Service) http.Handler { return s.Metadata() })))
	return func(event string) (int, string) {
		out, err := h.Invoke(context.Background(), []byte(event))
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		var answer struct {
			StatusCode int    `json:"statusCode"`
			Body       string `json:"body"`
		}
		var body struct {
			Issuer string `json:"issuer"`
		}
		if err := json.Unmarshal(out, &answer); err != nil {
			t.Error(err)
		}
		if err := json.Unmarshal([]byte(answer.Body), &body); err != nil {
			t.Error(err)
		}
		return answer.StatusCode, body.Issuer
	}, log
}

// event is a request through an HTTP API, whose caller claims another host.
func event(version, stage, api string) string {
	return fmt.Sprintf(`{"version":%q,"rawPath":"/.well-known/oauth-authorization-server","httpMethod":"GET","path":"/x",
		"headers":{"host":"evil.example","x-forwarded-host":"evil.example","x-amzn-apigateway-api-id":"evil000000"},
		"requestContext":{"apiId":%q,"stage":%q,"domainName":"evil.example","requestId":"r","http":{"method":"GET"}}}`, version, api, stage)
}

func TestIssuerIsTheFirstEventsAPI(t *testing.T) {
	invoke, log := metadata(t, ownURL)
	// None of these tells it, and none may decide it.
	for _, e := range []string{
		event("2.0", "$default", ""), event("2.0", "$default", "a1b2c3d4e"), event("2.0", "$default", "a1b2c3d4e5f"),
		event("2.0", "$default", "A1B2C3D4E5"), event("2.0", "$default", "evil.com/a"), event("2.0", "$default", "abcdefghijklmnopqrstuvwxyz012345"),
		event("2.0", "prod", "a1b2c3d4e5"), event("1.0", "$default", "a1b2c3d4e5"),
	} {
		log.Reset()
		status, issuer := invoke(e)
		if status != http.StatusServiceUnavailable || issuer != "" {
			t.Errorf("status %d and issuer %q for %s", status, issuer, e)
		}
		if s := log.String(); !strings.Contains(s, `"msg":"outage"`) || !strings.Contains(s, setup.Issuer) || strings.Contains(s, "evil") {
			t.Errorf("the log says %s", s)
		}
	}
	const want = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
	for _, e := range []string{
		event("2.0", "$default", "a1b2c3d4e5"), event("2.0", "$default", "zzzzzzzzzz"), event("2.0", "$default", ""), event("1.0", "prod", "zzzzzzzzzz"),
	} {
		if status, issuer := invoke(e); status != http.StatusOK || issuer != want {
			t.Errorf("status %d and issuer %q, want %q, for %s", status, issuer, want, e)
		}
	}
}

func TestConfiguredIssuerStands(t *testing.T) {
	invoke, _ := metadata(t, "https://auth.example.com")
	for _, e := range []string{event("2.0", "$default", "a1b2c3d4e5"), event("1.0", "prod", "")} {
		if status, issuer := invoke(e); status != http.StatusOK || issuer != "https://auth.example.com" {
			t.Errorf("status %d and issuer %q for %s", status, issuer, e)
		}
	}
}

// Of several first events one decides for all.
func TestFirstEventsRace(t *testing.T) {
	invoke, _ := metadata(t, ownURL)
	var mu sync.Mutex
	seen := map[string]bool{}
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			_, issuer := invoke(event("2.0", "$default", fmt.Sprintf("%010d", i)))
			mu.Lock()
			seen[issuer] = true
			mu.Unlock()
		})
	}
	group.Wait()
	if len(seen) != 1 || seen[""] {
		t.Errorf("the issuers are %v", seen)
	}
}

func TestReadTakesTheAPIsOwnURL(t *testing.T) {
	for issuer, ok := range map[string]bool{
		ownURL: true, ownURL + "/": false, "http://{api-id}.example.com": false, "{api-id}": false, "https://{api-id}{api-id}": false,
		"https://{stage}.example.com": false,
	} {
		_, err := setup.Read([]string{setup.Issuer + "=" + issuer}, setup.NoTables)
		if (err == nil) != ok {
			t.Errorf("%s: %v", issuer, err)
		}
	}
}

// The mains whose endpoints emit the issuer are those that wait for it.
func TestMainsThatEmitTheIssuer(t *testing.T) {
	for name, emits := range map[string]bool{"token": false, "revocation": false, "introspection": true, "browser": true, "metadata": true} {
		main, err := os.ReadFile("../" + name + "/main.go")
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(main), "setup.Issuing(service, endpoint.Route"); got != emits {
			t.Errorf("functions/%s/main.go waits for the issuer: %t", name, got)
		}
	}
}
