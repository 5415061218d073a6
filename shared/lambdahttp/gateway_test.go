package lambdahttp_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// message is an HTTP request as it was on the wire, before a gateway.
type message struct {
	method, path, query string
	header              http.Header // Host and Cookie included
	body                []byte
	ip, stage, id       string
}

// event20 does what an HTTP API does to a request in payload format 2.0: lower
// case names, repeats joined with commas, cookies apart, bodies in base64.
func (m message) event20(t testing.TB) []byte {
	headers := map[string]string{}
	var cookies []string
	for name, values := range m.header {
		if name == "Cookie" {
			for _, line := range values {
				cookies = append(cookies, strings.Split(line, "; ")...)
			}
			continue
		}
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	path := m.path
	if m.stage != "$default" {
		path = "/" + m.stage + path
	}
	return marshal(t, map[string]any{
		"version": "2.0", "rawPath": path, "rawQueryString": m.query, "cookies": cookies, "headers": headers,
		"requestContext": map[string]any{
			"stage": m.stage, "requestId": m.id, "domainName": "elsewhere.example",
			"http": map[string]any{"method": m.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": m.ip},
		},
		"body": base64.StdEncoding.EncodeToString(m.body), "isBase64Encoded": true,
	})
}

// event10 does what a REST API does to a request: names as they came, every
// value, the query decoded, the stage in one of two paths, text bodies plain.
func (m message) event10(t testing.TB, text bool) []byte {
	single, query := map[string]string{}, map[string]string{}
	for name, values := range m.header {
		single[name] = values[len(values)-1]
	}
	multi, _ := url.ParseQuery(m.query)
	for name, values := range multi {
		query[name] = values[len(values)-1]
	}
	body := string(m.body)
	if !text {
		body = base64.StdEncoding.EncodeToString(m.body)
	}
	return marshal(t, map[string]any{
		"resource": "/{proxy+}", "path": m.path, "httpMethod": m.method,
		"headers": single, "multiValueHeaders": m.header,
		"queryStringParameters": query, "multiValueQueryStringParameters": multi,
		"requestContext": map[string]any{
			"stage": m.stage, "requestId": m.id, "path": "/" + m.stage + m.path, "protocol": "HTTP/1.1",
			"identity": map[string]any{"sourceIp": m.ip},
		},
		"body": body, "isBase64Encoded": !text,
	})
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// reply is an answer as the gateway would put it on the wire.
type reply struct {
	status int
	header http.Header
	body   []byte
	base64 bool
}

// decodeAnswer reads an answer as a gateway does: in format 2.0 one value for
// each header and cookies apart, in 1.0 multiValueHeaders alone.
func decodeAnswer(t testing.TB, out []byte, format20 bool) reply {
	t.Helper()
	var a struct {
		StatusCode        int
		Headers           map[string]string
		MultiValueHeaders map[string][]string
		Cookies           []string
		Body              *string
		IsBase64Encoded   bool
	}
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if a.Body == nil {
		t.Fatalf("no body in %s", out)
	}
	r := reply{a.StatusCode, http.Header{}, []byte(*a.Body), a.IsBase64Encoded}
	if a.IsBase64Encoded {
		body, err := base64.StdEncoding.DecodeString(*a.Body)
		if err != nil {
			t.Fatalf("body is not base64: %v", err)
		}
		r.body = body
	}
	if !format20 {
		if a.Headers != nil || a.Cookies != nil {
			t.Fatalf("members of format 2.0 in an answer of 1.0: %s", out)
		}
		for name, values := range a.MultiValueHeaders {
			r.header[http.CanonicalHeaderKey(name)] = values
		}
		return r
	}
	if a.MultiValueHeaders != nil {
		t.Fatalf("multiValueHeaders in an answer of format 2.0: %s", out)
	}
	for name, value := range a.Headers {
		r.header.Set(name, value)
	}
	if len(a.Cookies) > 0 {
		r.header["Set-Cookie"] = a.Cookies
	}
	return r
}
