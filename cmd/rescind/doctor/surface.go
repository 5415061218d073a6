package doctor

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"rescind/shared/oauth"
)

// tooLong passes our 64 KiB and no gateway's own limit.
const tooLong = 70 << 10

// surface asks every endpoint what it must refuse, and looks at how the
// refusals arrive. It gives false where no request reached an endpoint.
func (v *visit) surface(ctx context.Context, e ends) bool {
	reached, before := false, v.found["statuses"]
	for _, end := range e.all() {
		for _, form := range []string{strings.TrimSuffix(end, "/") + "/", strings.TrimSuffix(end, "/")} {
			reached = !unrouted(v.routed(ctx, form)) || reached
		}
		reached = !unrouted(v.refuses(ctx, end)) || reached
	}
	if !reached { // one cause, which is said once
		delete(v.found, "routes")
		v.found["statuses"] = before
		v.wrong("routes", "see that the issuer is this server's, and route every path below it to the server, for any method, with and without the last slash",
			"no endpoint is reached: 404 or 403 is the answer at all three, to GET and POST")
		return false
	}
	v.status(ctx, question{method: http.MethodPost, url: e.token, body: "{}", header: map[string]string{"Content-Type": "application/json"}}, http.StatusUnsupportedMediaType)
	v.status(ctx, question{method: http.MethodPost, url: e.token, form: url.Values{"x": {strings.Repeat("x", tooLong)}}}, http.StatusRequestEntityTooLarge)
	v.status(ctx, question{method: http.MethodGet, url: v.Issuer + "/doctor-" + v.nonce}, http.StatusNotFound)
	return true
}

// unrouted is an answer that comes from something else than an endpoint of ours.
func unrouted(status int) bool {
	return status == http.StatusNotFound || status == http.StatusForbidden
}

// failed says that there was no answer at all.
func (v *visit) failed(what string, err error) {
	v.wrong("statuses", "run doctor again; if it stays see the gateway's and the server's logs", "%s: %v", what, err)
}

// routed asks by GET, which the endpoint itself must refuse with 405: so the
// request got through to it. It gives the status, 0 where there was no answer.
func (v *visit) routed(ctx context.Context, end string) int {
	a, err := v.ask(ctx, question{method: http.MethodGet, url: end})
	switch {
	case err != nil:
		v.failed("GET "+end, err)
	case a.status == http.StatusMethodNotAllowed && oauth.Code(a.errorCode()) == oauth.InvalidRequest:
		v.needHeader(a, "Allow", http.MethodPost)
		v.needNoStore(a)
	case a.status == http.StatusMethodNotAllowed:
		v.wrong("statuses", "route any method to the server, which names the right one", "%s: the gateway answers 405 in the server's place", a.to)
	case unrouted(a.status):
		v.wrong("routes", "route this path to the server for any method, with and without its last slash", "%s does not reach the endpoint: %d, where the server answers 405", a.to, a.status)
	case a.status >= 300 && a.status < 400, unavailable(a.status):
		// said already
	default:
		v.wrong("statuses", "have the gateway leave statuses alone, and route any method", "%s arrives as %d, and the server answers 405", a.to, a.status)
	}
	return a.status
}

func unavailable(status int) bool {
	return status == http.StatusTooManyRequests || status >= 502 && status <= 504
}

// refuses asks as a client that nobody registered, and gives the status.
func (v *visit) refuses(ctx context.Context, end string) int {
	form := url.Values{"grant_type": {oauth.GrantClientCredentials}, "token": {"doctor"}}
	a, err := v.ask(ctx, question{method: http.MethodPost, url: end, form: form, header: map[string]string{"Authorization": basic("doctor-"+v.nonce, "no secret")}})
	switch {
	case err != nil:
		v.failed("POST "+end, err)
	case a.status == http.StatusUnauthorized && oauth.Code(a.errorCode()) == oauth.InvalidClient:
		v.needHeader(a, "WWW-Authenticate", `Basic realm="rescind", charset="UTF-8"`)
		v.needNoStore(a)
	case a.status == http.StatusUnauthorized:
		v.wrong("refusals", "see what answers in the server's place", "%s: 401, but not the server's answer", a.to)
	case a.status >= 200 && a.status < 300:
		v.wrong("refusals", "take this server off the net: it answers to anybody, or something in front answers for it", "%s answers %d to a client that does not exist", a.to, a.status)
	case a.status >= 300 && a.status < 400, unavailable(a.status):
		// said already
	default:
		v.wrong("statuses", "have the gateway leave statuses alone", "%s with a wrong client arrives as %d, and the server answers 401", a.to, a.status)
	}
	return a.status
}

// status asks what must be answered so.
func (v *visit) status(ctx context.Context, q question, want int) {
	a, err := v.ask(ctx, q)
	switch {
	case err != nil && want == http.StatusRequestEntityTooLarge:
		v.look("statuses", "nothing, if a gateway of yours cuts long requests off; the server itself answers 413", "%s with 70 KB: %v", q.method, err)
	case err != nil:
		v.failed(q.method, err)
	case a.status == want:
		// The gateway may answer what it does not route itself.
		if want != http.StatusNotFound || a.errorCode() != "" {
			v.needNoStore(a)
		}
	case a.status >= 300 && a.status < 400, unavailable(a.status):
		// said already
	default:
		v.wrong("statuses", "have the gateway leave statuses alone", "%s arrives as %d, where %d is right", a.to, a.status, want)
	}
}
