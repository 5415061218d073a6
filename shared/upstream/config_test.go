package upstream_test

import (
	"strings"
	"testing"

	"rescind/shared/secret"
	"rescind/shared/upstream"
)

func TestWhatAProviderIsConfiguredWith(t *testing.T) {
	good := upstream.Config{ID: "upstream", Name: "Firma Müller", Issuer: "https://id.example.com/realms/x", ClientID: "rescind", ClientSecret: secret.NewText("s")}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for _, issuer := range []string{"https://id.example.com", "https://id.example.com/", "http://127.0.0.1:9000", "http://[::1]:9000/x", "http://localhost:9000"} {
		c := good
		if c.Issuer = issuer; c.Check() != nil {
			t.Errorf("the issuer %s: %v", issuer, c.Check())
		}
	}
	for name, change := range map[string]func(*upstream.Config){
		"no ID":                     func(c *upstream.Config) { c.ID = "" },
		"an ID with a tilde":        func(c *upstream.Config) { c.ID = "a~b" },
		"an ID of 33 characters":    func(c *upstream.Config) { c.ID = strings.Repeat("i", 33) },
		"a name of 81 bytes":        func(c *upstream.Config) { c.Name = strings.Repeat("n", 81) },
		"a name of two lines":       func(c *upstream.Config) { c.Name = "a\nb" },
		"no issuer":                 func(c *upstream.Config) { c.Issuer = "" },
		"an issuer without TLS":     func(c *upstream.Config) { c.Issuer = "http://id.example.com" },
		"an issuer like a loopback": func(c *upstream.Config) { c.Issuer = "http://127.0.0.1.example.com" },
		"an issuer without a host":  func(c *upstream.Config) { c.Issuer = "https:///x" },
		"an opaque issuer":          func(c *upstream.Config) { c.Issuer = "https:id.example.com" },
		"an issuer with a query":    func(c *upstream.Config) { c.Issuer += "?" },
		"an issuer with a fragment": func(c *upstream.Config) { c.Issuer += "#" },
		"an issuer with a user":     func(c *upstream.Config) { c.Issuer = "https://u:p@id.example.com" },
		"an issuer with a space":    func(c *upstream.Config) { c.Issuer += " " },
		"an issuer with an umlaut":  func(c *upstream.Config) { c.Issuer = "https://mü.example.com" },
		"no client ID":              func(c *upstream.Config) { c.ClientID = "" },
		"a client ID of two lines":  func(c *upstream.Config) { c.ClientID = "a\nb" },
		"no secret":                 func(c *upstream.Config) { c.ClientSecret = secret.NewText("") },
		"a secret of two lines":     func(c *upstream.Config) { c.ClientSecret = secret.NewText("hunter2\n") },
		"scopes without openid":     func(c *upstream.Config) { c.Scopes = []string{"email"} },
	} {
		c := good
		change(&c)
		if err := c.Check(); err == nil {
			t.Errorf("%s is taken", name)
		} else if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error shows a secret", name)
		}
	}
}

func TestAProviderOfTheEnvironment(t *testing.T) {
	all := map[string]string{"RESCIND_UPSTREAM_ISSUER": "https://id.example.com", "RESCIND_UPSTREAM_CLIENT_ID": "rescind",
		"RESCIND_UPSTREAM_CLIENT_SECRET": "hunter2", "RESCIND_UPSTREAM_NAME": "Example"}
	without := func(names ...string) func(string) string {
		return func(name string) string {
			for _, n := range names {
				if n == strings.TrimPrefix(name, "RESCIND_UPSTREAM_") {
					return ""
				}
			}
			return all[name]
		}
	}
	c, err := upstream.FromEnv(without())
	if err != nil || c.Check() != nil || c.ID != "upstream" || c.Name != "Example" || c.Issuer != "https://id.example.com" || c.ClientID != "rescind" || c.ClientSecret.Reveal() != "hunter2" {
		t.Errorf("described is %+v, %v", c, err)
	}
	if c, err := upstream.FromEnv(without("NAME")); err != nil || upstream.New(*c, callback, nil, nil).Name() != "id.example.com" {
		t.Errorf("without a name: %+v, %v", c, err)
	}
	if c, err := upstream.FromEnv(func(string) string { return "" }); c != nil || err != nil {
		t.Errorf("of nothing: %+v, %v", c, err)
	}
	for _, names := range [][]string{{"ISSUER"}, {"CLIENT_ID"}, {"CLIENT_SECRET"}, {"ISSUER", "CLIENT_ID"}, {"CLIENT_ID", "CLIENT_SECRET"}, {"ISSUER", "CLIENT_ID", "CLIENT_SECRET"}} {
		c, err := upstream.FromEnv(without(names...))
		if c != nil || err == nil {
			t.Errorf("without %v: %+v", names, c)
			continue
		}
		for _, n := range names {
			if !strings.Contains(err.Error(), "RESCIND_UPSTREAM_"+n) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("without %v the error is %q", names, err)
			}
		}
	}
	for name, value := range map[string]string{"RESCIND_UPSTREAM_ISSUER": "http://id.example.com", "RESCIND_UPSTREAM_CLIENT_ID": "a\nb",
		"RESCIND_UPSTREAM_CLIENT_SECRET": "hunter2\n", "RESCIND_UPSTREAM_NAME": "a\nb"} {
		_, err := upstream.FromEnv(func(n string) string {
			if n == name {
				return value
			}
			return all[n]
		})
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("with a wrong %s the error is %v", name, err)
		}
	}
}
