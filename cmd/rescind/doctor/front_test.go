package doctor_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// rewritten answers with what the server said, after change looked at it.
func rewritten(change func(r *http.Request, a *httptest.ResponseRecorder)) front {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a := httptest.NewRecorder()
			next.ServeHTTP(a, r)
			change(r, a)
			for name, values := range a.Header() {
				w.Header()[name] = values
			}
			w.Header().Del("Content-Length")
			w.WriteHeader(a.Code)
			_, _ = w.Write(a.Body.Bytes())
		})
	}
}

func without(name string) front {
	return rewritten(func(_ *http.Request, a *httptest.ResponseRecorder) { a.Header().Del(name) })
}

func status(from, to int) front {
	return rewritten(func(_ *http.Request, a *httptest.ResponseRecorder) {
		if a.Code == from {
			a.Code = to
		}
	})
}

// asked hands requests on after change looked at them.
func asked(change func(r *http.Request)) front {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { change(r); next.ServeHTTP(w, r) })
	}
}

// kept is a cache: the same body to the same path gets the same answer.
func kept(path string) front {
	var mu sync.Mutex
	answers := map[string]*httptest.ResponseRecorder{}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			key := r.URL.Path + string(body) + r.Header.Get("Authorization")
			mu.Lock()
			defer mu.Unlock()
			a := answers[key]
			if a == nil || r.URL.Path != path {
				a = httptest.NewRecorder()
				next.ServeHTTP(a, r)
				answers[key] = a
			}
			for name, values := range a.Header() {
				w.Header()[name] = values
			}
			w.WriteHeader(a.Code)
			_, _ = w.Write(a.Body.Bytes())
		})
	}
}

func redirects(path, to string) front {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == path {
				http.Redirect(w, r, to, http.StatusMovedPermanently)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// staleLater is a cache that one of its nodes fills again with what is old.
func staleLater() front {
	revoked := time.Time{}
	return rewritten(func(r *http.Request, a *httptest.ResponseRecorder) {
		if r.URL.Path == "/o/revoke_token/" && a.Code == 200 && revoked.IsZero() {
			revoked = time.Now()
		}
		if r.URL.Path == "/o/introspect/" && a.Code == 200 && !revoked.IsZero() && time.Since(revoked) > 20*time.Millisecond {
			a.Body = bytes.NewBufferString(`{"active":true}`)
		}
	})
}
