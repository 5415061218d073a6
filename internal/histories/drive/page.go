package drive

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
)

// The names of cookies where the issuer is an http URL of this machine.
const (
	cookieSession = "rescind-session"
	cookieForm    = "rescind-form"
)

// form is one of a page.
type form struct {
	action string
	hidden url.Values
}

// signInForm is the form of the page to sign in on, with the cookie that it is
// bound to.
type signInForm struct {
	cookie string
	hidden url.Values
}

var (
	formTag   = regexp.MustCompile(`(?s)<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>`)
	hiddenTag = regexp.MustCompile(`<input[^>]*type="hidden"[^>]*name="([^"]*)"[^>]*value="([^"]*)"[^>]*>`)
)

// formsOf gives the forms of a page.
func formsOf(body []byte) []form {
	var all []form
	for _, f := range formTag.FindAllSubmatch(body, -1) {
		one := form{html.UnescapeString(string(f[1])), url.Values{}}
		for _, in := range hiddenTag.FindAllSubmatch(f[2], -1) {
			one.hidden.Set(html.UnescapeString(string(in[1])), html.UnescapeString(string(in[2])))
		}
		all = append(all, one)
	}
	return all
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
