package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rescind/internal/testkit/engine/dynamodblocal"
)

// Emulator is an emulator of AWS that has all its services at one URL.
type Emulator struct {
	base   string
	client *http.Client
}

// Connect takes the URL of an emulator, and refuses AWS itself.
func Connect(endpoint string) (*Emulator, error) {
	if err := dynamodblocal.CheckEndpoint(endpoint, false); err != nil {
		return nil, err
	}
	return &Emulator{strings.TrimSuffix(endpoint, "/"), &http.Client{
		Timeout: 60 * time.Second, Transport: &http.Transport{}, // no proxy: the emulator is near
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// send makes a request to a service, which emulators tell from the credential's
// scope, and gives the body of a 2xx.
func (e *Emulator) send(ctx context.Context, service, method, path, contentType string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, e.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	req.Header.Set("X-Amz-Date", now.Format("20060102T150405Z"))
	req.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s/%s/%s/aws4_request, SignedHeaders=host, Signature=0",
		dynamodblocal.AccessKeyID, now.Format("20060102"), dynamodblocal.Region, service))
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := e.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	out, err := io.ReadAll(io.LimitReader(res.Body, 1<<22))
	if err != nil {
		return nil, err
	}
	if res.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s answers %s %s with %s: %.500s", service, method, path, res.Status, out)
	}
	return out, nil
}

// bucket makes a bucket of S3.
func (e *Emulator) bucket(ctx context.Context, name string) error {
	_, err := e.send(ctx, "s3", http.MethodPut, "/"+name, "", nil)
	return err
}

// put writes an object of S3.
func (e *Emulator) put(ctx context.Context, bucket, key string, content []byte) error {
	_, err := e.send(ctx, "s3", http.MethodPut, "/"+bucket+"/"+key, "application/zip", content)
	return err
}

// formation calls an action of CloudFormation's query API.
func (e *Emulator) formation(ctx context.Context, action string, values url.Values, into any) error {
	values.Set("Action", action)
	values.Set("Version", "2010-05-15")
	out, err := e.send(ctx, "cloudformation", http.MethodPost, "/", "application/x-www-form-urlencoded", []byte(values.Encode()))
	if err != nil || into == nil {
		return err
	}
	return xml.Unmarshal(out, into)
}

// described is what DescribeStacks tells of a stack.
type described struct {
	Status  string `xml:"DescribeStacksResult>Stacks>member>StackStatus"`
	Reason  string `xml:"DescribeStacksResult>Stacks>member>StackStatusReason"`
	Outputs []struct {
		Key   string `xml:"OutputKey"`
		Value string `xml:"OutputValue"`
	} `xml:"DescribeStacksResult>Stacks>member>Outputs>member"`
}

// settled waits until a stack is made, or is gone, or failed to.
func (e *Emulator) settled(ctx context.Context, name string) (described, error) {
	for {
		var d described
		if err := e.formation(ctx, "DescribeStacks", url.Values{"StackName": {name}}, &d); err != nil {
			return d, err
		}
		if !strings.HasSuffix(d.Status, "_IN_PROGRESS") {
			return d, nil
		}
		select {
		case <-ctx.Done():
			return d, fmt.Errorf("the stack is still %s: %w", d.Status, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// failures are the reasons that a stack's events give.
func (e *Emulator) failures(ctx context.Context, name string) string {
	var events struct {
		Events []struct {
			ID     string `xml:"LogicalResourceId"`
			Status string `xml:"ResourceStatus"`
			Reason string `xml:"ResourceStatusReason"`
		} `xml:"DescribeStackEventsResult>StackEvents>member"`
	}
	if err := e.formation(ctx, "DescribeStackEvents", url.Values{"StackName": {name}}, &events); err != nil {
		return err.Error()
	}
	var said []string
	for _, event := range events.Events {
		if strings.HasSuffix(event.Status, "_FAILED") {
			said = append(said, event.ID+": "+event.Reason)
		}
	}
	return strings.Join(said, "; ")
}

// routes are the route keys of an HTTP API.
func (e *Emulator) routes(ctx context.Context, api string) ([]string, error) {
	out, err := e.send(ctx, "apigateway", http.MethodGet, "/v2/apis/"+api+"/routes", "", nil)
	if err != nil {
		return nil, err
	}
	var list struct {
		Items []struct {
			RouteKey string `json:"routeKey"`
		} `json:"items"`
	}
	if err := json.Unmarshal(out, &list); err != nil {
		return nil, err
	}
	var keys []string
	for _, item := range list.Items {
		keys = append(keys, item.RouteKey)
	}
	return keys, nil
}
