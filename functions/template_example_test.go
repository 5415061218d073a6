package functions_test

import (
	"fmt"
	"strings"
	"testing"
)

// The example's template is what users copy. Its authorizers ask about every
// request: a TTL is for how long a revoked token may pass.
func TestExamplesAuthorizersKeepNoAnswer(t *testing.T) {
	resources := readExample(t).at(t, "Resources").(yamlMap)
	for _, api := range []string{"Api", "RestApi"} {
		auth := resources.at(t, api, "Properties", "Auth").(yamlMap)
		name, _ := auth.at(t, "DefaultAuthorizer").(string)
		if auth.at(t, "Authorizers").(yamlMap)[name] == nil {
			t.Errorf("%s: not every route has the authorizer: the default is %q", api, name)
			continue
		}
		if ttl := auth.at(t, "Authorizers", name, "Identity", "ReauthorizeEvery"); fmt.Sprint(ttl) != "0" {
			t.Errorf("%s keeps an answer for %v seconds", api, ttl)
		}
	}
}

// The gateway's own answers for what the authorizer says: RFC 6750 section 3,
// and an outage that blames no token.
func TestExamplesGatewayResponses(t *testing.T) {
	responses := readExample(t).at(t, "Resources", "RestApi", "Properties", "GatewayResponses").(yamlMap)
	for name, want := range map[string]struct {
		status       int
		header, says string
	}{
		"UNAUTHORIZED":                   {401, "WWW-Authenticate", "Bearer "},
		"ACCESS_DENIED":                  {403, "WWW-Authenticate", `Bearer realm="notes", error="insufficient_scope"`},
		"AUTHORIZER_FAILURE":             {503, "Retry-After", "5"},
		"AUTHORIZER_CONFIGURATION_ERROR": {503, "Retry-After", "5"},
	} {
		r := responses.at(t, name).(yamlMap)
		said, _ := r.at(t, "ResponseParameters", "Headers", want.header).(string)
		// API Gateway wants a fixed value in single quotes.
		if fmt.Sprint(r["StatusCode"]) != fmt.Sprint(want.status) || !strings.HasPrefix(said, "'"+want.says) || !strings.HasSuffix(said, "'") {
			t.Errorf("%s: %v with %s: %s", name, r["StatusCode"], want.header, said)
		}
	}
}

func readExample(t *testing.T) yamlMap {
	t.Helper()
	return ours(rawTemplateAt(t, "examples", "notes", "template.yaml")).(yamlMap)
}
