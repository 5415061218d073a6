package functions_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"rescind/functions/setup"
)

// The compiled metadata function, in the environment that the template gives it
// where there is no issuer: the first event's API decides, for good.
func TestBootstrapLearnsTheIssuer(t *testing.T) {
	issuerOf := func(a answer) string {
		var body struct {
			Issuer string `json:"issuer"`
		}
		if err := json.Unmarshal([]byte(a.Body), &body); err != nil {
			t.Fatal(err)
		}
		return body.Issuer
	}
	pattern := first(resolved(t).at(t, "Globals", "Function", "Environment", "Variables", setup.Issuer, "Fn::Sub"))
	pattern = strings.NewReplacer("${AWS::Region}", "eu-central-1", "${AWS::URLSuffix}", "amazonaws.com").Replace(pattern)
	f := start(t, "metadata", map[string]string{setup.Issuer: pattern})

	// A REST API's event tells no issuer, and is an outage.
	if a := readAnswer(t, f.invoke(t, readFile(t, "events", "metadata-rest.json"))); a.StatusCode != http.StatusServiceUnavailable || issuerOf(a) != "" {
		t.Errorf("a REST API's event: status %d, issuer %q", a.StatusCode, issuerOf(a))
	}
	if log := f.logs(`"message":"outage"`); !strings.Contains(log, setup.Issuer) {
		t.Errorf("the log does not say why:\n%s", log)
	}
	payload := string(readFile(t, "events", "metadata.json"))
	const want = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
	for _, api := range []string{"a1b2c3d4e5", "z9y8x7w6v5"} {
		e := strings.Replace(payload, `"apiId": "a1b2c3d4e5"`, `"apiId": "`+api+`"`, 1)
		if !strings.Contains(e, api) {
			t.Fatal("events/metadata.json has another apiId than this test expects")
		}
		if a := readAnswer(t, f.invoke(t, []byte(e))); a.StatusCode != http.StatusOK || issuerOf(a) != want {
			t.Errorf("of the API %s: status %d, issuer %q, want %q", api, a.StatusCode, issuerOf(a), want)
		}
	}
}
