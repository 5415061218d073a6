package dynamodblocal

import (
	"os"
	"strings"
)

// The credentials and region every test uses. DynamoDB Local takes any key made
// of letters and digits.
const (
	AccessKeyID     = "dummy"
	SecretAccessKey = "dummy"
	Region          = "us-east-1"
)

// AllowRemote is the variable that, set to 1, lets tests use an endpoint beyond
// this machine and its private network.
const AllowRemote = "RESCIND_TEST_ALLOW_REMOTE"

// The variables that name an endpoint, in the order in which they are heard:
// the SDK's own precedence.
const (
	EndpointVariable     = "AWS_ENDPOINT_URL_DYNAMODB"
	EndpointVariableWide = "AWS_ENDPOINT_URL"
)

// Named returns the endpoint that the environment names and the variable that
// named it; both are empty when none does.
func Named(getenv func(string) string) (endpoint, variable string) {
	for _, variable := range []string{EndpointVariable, EndpointVariableWide} {
		if endpoint := getenv(variable); endpoint != "" {
			return endpoint, variable
		}
	}
	return "", ""
}

// Isolate returns environ with everything of AWS taken out but the endpoints,
// and dummy credentials put in: no profile, role, metadata service or file of
// the developer's is within a test's reach.
func Isolate(environ []string) []string {
	kept := make([]string, 0, len(environ)+8)
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "AWS_") && !strings.HasPrefix(name, "AWS_ENDPOINT_URL") {
			continue
		}
		kept = append(kept, pair)
	}
	return append(kept,
		"AWS_ACCESS_KEY_ID="+AccessKeyID,
		"AWS_SECRET_ACCESS_KEY="+SecretAccessKey,
		"AWS_REGION="+Region,
		"AWS_DEFAULT_REGION="+Region,
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE="+os.DevNull,
	)
}

// KeepCredentials returns environ as it is but for AWS_CA_BUNDLE, which slows
// every start of the SDK. It is for a run against real AWS that was asked for.
func KeepCredentials(environ []string) []string {
	kept := make([]string, 0, len(environ))
	for _, pair := range environ {
		if !strings.HasPrefix(pair, "AWS_CA_BUNDLE=") {
			kept = append(kept, pair)
		}
	}
	return kept
}
