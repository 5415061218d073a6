package browser

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rescind/shared/authorization"
	"rescind/shared/client"
	"rescind/shared/endpoint"
	"rescind/shared/page"
	"rescind/shared/session"
	"rescind/shared/upstream"
	"rescind/shared/user"
)

// Store is what the pages need of a store.
type Store interface {
	authorization.Store
	session.Store
	user.Keeper
	client.Finder
}

// Service is the pages of one deployment. Upstream may be nil; all else is
// required.
type Service struct {
	Endpoint *endpoint.Service
	Store    Store
	Sessions session.Rules
	Accounts *user.Accounts
	Upstream *upstream.Provider

	pages    *page.Pages
	apps     authorization.Rules
	base     string // the issuer's path
	origin   string // the issuer's scheme and host
	secure   bool   // https: cookies bear the __Host- prefix
	handlers map[string]http.Handler
}

// New makes the handler of all pages, and tells s.Endpoint in which languages
// they speak, for the metadata. It gives an error where the issuer is no URL.
func New(s *Service) (http.Handler, error) {
	u, err := url.Parse(s.Endpoint.Issuer)
	if err != nil {
		return nil, fmt.Errorf("browser: the issuer is no URL")
	}
	s.base, s.origin, s.secure = u.Path, u.Scheme+"://"+u.Host, u.Scheme == "https"
	s.apps = authorization.Rules{Grants: s.Endpoint.Rules}
	if s.pages, err = page.New(s.base + endpoint.PathStyle); err != nil {
		return nil, err
	}
	s.Endpoint.Languages = s.pages.Languages()
	s.handlers = map[string]http.Handler{
		endpoint.PathAuthorize:        s.page(methods{get: s.authorize, post: s.postAuthorize, noHead: true}),
		endpoint.PathSignIn:           s.page(methods{get: s.showSignIn, post: s.signIn}),
		endpoint.PathSignOut:          s.page(methods{get: s.showSignOut, post: s.signOut}),
		endpoint.PathAuthorized:       s.page(methods{get: s.showAuthorized, post: s.cut}),
		endpoint.PathUpstream:         s.page(methods{post: s.toUpstream}),
		endpoint.PathUpstreamCallback: s.page(methods{get: s.fromUpstream, noHead: true}),
		endpoint.PathStyle:            s.page(methods{get: s.style}),
	}
	return http.HandlerFunc(s.serve), nil
}

// serve finds the page of a path, which the gateway has compared already.
func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, s.base)
	h, ok := s.handlers[path]
	if !ok {
		h, ok = s.handlers[path+"/"]
	}
	if !ok {
		h = s.page(methods{})
	}
	h.ServeHTTP(w, r)
}

// visit is one request of a browser.
type visit struct {
	*endpoint.Visit
	w      http.ResponseWriter
	r      *http.Request
	cookie cookies
	lang   string
}

type handler func(*visit) error

// methods are what answers at one path; nil where a method is not taken. noHead
// is for a GET that changes something: a HEAD must not (RFC 9110 section 9.2.1).
type methods struct {
	get, post handler
	noHead    bool
}

// page is a handler with what no page may forget.
func (s *Service) page(m methods) http.Handler {
	return s.Endpoint.Page(func(w http.ResponseWriter, r *http.Request, ev *endpoint.Visit) error {
		v := &visit{Visit: ev, w: w, r: r, cookie: s.readCookies(r), lang: s.language(r)}
		switch {
		case m.get != nil && (r.Method == http.MethodGet || r.Method == http.MethodHead && !m.noHead):
			return m.get(v)
		case m.post != nil && r.Method == http.MethodPost:
			return m.post(v)
		case m.get == nil && m.post == nil:
			return errNoPage
		}
		w.Header().Set("Allow", m.allowed())
		return errMethod
	}, func(w http.ResponseWriter, r *http.Request, ev *endpoint.Visit, err error) {
		s.fail(&visit{Visit: ev, w: w, r: r, cookie: s.readCookies(r), lang: s.language(r)}, err)
	})
}

func (m methods) allowed() string {
	var all []string
	if m.get != nil {
		all = append(all, http.MethodGet)
		if !m.noHead {
			all = append(all, http.MethodHead)
		}
	}
	if m.post != nil {
		all = append(all, http.MethodPost)
	}
	return strings.Join(all, ", ")
}

// language is the one asked for, by the request (ui_locales, OpenID Connect
// Core section 3.1.2.1) or else by the browser.
func (s *Service) language(r *http.Request) string {
	asked := ""
	if query, _, err := endpoint.ParseQuery(r.URL.RawQuery); err == nil {
		asked = query.Get("ui_locales")
		if next := query.Get("next"); asked == "" && next != "" {
			_, raw, _ := strings.Cut(next, "?")
			if inner, _, err := endpoint.ParseQuery(raw); err == nil {
				asked = inner.Get("ui_locales")
			}
		}
	}
	return s.pages.Language(asked, r.Header.Get("Accept-Language"))
}

func (s *Service) style(v *visit) error {
	s.pages.Style(v.w, v.r)
	return nil
}

func (s *Service) now() time.Time { return s.Endpoint.Rules.Now().UTC() }

// redirect answers 303 to a path of ours.
func (s *Service) redirect(v *visit, path string, query url.Values) error {
	to := s.base + path
	if len(query) > 0 {
		to += "?" + query.Encode()
	}
	page.Redirect(v.w, to)
	return nil
}
