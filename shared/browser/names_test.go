package browser_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Chromium holds every redirect that follows a form against the page's
// form-action, the client's own too: a page that names too little ends there.
func TestFormsMayLeadWhereClientsAndProvidersSendPeople(t *testing.T) {
	loopback := request("client_id", "phone", "redirect_uri", "http://127.0.0.1:5000/cb")
	private := request("client_id", "phone", "redirect_uri", "com.example.app:/cb")
	plain := newScene(t)
	provided, _ := withProvider(t) // which is without TLS
	for _, tt := range []struct {
		name     string
		scene    *scene
		next     string
		signedIn bool
		want     string
	}{
		{"a client over TLS", plain, request(), true, "'self' https:"},
		{"an app on this machine, which may send people to another port of it", plain, loopback, true, "'self' https: http:"},
		{"an app with a scheme of its own", plain, private, true, "'self' https: com.example.app:"},
		{"signing in for a client over TLS", plain, request(), false, "'self' https:"},
		{"signing in for an app on this machine", plain, loopback, false, "'self' https: http:"},
		{"signing in for the page of ours", plain, "/o/authorized_tokens/", false, "'self' https:"},
		{"a provider without TLS", provided, request(), false, "'self' https: http:"},
		{"a provider without TLS, for an app with a scheme of its own", provided, private, false, "'self' https: com.example.app: http:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.scene.surfer()
			to := "/o/sign_in/?" + url.Values{"next": {tt.next}}.Encode()
			if tt.signedIn {
				s.signIn("")
				to = tt.next
			}
			got := s.get(to)
			_, after, _ := strings.Cut(got.header.Get("Content-Security-Policy"), "form-action ")
			action, _, _ := strings.Cut(after, ";")
			if got.status != http.StatusOK || action != tt.want {
				t.Errorf("%d, forms may lead to %s; want %s", got.status, action, tt.want)
			}
		})
	}
}
