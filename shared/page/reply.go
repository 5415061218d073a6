package page

import (
	"net/http"
	"strconv"
	"strings"
)

// This is the one file that writes responses. The rules are:
//
//   - Headers before status, status before body, each once.
//   - No page may be kept by a cache, framed, or sent along as a referrer.
//   - Nothing of a request reaches a header but through formAction and location.

// write sends a page.
func (p *Pages) write(w http.ResponseWriter, lang string, status int, actions []string, body []byte) {
	if _, ok := p.languages[lang]; !ok {
		lang = fallback
	}
	h := w.Header()
	closed(h)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'none'; form-action "+formAction(actions)+
		"; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Content-Language", lang)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a browser that is gone cannot be told so
}

// closed are the headers of everything that is for one person's eyes only.
func closed(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	h.Set("Referrer-Policy", "no-referrer") // RFC 9700 section 4.2.4
	h.Set("X-Frame-Options", "DENY")        // for browsers that know no frame-ancestors, RFC 9700 section 4.16
	h.Set("X-Content-Type-Options", "nosniff")
	// No Cross-Origin-Opener-Policy: an app may open the request in a window of its own, and wait for that.
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// Redirect sends the browser on with a GET: 303, never 307, which would carry
// a form's password along (RFC 9700 section 4.12).
func Redirect(w http.ResponseWriter, to string) {
	h := w.Header()
	closed(h)
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Location", location(to))
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusSeeOther)
}

// location escapes what may not stand in a header. A redirect URI that was
// checked holds none of it.
func location(to string) string {
	var out strings.Builder
	for i := range len(to) {
		if c := to[i]; c <= ' ' || c > '~' {
			out.WriteString("%" + strings.ToUpper(string("0123456789abcdef"[c>>4])+string("0123456789abcdef"[c&15])))
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}

func retryAfter(w http.ResponseWriter, seconds int) {
	if seconds > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
	}
}

// Style serves the stylesheet: for good under its version's URL, and otherwise
// to be asked for again soon, since another release may answer next.
func (p *Pages) Style(w http.ResponseWriter, r *http.Request) {
	h, etag := w.Header(), `"`+p.version+`"`
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Length", "0")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	h.Set("ETag", etag)
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "public, max-age=300")
	if r.URL.RawQuery == "v="+p.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if noneMatch(r.Header.Values("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", "text/css; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(stylesheet)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(stylesheet)
	}
}

// noneMatch is RFC 9110 section 13.1.2, by weak comparison.
func noneMatch(values []string, etag string) bool {
	for _, value := range values {
		for item := range strings.SplitSeq(value, ",") {
			item = strings.TrimSpace(item)
			if item == "*" || strings.TrimPrefix(item, "W/") == etag {
				return true
			}
		}
	}
	return false
}
