package tables

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// The variables of the AWS environment that a function reads: Lambda sets the
// region and the credentials, whoever deploys may set the others.
const (
	region         = "AWS_REGION"
	accessKey      = "AWS_ACCESS_KEY_ID"
	secretKey      = "AWS_SECRET_ACCESS_KEY"
	sessionToken   = "AWS_SESSION_TOKEN"
	containerURL   = "AWS_CONTAINER_CREDENTIALS_FULL_URI" // where Lambda gives credentials that change while a process lives
	containerToken = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
	tokenFile      = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE" // wins over the token
	endpointOfAll  = "AWS_ENDPOINT_URL"
	endpointOfOne  = "AWS_ENDPOINT_URL_DYNAMODB"
	useFIPS        = "AWS_USE_FIPS_ENDPOINT"
	useDualStack   = "AWS_USE_DUALSTACK_ENDPOINT"
)

// expiryWindow is how long before their end credentials are fetched anew.
const expiryWindow = 5 * time.Minute

// configuration is what Lambda's environment says to the SDK. The SDK's own
// loader would also look for shared files, profiles, single sign-on, web
// identities and instance metadata: a function has none of these, and they would be
// a fifth of its program.
//
// An error is one line that names the variable, and repeats no value.
func configuration(getenv func(string) string) (aws.Config, []func(*dynamodb.Options), error) {
	cfg := aws.Config{Region: getenv(region)}
	if cfg.Region == "" {
		return cfg, nil, missing(region)
	}
	if at := cmp.Or(getenv(endpointOfOne), getenv(endpointOfAll)); at != "" {
		cfg.BaseEndpoint = aws.String(at)
	}
	var err error
	if cfg.Credentials, err = credentialsOf(getenv); err != nil {
		return cfg, nil, err
	}
	fips, err := switched(getenv, useFIPS)
	if err != nil {
		return cfg, nil, err
	}
	dual, err := switched(getenv, useDualStack)
	if err != nil {
		return cfg, nil, err
	}
	return cfg, []func(*dynamodb.Options){func(o *dynamodb.Options) {
		if fips {
			o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
		}
		if dual {
			o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
		}
	}}, nil
}

func credentialsOf(getenv func(string) string) (aws.CredentialsProvider, error) {
	id, secret := getenv(accessKey), getenv(secretKey)
	switch at := getenv(containerURL); {
	case id != "" && secret == "":
		return nil, missing(secretKey)
	case id == "" && secret != "":
		return nil, missing(accessKey)
	case id != "":
		return credentials.NewStaticCredentialsProvider(id, secret, getenv(sessionToken)), nil
	case at == "":
		return nil, missing(accessKey)
	case !trusted(at):
		return nil, fmt.Errorf("the environment variable %s is wrong: use https, or an address of this machine", containerURL)
	default:
		return aws.NewCredentialsCache(container(at, getenv(containerToken), getenv(tokenFile)),
			func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = expiryWindow }), nil
	}
}

func container(at, token, file string) *endpointcreds.Provider {
	return endpointcreds.New(at, func(o *endpointcreds.Options) {
		o.AuthorizationToken = token
		if file != "" { // Lambda may write it anew
			o.AuthorizationTokenProvider = endpointcreds.TokenProviderFunc(func() (string, error) {
				text, err := os.ReadFile(file)
				if err != nil {
					return "", errors.New("the file that " + tokenFile + " names cannot be read")
				}
				return strings.TrimSpace(string(text)), nil
			})
		}
	})
}

// trusted tells whether the token, and the credentials, may go over this URL.
func trusted(at string) bool {
	u, err := url.Parse(at)
	if err != nil || u.Hostname() == "" {
		return false
	}
	address, err := netip.ParseAddr(u.Hostname())
	local := u.Hostname() == "localhost" || err == nil && (address.IsLoopback() || address.IsLinkLocalUnicast())
	return u.Scheme == "https" || u.Scheme == "http" && local
}

func switched(getenv func(string) string, name string) (bool, error) {
	switch strings.ToLower(getenv(name)) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, fmt.Errorf("the environment variable %s is wrong: it must be true or false", name)
}

func missing(name string) error {
	return fmt.Errorf("the environment variable %s is missing or empty: Lambda sets it, elsewhere set it yourself", name)
}
