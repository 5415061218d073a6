package tables

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rescind/shared/dynamo"
)

// from gives variables as os.Getenv would.
func from(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

// lambda is what Lambda sets, changed by name and value in turn.
func lambda(changes ...string) map[string]string {
	env := map[string]string{region: "eu-central-1", accessKey: "AKIAEXAMPLE", secretKey: "s3cret", sessionToken: "s3ssion"}
	for i := 0; i+1 < len(changes); i += 2 {
		env[changes[i]] = changes[i+1]
	}
	return env
}

// optionsOf is what the SDK's client makes of an environment.
func optionsOf(t *testing.T, env map[string]string) dynamodb.Options {
	t.Helper()
	cfg, options, err := configuration(from(env))
	if err != nil {
		t.Fatal(err)
	}
	return dynamo.NewClient(cfg, options...).Options()
}

func TestLambdasEnvironment(t *testing.T) {
	o := optionsOf(t, lambda())
	c, err := o.Credentials.Retrieve(t.Context())
	if err != nil || c.AccessKeyID != "AKIAEXAMPLE" || c.SecretAccessKey != "s3cret" || c.SessionToken != "s3ssion" {
		t.Errorf("the credentials of Lambda are not taken (%v)", err)
	}
	if o.Region != "eu-central-1" || o.BaseEndpoint != nil {
		t.Errorf("region %q, endpoint %v", o.Region, aws.ToString(o.BaseEndpoint))
	}
	if o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled || o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled {
		t.Error("a special endpoint is used, and nobody asked for one")
	}
	if at := aws.ToString(optionsOf(t, lambda(endpointOfAll, "http://all", endpointOfOne, "http://one")).BaseEndpoint); at != "http://one" {
		t.Errorf("the endpoint is %q: DynamoDB's own wins", at)
	}
	if at := aws.ToString(optionsOf(t, lambda(endpointOfAll, "http://all")).BaseEndpoint); at != "http://all" {
		t.Errorf("the endpoint is %q", at)
	}
	if o := optionsOf(t, lambda(useFIPS, "true")); o.EndpointOptions.UseFIPSEndpoint != aws.FIPSEndpointStateEnabled {
		t.Error("no FIPS endpoint")
	}
	if o := optionsOf(t, lambda(useDualStack, "TRUE", useFIPS, "false")); o.EndpointOptions.UseDualStackEndpoint != aws.DualStackEndpointStateEnabled {
		t.Error("no dual-stack endpoint")
	}
}

func TestWrongEnvironmentIsNamed(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		want string
	}{
		{lambda(region, ""), region + " is missing"},
		{lambda(accessKey, ""), accessKey + " is missing"},
		{lambda(secretKey, ""), secretKey + " is missing"},
		{lambda(accessKey, "", secretKey, ""), accessKey + " is missing"},
		{lambda(useFIPS, "s3cret"), useFIPS + " is wrong"},
		{lambda(useDualStack, "s3cret"), useDualStack + " is wrong"},
		{lambda(accessKey, "", secretKey, "", containerURL, "http://s3cret.example.com/"), containerURL + " is wrong"},
		{lambda(accessKey, "", secretKey, "", containerURL, "http://8.8.8.8/s3cret"), containerURL + " is wrong"},
		{lambda(accessKey, "", secretKey, "", containerURL, "s3cret"), containerURL + " is wrong"},
		{lambda(accessKey, "", secretKey, "", containerURL, "ftp://127.0.0.1/s3cret"), containerURL + " is wrong"},
	} {
		_, _, err := configuration(from(tt.env))
		if err == nil || !strings.Contains(err.Error(), "the environment variable "+tt.want) {
			t.Errorf("%v, not %s", err, tt.want)
			continue
		}
		if s := err.Error(); strings.Contains(s, "s3") || strings.Contains(s, "AKIA") || strings.Contains(s, "\n") {
			t.Errorf("it says %s", s)
		}
	}
}

// Where credentials change while a process lives, they come from Lambda's own
// endpoint, for the token that it gave, and anew before they end.
func TestCredentialsOfTheContainer(t *testing.T) {
	asked := 0
	lasts := time.Hour
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.Header.Get("Authorization") != "the token" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if err := json.NewEncoder(w).Encode(map[string]string{"AccessKeyId": "AKIA", "SecretAccessKey": "s", "Token": "t",
			"Expiration": time.Now().Add(lasts).UTC().Format(time.RFC3339)}); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("the token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, env := range map[string]map[string]string{
		"the token":    {region: "x", containerURL: server.URL + "/credentials", containerToken: "the token"},
		"a token file": {region: "x", containerURL: server.URL + "/credentials", containerToken: "another", tokenFile: file},
	} {
		for after, want := range map[time.Duration]int{time.Hour: 1, expiryWindow / 2: 3} {
			asked, lasts = 0, after
			provider, err := credentialsOf(from(env))
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				c, err := provider.Retrieve(t.Context())
				if err != nil || c.AccessKeyID != "AKIA" || c.SessionToken != "t" {
					t.Errorf("%s: %v", name, err)
				}
			}
			if asked != want {
				t.Errorf("%s: three uses of credentials that last %s asked %d times, not %d", name, after, asked, want)
			}
		}
	}
	provider, err := credentialsOf(from(map[string]string{containerURL: server.URL, tokenFile: filepath.Join(t.TempDir(), "none")}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.Retrieve(t.Context()); err == nil || !strings.Contains(err.Error(), tokenFile) {
		t.Errorf("a token file that is not there: %v", err)
	}
}
