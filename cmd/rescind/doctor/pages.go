package doctor

import (
	"context"
	"net/http"
	"strings"

	"rescind/shared/endpoint"
)

// pages asks at every path of the pages by a method that none takes, and so
// changes nothing: the page itself must refuse it.
func (v *visit) pages(ctx context.Context) {
	routes, err := endpoint.BrowserRoutes(v.Issuer)
	if err != nil {
		return // said of the issuer
	}
	for _, r := range routes {
		a, err := v.ask(ctx, question{method: http.MethodDelete, url: v.base.Scheme + "://" + v.base.Host + r.Path})
		switch {
		case err != nil:
			v.wrong("pages", "run doctor again; if it stays see the gateway's and the server's logs", "DELETE %s: %v", r.Path, err)
		case a.status == http.StatusMethodNotAllowed && strings.HasPrefix(a.header.Get("Content-Type"), "text/html"):
			v.needHeader(a, "Content-Security-Policy", "")
			v.needHeader(a, "X-Frame-Options", "DENY")
			v.needHeader(a, "Referrer-Policy", "no-referrer")
			v.needNoStore(a)
		case a.status == http.StatusMethodNotAllowed:
			v.wrong("pages", "route any method to the server, which has a page for it", "%s: the gateway answers 405 in the server's place", a.to)
		case unrouted(a.status):
			v.wrong("pages", "route this path to the server for any method, with and without its last slash", "%s does not reach the page: %d, where the server answers 405", a.to, a.status)
		case a.status >= 300 && a.status < 400, unavailable(a.status):
			// said already
		default:
			v.wrong("pages", "have the gateway leave statuses alone, and route any method", "%s arrives as %d, and the server answers 405", a.to, a.status)
		}
	}
}
