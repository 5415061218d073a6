package endpoint

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"rescind/shared/grant"
	"rescind/shared/oauth"
)

// The routes' names, which are also the names of the functions behind them.
const (
	RouteToken         = "token"
	RouteRevocation    = "revocation"
	RouteIntrospection = "introspection"
	RouteMetadata      = "metadata"
	RouteBrowser       = "browser"
	RouteHealth        = "health"
	routeNone          = "none"
)

// The paths that users of django-oauth-toolkit know, below the issuer.
const (
	pathToken         = "/o/token/"
	pathRevocation    = "/o/revoke_token/"
	pathIntrospection = "/o/introspect/"
	wellKnown         = "/.well-known/oauth-authorization-server"
)

// The paths of the pages, below the issuer: one handler has them all.
const (
	PathAuthorize        = "/o/authorize/"
	PathSignIn           = "/o/sign_in/"
	PathSignOut          = "/o/sign_out/"
	PathAuthorized       = "/o/authorized_tokens/"
	PathUpstream         = "/o/upstream/"
	PathUpstreamCallback = "/o/upstream/callback/"
	PathStyle            = "/o/static/style.css" // as it is, with no slash at its end
)

var errIssuer = errors.New("the issuer must be an https URL (http only on this machine) without query, fragment and last slash, such as https://auth.example.com")

// Route is a path and the name of what answers it.
type Route struct{ Path, Name string }

// Routes are the public paths of an issuer but those of pages, each with and
// without the last slash. The metadata stands where RFC 8414 section 3 puts it and, for an
// issuer with a path, under that path too.
func Routes(issuer string) ([]Route, error) {
	below, err := pathOf(issuer)
	if err != nil {
		return nil, err
	}
	all := withAndWithout([]Route{
		{below + pathToken, RouteToken}, {below + pathRevocation, RouteRevocation}, {below + pathIntrospection, RouteIntrospection},
	})
	all = append(all, Route{wellKnown + below, RouteMetadata})
	if below != "" {
		all = append(all, Route{below + wellKnown, RouteMetadata})
	}
	return all, nil
}

// BrowserRoutes are the paths of the pages, of an issuer that has them.
func BrowserRoutes(issuer string) ([]Route, error) {
	below, err := pathOf(issuer)
	if err != nil {
		return nil, err
	}
	var all []Route
	for _, path := range []string{PathAuthorize, PathSignIn, PathSignOut, PathAuthorized, PathUpstream, PathUpstreamCallback} {
		all = append(all, Route{below + path, RouteBrowser})
	}
	return append(withAndWithout(all), Route{below + PathStyle, RouteBrowser}), nil
}

// pathOf is the issuer's own path, which its endpoints stand below.
func pathOf(issuer string) (string, error) {
	if err := CheckIssuer(issuer); err != nil {
		return "", err
	}
	u, err := url.Parse(issuer)
	if err != nil {
		return "", errIssuer
	}
	return u.Path, nil
}

func withAndWithout(routes []Route) (all []Route) {
	for _, r := range routes {
		all = append(all, r, Route{strings.TrimSuffix(r.Path, "/"), r.Name})
	}
	return all
}

// Gateway serves the routes of the issuer, each by the handler of its name,
// and /healthz; the pages where there is a handler for them. Every other path is 404, as the protocol's JSON error. Paths
// are compared exactly: nothing is cleaned, and nothing redirected.
func (s *Service) Gateway(handlers map[string]http.Handler, store grant.Finder) (http.Handler, error) {
	routes, err := Routes(s.Issuer)
	if err != nil {
		return nil, err
	}
	if handlers[RouteBrowser] != nil {
		pages, err := BrowserRoutes(s.Issuer)
		if err != nil {
			return nil, err
		}
		routes = append(routes, pages...)
	}
	table := map[string]http.Handler{"/healthz": s.health(store)}
	for _, r := range routes {
		h, ok := handlers[r.Name]
		if !ok {
			return nil, errors.New("no handler for the route " + r.Name)
		}
		table[r.Path] = h
	}
	none := s.handle(routeNone, func(http.ResponseWriter, *http.Request, *call) error {
		return oauth.Refuse(oauth.NotFound, "There is nothing at this path; the metadata at /.well-known/oauth-authorization-server names the endpoints.")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, ok := table[r.URL.Path]; ok {
			h.ServeHTTP(w, r)
			return
		}
		none.ServeHTTP(w, r)
	}), nil
}

// health is 200 while the store can be read.
func (s *Service) health(store grant.Finder) http.Handler {
	return s.handle(RouteHealth, func(w http.ResponseWriter, r *http.Request, _ *call) error {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			return oauth.Refuse(oauth.MethodNotAllowed, "The health check takes GET and HEAD only.")
		}
		if _, err := store.Find(r.Context(), grant.Keys{Clients: []string{"healthz"}}); err != nil {
			return err
		}
		replyHealth(w)
		return nil
	})
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}
