package browser_test

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"

	"rescind/shared/lambdahttp"
)

// answer is a whole answer, without what net/http adds of its own.
type answer struct {
	status int
	header map[string]string
	body   string
}

var (
	tags   = regexp.MustCompile(`(?s)<svg.*?</svg>|<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
)

// text is what somebody reads of a page.
func (a answer) text() string {
	return spaces.ReplaceAllString(html.UnescapeString(tags.ReplaceAllString(a.body, "")), " ")
}

// way is how a request travels to the handlers.
type way struct {
	name string
	send func(r *run, method, target string, header []string, body string) answer
}

var ways = []way{{"http", overHTTP}, {"lambda", asEvent}}

func overHTTP(r *run, method, target string, header []string, body string) answer {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), method, r.server.URL, strings.NewReader(body))
	r.must(err, "making a request")
	path, query, _ := strings.Cut(target, "?")
	req.URL.Path, req.URL.RawQuery = path, query
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Add(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req) // which follows no redirect
	r.must(err, "asking")
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	r.must(err, "reading the answer")
	a := answer{resp.StatusCode, map[string]string{}, string(text)}
	for name, values := range resp.Header {
		if name != "Date" {
			a.header[name] = strings.Join(values, ", ")
		}
	}
	return a
}

// asEvent sends the request as API Gateway's event of payload format 2.0, whose
// cookies travel apart.
func asEvent(r *run, method, target string, header []string, body string) answer {
	r.Helper()
	path, query, _ := strings.Cut(target, "?")
	headers, cookies := map[string]string{"host": "auth.example.com"}, []string{}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Cookie" {
			cookies = append(cookies, strings.Split(value, "; ")...)
			continue
		}
		headers[strings.ToLower(name)] = value
	}
	payload, err := json.Marshal(map[string]any{
		"version": "2.0", "rawPath": path, "rawQueryString": query, "headers": headers, "cookies": cookies, "isBase64Encoded": true,
		"body": base64.StdEncoding.EncodeToString([]byte(body)),
		"requestContext": map[string]any{"requestId": "gateway-1", "stage": "$default", "domainName": "auth.example.com",
			"http": map[string]string{"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"}},
	})
	r.must(err, "making an event")
	out, err := lambdahttp.Handler(r.handler).Invoke(r.Context(), payload)
	r.must(err, "invoking")
	var got struct {
		StatusCode int
		Headers    map[string]string
		Cookies    []string
		Body       string
	}
	r.must(json.Unmarshal(out, &got), "reading the answer")
	if len(got.Cookies) > 0 {
		got.Headers["Set-Cookie"] = strings.Join(got.Cookies, ", ")
	}
	return answer{got.StatusCode, got.Headers, got.Body}
}
