package authorizer_test

import (
	"encoding/json"
	"testing"
	"time"
)

// keeping is an API Gateway whose authorizer has a TTL: it repeats an answer to
// the same token and route for so long. An error, 401 among them, it never keeps.
type keeping struct {
	*world
	ttl  time.Duration
	kept map[string]answered
}

type answered struct {
	said string
	at   time.Time
}

func (k keeping) expect(t *testing.T, when string, e map[string]any, want string) {
	t.Helper()
	key, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	a, ok := k.kept[string(key)]
	if !ok || !k.now.Before(a.at.Add(k.ttl)) {
		a.said, _ = k.ask(t, e)
		a.at = k.now
		delete(k.kept, string(key))
		if a.said == "Allow" || a.said == "Deny" {
			k.kept[string(key)] = a
		}
	}
	if a.said != want {
		t.Errorf("%s: it is %s, not %s", when, a.said, want)
	}
}

// TestARevocationIsAtMostTheGatewaysTTLLate: the authorizer keeps nothing of its
// own, so that what the gateway keeps is the whole delay, and without a TTL
// there is none.
func TestARevocationIsAtMostTheGatewaysTTLLate(t *testing.T) {
	for form, event := range map[string]func(authorization string) map[string]any{
		"HTTP API": func(a string) map[string]any { return simple("GET", "GET /notes", "/notes", a) },
		"REST API": func(a string) map[string]any { return rest("GET", "/notes", "/notes", a) },
		"TOKEN":    func(a string) map[string]any { return tokenEvent("GET", "/notes", a) },
	} {
		for _, ttl := range []time.Duration{0, time.Second, 5 * time.Minute} {
			t.Run(form+" "+ttl.String(), func(t *testing.T) {
				k := keeping{newWorld(t), ttl, map[string]answered{}}
				e := event("Bearer " + k.user.Access.Text().Reveal())
				k.expect(t, "before", e, "Allow")
				if _, err := k.a.Rules.RevokeGrant(t.Context(), k.store, k.user.Grant, "test"); err != nil {
					t.Fatal(err)
				}
				if ttl > 0 {
					k.now = k.now.Add(ttl - time.Millisecond)
					k.expect(t, "within the TTL", e, "Allow")
					k.now = k.now.Add(time.Millisecond)
				}
				k.expect(t, "after the TTL", e, "Unauthorized")
				k.expect(t, "asked again", e, "Unauthorized")
			})
		}
	}
}
