package dynamodblocal

import (
	"slices"
	"strings"
	"testing"
)

func TestCheckEndpoint(t *testing.T) {
	const (
		good   = ""
		aws    = "tests do not touch real AWS"
		far    = "this machine or a private network only"
		notURL = "not a http or https URL"
	)
	cases := []struct{ endpoint, want string }{
		{"http://127.0.0.1:8000", good},
		{"http://localhost:8000", good},
		{"http://dynamodb.localhost:8000", good},
		{"http://[::1]:8000", good},
		{"http://10.1.2.3:8000", good},
		{"http://172.17.0.2:8000", good},
		{"https://192.168.1.9", good},
		{"http://[fd00::1]:8000", good},
		{"http://[::ffff:127.0.0.1]:8000", good},
		{"https://dynamodb.us-east-1.amazonaws.com", aws},
		{"https://DynamoDB.us-east-1.AmazonAWS.com", aws},
		{"https://dynamodb.us-east-1.amazonaws.com.", aws},
		{"https://dynamodb.us-east-1.amazonaws.com:443/", aws},
		{"https://dynamodb.cn-north-1.amazonaws.com.cn", aws},
		{"https://123456789012.ddb.us-east-1.amazonaws.com", aws},
		{"https://vpce-1-2.dynamodb.us-east-1.vpce.amazonaws.com", aws},
		{"https://dynamodb.us-east-1.api.aws", aws},
		{"https://dynamodb.eusc-de-east-1.amazonaws.eu", aws},
		{"http://8.8.8.8:8000", far},
		{"http://[2001:db8::1]:8000", far},
		{"http://169.254.169.254", far},
		{"http://172.32.0.1:8000", far},
		{"http://0.0.0.0:8000", far},
		{"http://notamazonaws.com.invalid:8000", far},
		{"127.0.0.1:8000", notURL},
		{"localhost:8000", notURL},
		{"ftp://127.0.0.1", notURL},
		{"http://", notURL},
		{"http://%zz", notURL},
		{"http://user:hunter2@127.0.0.1:8000", "holds a user name"},
	}
	for _, c := range cases {
		err := CheckEndpoint(c.endpoint, false)
		switch {
		case c.want == good && err != nil:
			t.Errorf("%s is refused: %v", c.endpoint, err)
		case c.want != good && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", c.endpoint, err, c.want)
		case err != nil && !strings.Contains(err.Error(), EndpointVariable):
			t.Errorf("%s: %v does not name what to set", c.endpoint, err)
		case err != nil && strings.Contains(err.Error(), "hunter2"):
			t.Errorf("the error repeats a password")
		}
		if c.want == aws || c.want == far {
			if !strings.Contains(err.Error(), AllowRemote+"=1") {
				t.Errorf("%s: %v does not name the way round", c.endpoint, err)
			}
			if err := CheckEndpoint(c.endpoint, true); err != nil {
				t.Errorf("%s is refused although allowed: %v", c.endpoint, err)
			}
		}
		if RealAWS(c.endpoint) != (c.want == aws) {
			t.Errorf("RealAWS(%s) is %v", c.endpoint, !(c.want == aws))
		}
	}
}

func TestNamedHearsTheServicesOwnVariableFirst(t *testing.T) {
	environ := map[string]string{EndpointVariableWide: "wide"}
	getenv := func(name string) string { return environ[name] }
	if endpoint, variable := Named(getenv); endpoint != "wide" || variable != EndpointVariableWide {
		t.Errorf("%s, %s", endpoint, variable)
	}
	environ[EndpointVariable] = "own"
	if endpoint, variable := Named(getenv); endpoint != "own" || variable != EndpointVariable {
		t.Errorf("%s, %s", endpoint, variable)
	}
	if endpoint, _ := Named(func(string) string { return "" }); endpoint != "" {
		t.Errorf("%s out of nothing", endpoint)
	}
}

func TestIsolateLeavesNoCredentialsOfTheDevelopers(t *testing.T) {
	isolated := Isolate([]string{
		"HOME=/home/me", "AWS_PROFILE=production", "AWS_ACCESS_KEY_ID=AKIAREAL", "AWS_SECRET_ACCESS_KEY=real", "AWS_SESSION_TOKEN=real",
		"AWS_WEB_IDENTITY_TOKEN_FILE=real", "AWS_CONTAINER_CREDENTIALS_FULL_URI=real", "AWS_CA_BUNDLE=slow", "AWS_REGION=real-1",
		EndpointVariable + "=http://127.0.0.1:8000",
	})
	for _, pair := range isolated {
		if strings.Contains(strings.ToLower(pair), "real") || strings.HasPrefix(pair, "AWS_PROFILE") || strings.HasPrefix(pair, "AWS_CA_BUNDLE") {
			t.Errorf("%s is left", pair)
		}
	}
	for _, want := range []string{"HOME=/home/me", "AWS_ACCESS_KEY_ID=dummy", "AWS_REGION=us-east-1", EndpointVariable + "=http://127.0.0.1:8000"} {
		if !slices.Contains(isolated, want) {
			t.Errorf("%s is missing", want)
		}
	}
	kept := KeepCredentials([]string{"AWS_PROFILE=mine", "AWS_CA_BUNDLE=slow"})
	if !slices.Equal(kept, []string{"AWS_PROFILE=mine"}) {
		t.Errorf("kept %v", kept)
	}
}
