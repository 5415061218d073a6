package setup

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"

	"rescind/shared/endpoint"
	"rescind/shared/lambdahttp"
)

// APIID stands in the issuer for the id of the HTTP API that the function
// answers, which the template cannot tell it: the API refers to the function.
// docs/decisions/0016-issuer-of-the-api.md has the story.
const APIID = "{api-id}"

// apiIDLength is how many characters API Gateway's ids have. A function URL's
// have 32, and are no part of an execute-api host.
const apiIDLength = 10

var errNoAPI = errors.New("the issuer is the API's own URL, and this event does not tell the API's id: " +
	"call through the $default stage of the HTTP API, payload format 2.0, or give " + Issuer + " a whole URL")

// checkIssuer is endpoint.CheckIssuer, for what may have an APIID in it.
func checkIssuer(issuer string) error {
	whole := strings.Replace(issuer, APIID, strings.Repeat("0", apiIDLength), 1)
	if strings.ContainsAny(whole, "{}") {
		return errors.New("only one " + APIID + " may stand in it, and no other brace")
	}
	return endpoint.CheckIssuer(whole)
}

// Issuing gives the handler of an endpoint that emits the issuer, made by build
// of a Service whose Issuer is whole. Where s has one that is build's of s at
// once. Where an APIID stands in it the first event from an HTTP API decides,
// by what API Gateway wrote into it and never by a header; later events cannot
// change it. Until then other events are outages, named as the route's.
func Issuing(s *endpoint.Service, route string, build func(*endpoint.Service) http.Handler) http.Handler {
	if !strings.Contains(s.Issuer, APIID) {
		return build(s)
	}
	return &deriving{service: s, build: build, unknown: s.Unavailable(route, errNoAPI)}
}

type deriving struct {
	service *endpoint.Service
	build   func(*endpoint.Service) http.Handler
	unknown http.Handler
	built   atomic.Pointer[http.Handler]
}

// ServeHTTP implements http.Handler. Of several first events at a time one decides.
func (d *deriving) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := d.built.Load()
	if h == nil {
		id := lambdahttp.HTTPAPI(r.Context())
		if !isAPIID(id) {
			d.unknown.ServeHTTP(w, r)
			return
		}
		s := *d.service
		s.Issuer = strings.Replace(s.Issuer, APIID, id, 1)
		made := d.build(&s)
		d.built.CompareAndSwap(nil, &made)
		h = d.built.Load()
	}
	(*h).ServeHTTP(w, r)
}

func isAPIID(id string) bool {
	for _, c := range []byte(id) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return len(id) == apiIDLength
}
