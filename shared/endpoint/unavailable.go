package endpoint

import "net/http"

// Unavailable answers every request as an outage with this cause, for a process
// that cannot serve the route: it is logged, audited and told to the caller as
// every outage is.
func (s *Service) Unavailable(route string, cause error) http.Handler {
	return s.handle(route, func(http.ResponseWriter, *http.Request, *call) error { return cause })
}
