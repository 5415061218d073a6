package endpoint

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"

	"rescind/shared/grant"
	"rescind/shared/oauth"
)

// The routes' names, which are also the names of the functions behind them.
const (
	RouteToken         = "token"
	RouteRevocation    = "revocation"
	RouteIntrospection = "introspection"
	RouteMetadata      = "metadata"
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

var errIssuer = errors.New("the issuer must be an https URL (http only on this machine) without query, fragment and last slash, such as https://auth.example.com")

// Route is a path and the name of what answers it.
type Route struct{ Path, Name string }

// Routes are the public paths of an issuer, each with and without the last
// slash. The metadata stands where RFC 8414 section 3 puts it and, for an
// issuer with a path, under that path too.
func Routes(issuer string) ([]Route, error) {
	if err := CheckIssuer(issuer); err != nil {
		return nil, err
	}
	u, err := url.Parse(issuer)
	if err != nil {
		return nil, errIssuer
	}
	var all []Route
	for _, r := range []Route{
		{u.Path + pathToken, RouteToken}, {u.Path + pathRevocation, RouteRevocation}, {u.Path + pathIntrospection, RouteIntrospection},
	} {
		all = append(all, r, Route{r.Path[:len(r.Path)-1], r.Name})
	}
	all = append(all, Route{wellKnown + u.Path, RouteMetadata})
	if u.Path != "" {
		all = append(all, Route{u.Path + wellKnown, RouteMetadata})
	}
	return all, nil
}

// Gateway serves the routes of the issuer, each by the handler of its name,
// and /healthz. Every other path is 404, as the protocol's JSON error. Paths
// are compared exactly: nothing is cleaned, and nothing redirected.
func (s *Service) Gateway(handlers map[string]http.Handler, store grant.Finder) (http.Handler, error) {
	routes, err := Routes(s.Issuer)
	if err != nil {
		return nil, err
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
