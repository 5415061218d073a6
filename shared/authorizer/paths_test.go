package authorizer_test

import (
	"testing"

	"rescind/shared/authorizer"
)

// TestASpellingOfThePathChoosesNoScopes: TOKEN events have the path as the
// caller wrote it, and a wider route may need less than the one behind it.
func TestASpellingOfThePathChoosesNoScopes(t *testing.T) {
	w := newWorld(t)
	user := "Bearer " + w.user.Access.Text().Reveal() // notes:read
	for _, tt := range []struct{ routes, path, want string }{
		{`{"GET /notes": "admin", "$default": "notes:read"}`, "/notes", "Deny"},
		{`{"GET /notes": "admin", "$default": "notes:read"}`, "/notes/", "Deny"},
		{`{"GET /notes": "admin", "$default": "notes:read"}`, "//notes", "Deny"},
		{`{"GET /notes": "admin", "$default": "notes:read"}`, "/./notes", "Deny"},
		{`{"GET /notes": "admin", "$default": "notes:read"}`, "/n%6ftes", "Deny"},
		{`{"GET /notes": "admin", "$default": "notes:read"}`, "/other", "Allow"},
		{`{"GET /": "notes:read"}`, "/", "Allow"},
		{`{"GET /notes/{id}": "admin", "GET /{proxy+}": "notes:read"}`, "/notes/7/", "Deny"},
		{`{"GET /notes/{id}": "admin", "GET /{proxy+}": "notes:read"}`, "/notes/7/8", "Allow"},
		{`{"GET /public/{id}": "admin", "GET /public/{proxy+}": "notes:read"}`, "/public/{proxy+}", "Deny"},
		{`{"GET /a/{x}/c": "notes:read", "GET /a/b/{y}": "admin"}`, "/a/b/c", "Deny"},
		{`{"GET /a/{x}": "notes:read", "GET /a/{y}": "admin", "$default": ""}`, "/a/b", "Deny"},
		{`{"ANY /a/b": "notes:read", "GET /a/{y}": "admin"}`, "/a/b", "Allow"},
		{`{"ANY /a/b": "notes:read", "GET /a/b": "admin"}`, "/a/b", "Deny"},
	} {
		routes, err := authorizer.ParseRoutes(tt.routes)
		if err != nil {
			t.Fatal(err)
		}
		w.a.Routes = routes
		for range 20 { // a map has no order
			if got, _ := w.ask(t, tokenEvent("GET", tt.path, user)); got != tt.want {
				t.Fatalf("%s of %s is %s, not %s", tt.path, tt.routes, got, tt.want)
			}
		}
	}
}
