package stack

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rescind/internal/testkit/webform"
)

// surfer is a person's browser: it keeps cookies, sends them whatever the transport,
// since emulators have no TLS, and follows no redirect by itself.
type surfer struct {
	*drive
	cookies map[string]string
}

// visit makes a request, and takes the answer's cookies. Headers are in pairs.
func (b *surfer) visit(ctx context.Context, method, path string, form url.Values, header ...string) (reply, error) {
	if len(b.cookies) > 0 {
		var all []string
		for name, value := range b.cookies {
			all = append(all, name+"="+value)
		}
		slices.Sort(all)
		header = append(header, "Cookie", strings.Join(all, "; "))
	}
	r, err := b.send(ctx, method, path, "", form, header...)
	if err != nil {
		return r, err
	}
	for _, line := range r.header.Values("Set-Cookie") {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			return r, fmt.Errorf("a Set-Cookie that is none (two of them in one line?): %w", err)
		}
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" {
			return r, fmt.Errorf("the cookie %s has other attributes than it should", c.Name)
		}
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return r, nil
}

// page is visit by GET, for a page of this status.
func (b *surfer) page(ctx context.Context, path string, status int) (reply, error) {
	r, err := b.visit(ctx, http.MethodGet, path, nil)
	if err == nil {
		err = r.isPage(status)
	}
	return r, err
}

// isPage holds an answer to what every page must have.
func (r reply) isPage(status int) error {
	if err := r.expect(status, "Content-Type", "text/html; charset=utf-8", "Cache-Control", "no-store", "X-Frame-Options", "DENY"); err != nil {
		return err
	}
	if csp := r.header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
		return fmt.Errorf("its Content-Security-Policy is %q", csp)
	}
	return nil
}

// leadsTo expects a 303 and gives where it leads, which must begin so.
func (r reply) leadsTo(begin string) (*url.URL, error) {
	if err := r.expect(http.StatusSeeOther, "Cache-Control", "no-store"); err != nil {
		return nil, err
	}
	to := r.header.Get("Location")
	if !strings.HasPrefix(to, begin) {
		return nil, fmt.Errorf("it leads to %q, not to %s", to, begin)
	}
	return url.Parse(to)
}

// session is the name of the cookie of who signed in; "" where nobody has.
func (b *surfer) session() string {
	for name := range b.cookies {
		if strings.HasSuffix(name, "rescind-session") {
			return name
		}
	}
	return ""
}

// form gives the hidden fields of the page's form that leads to a path and holds
// a text.
func (r reply) form(action, holds string) (url.Values, error) {
	return webform.Find(string(r.body), action, holds)
}
