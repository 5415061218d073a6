package drive

import (
	"net/http"
	"net/url"
)

// The names of cookies where the issuer is an http URL of this machine.
const (
	cookieSession = "rescind-session"
	cookieForm    = "rescind-form"
)

// signInForm is the form of the page to sign in on, with the cookie that it is
// bound to.
type signInForm struct {
	cookie string
	hidden url.Values
}

// cookie gives what an answer sets, empty where it sets no such cookie.
func (r reply) cookie(name string) string {
	for _, c := range (&http.Response{Header: r.header}).Cookies() {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}
