package dynamo

import (
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// The limits of one request. With one retry and its pause it ends within 9 s,
// under a Lambda timeout of 10 s, so that a caller gets its 503 from us.
const (
	connectTimeout = time.Second
	tlsTimeout     = time.Second
	headerTimeout  = 3 * time.Second
	attemptTimeout = 4 * time.Second
	maxAttempts    = 2
	maxBackoff     = 250 * time.Millisecond
	idlePerHost    = 64
)

// NewClient makes the SDK's client with this package's limits: short timeouts
// and at most one retry. An HTTP client of the caller's own stays as it is.
func NewClient(cfg aws.Config, optFns ...func(*dynamodb.Options)) *dynamodb.Client {
	limits := func(o *dynamodb.Options) {
		// The SDK's own kind may carry an extra certificate authority: keep that.
		base, ok := cfg.HTTPClient.(*awshttp.BuildableClient)
		if !ok && cfg.HTTPClient == nil {
			base, ok = awshttp.NewBuildableClient(), true
		}
		if ok {
			o.HTTPClient = limited(base)
		}
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) {
			r.MaxAttempts, r.MaxBackoff = maxAttempts, maxBackoff
		})
	}
	return dynamodb.NewFromConfig(cfg, append([]func(*dynamodb.Options){limits}, optFns...)...)
}

func limited(base *awshttp.BuildableClient) *awshttp.BuildableClient {
	return base.WithTimeout(attemptTimeout).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = connectTimeout }).
		WithTransportOptions(func(t *http.Transport) {
			t.TLSHandshakeTimeout = tlsTimeout
			t.ResponseHeaderTimeout = headerTimeout
			t.MaxIdleConnsPerHost = idlePerHost
		})
}
