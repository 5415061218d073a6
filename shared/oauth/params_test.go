package oauth

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParamsAreNotRepeatedButWhereTheyMayBe(t *testing.T) {
	var p Params
	for _, c := range []struct {
		name, value string
		ok          bool
	}{
		{"scope", "", true}, {"scope", "a", false}, {"token", "t", true}, {"token", "t", false}, {"Token", "T", true},
		{"resource", "https://a.example", true}, {"resource", "", true}, {"resource", "https://b.example", true}, {"audience", "x", true}, {"audience", "x", true},
	} {
		if ok := p.Add(c.name, c.value); ok != c.ok {
			t.Errorf("adding %s=%q: %t", c.name, c.value, ok)
		}
	}
	if p.Len() != 8 || !p.Has("scope") || p.Has("absent") || p.Get("scope") != "" || p.Get("token") != "t" || p.Get("absent") != "" {
		t.Errorf("%d parameters, and not as they were added", p.Len())
	}
	if got := p.All("resource"); !slices.Equal(got, []string{"https://a.example", "https://b.example"}) || p.All("scope") != nil {
		t.Errorf("all resources are %q", got)
	}
}

func TestParamsDoNotPrint(t *testing.T) {
	var p Params
	p.Add("client_secret", "hunter2")
	shown, err := json.Marshal(map[string]any{"p": p, "q": &p})
	all := fmt.Sprintf("%v %+v %#v %s %v %s", p, p, p, p, &p, p.LogValue()) + string(shown)
	if err != nil || strings.Contains(all, "hunter2") || strings.Count(all, "[redacted]") != 8 {
		t.Errorf("the parameters print as %s, %v", all, err)
	}
}
