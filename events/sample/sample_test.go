package sample_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"rescind/events/sample"
	"rescind/shared/token"
)

var value = regexp.MustCompile(`rsc_[a-z]+_[A-Za-z0-9_-]+`)

// The values are well-formed, all different, and say that they are samples.
func TestValues(t *testing.T) {
	all := values(t)
	if want := 5 + 3*len(sample.Grants) + len(sample.Codes); len(all) != want {
		t.Errorf("%d different values, want %d", len(all), want)
	}
	for v := range all {
		if !strings.Contains(v, "valid-nowhere") {
			t.Errorf("a value does not say that it is valid nowhere")
		}
	}
	for name := range sample.Grants {
		access, refresh, earlier := sample.Access(name), sample.Refresh(name), sample.Earlier(name)
		for _, v := range []token.Value{access, refresh, earlier} {
			if parsed, ok := token.Parse(v.Text().Reveal()); !ok || parsed.GrantID() != sample.GrantID(name) {
				t.Errorf("%s: a value is not one of its grant", name)
			}
			if !strings.HasPrefix(v.Text().Reveal()[len("rsc_at_EA"):], name) {
				t.Errorf("%s: a value does not name its grant", name)
			}
		}
		if !refresh.Family().Equal(earlier.Family()) {
			t.Errorf("%s: its refresh tokens are of two families", name)
		}
	}
}

func values(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{sample.Session().Reveal(): true, sample.Form().Reveal(): true}
	for _, id := range []string{sample.Confidential, sample.Other, sample.ResourceServer} {
		all[sample.Secret(id).Reveal()] = true
	}
	for name := range sample.Grants {
		for _, v := range []token.Value{sample.Access(name), sample.Refresh(name), sample.Earlier(name)} {
			all[v.Text().Reveal()] = true
		}
	}
	for name := range sample.Codes {
		all[sample.Code(name).Text().Reveal()] = true
	}
	return all
}

// No event holds a credential that is not a sample: nobody's own came in by
// copying a request.
func TestEventsHoldSamplesOnly(t *testing.T) {
	files, err := filepath.Glob("../*.json")
	if err != nil {
		t.Fatal(err)
	}
	known, found := values(t), 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range readings(t, file, b) {
			for _, v := range value.FindAllString(text, -1) {
				found++
				if !known[v] {
					t.Errorf("%s holds a credential that is not a sample", file)
				}
			}
		}
	}
	if found == 0 {
		t.Error("no event holds a sample credential")
	}
}

// readings gives the event as it is, and what it holds in base64.
func readings(t *testing.T, file string, b []byte) []string {
	t.Helper()
	var e struct {
		Headers map[string]any `json:"headers"`
		Body    string         `json:"body"`
		Base64  bool           `json:"isBase64Encoded"`
	}
	if err := json.Unmarshal(b, &e); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	all := []string{string(b)}
	encoded := []string{}
	if e.Base64 {
		encoded = append(encoded, e.Body)
	}
	for _, h := range e.Headers {
		if s, ok := h.(string); ok && strings.HasPrefix(s, "Basic ") {
			encoded = append(encoded, strings.TrimPrefix(s, "Basic "))
		}
	}
	for _, s := range encoded {
		decoded, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		plain, err := url.QueryUnescape(string(decoded))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, plain)
	}
	return all
}
