package stack

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"rescind/shared/oauth"
)

// people is a conversation of a person, their browser, and an app.
type people struct {
	surfer
	guest    Guest
	verifier string
	request  string // path and query
	code     string
	stolen   string // the session's cookie, as somebody may have copied it
}

// DrivePeople lets somebody sign in, let an app in, find it on their page, cut it
// there and sign out, and holds the app's tokens against that. Every check is
// made though an earlier one failed.
func DrivePeople(ctx context.Context, api API, issuer string, guest Guest) []Check {
	d := newDrive(api, issuer, guest.App.Basic, "")
	p := &people{surfer: surfer{d, map[string]string{}}, guest: guest, verifier: rand.Text() + rand.Text()}
	sum := sha256.Sum256([]byte(p.verifier))
	p.request = "/o/authorize/?" + url.Values{"client_id": {guest.App.ID}, "response_type": {"code"}, "redirect_uri": {callback}, "scope": {"read"},
		"state": {"a b&c"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}.Encode()
	var all []Check
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"the metadata name the authorization endpoint (RFC 8414)", p.metadata},
		{"the style sheet", p.style},
		{"an app that nobody knows: a page, and no redirect (RFC 6749 section 4.1.2.1)", p.unknownApp},
		{"without a session: 303 to sign in", p.unknownPerson},
		{"a wrong password: 403 and no session", p.wrongPassword},
		{"signing in: 303 back to the request, two cookies", p.signIn},
		{"consent: 303 with code, state and iss (RFC 9207)", p.consent},
		{"the code is redeemed (RFC 7636)", p.redeem},
		{"the token is active", d.introspect(true)},
		{"a form that another site sent: refused", p.fromElsewhere},
		{"the token is active still", d.introspect(true)},
		{"the page lists the app, and its button answers 303", p.cut},
		{"the token is dead by then", d.introspect(false)},
		{"its refresh token is refused", p.refused},
		{"the page says so and lists it no more", p.gone},
		{"signing out takes the cookie away", p.signOut},
		{"the old cookie is worth nothing", p.oldCookie},
		{"the answer of a provider that there is not: 404", p.noProvider},
	} {
		all = append(all, checked("people: "+step.name, step.do(ctx)))
	}
	return all
}

func (p *people) metadata(ctx context.Context) error {
	r, err := p.send(ctx, http.MethodGet, metadataPath, "", nil)
	if err != nil {
		return err
	}
	if got := r.text("authorization_endpoint"); got != p.issuer+"/o/authorize/" {
		return fmt.Errorf("it is %q", got)
	}
	return nil
}

func (p *people) style(ctx context.Context) error {
	r, err := p.visit(ctx, http.MethodGet, "/o/static/style.css", nil)
	if err != nil {
		return err
	}
	return r.expect(http.StatusOK, "Content-Type", "text/css; charset=utf-8", "X-Content-Type-Options", "nosniff")
}

func (p *people) unknownApp(ctx context.Context) error {
	_, err := p.page(ctx, strings.Replace(p.request, "client_id="+p.guest.App.ID, "client_id=nobody", 1), http.StatusBadRequest)
	return err
}

func (p *people) unknownPerson(ctx context.Context) error {
	for _, path := range []string{p.request, strings.Replace(p.request, "/?", "?", 1)} {
		r, err := p.visit(ctx, http.MethodGet, path, nil)
		if err != nil {
			return err
		}
		to, err := r.leadsTo("/o/sign_in/?")
		if err != nil {
			return err
		}
		if next := to.Query().Get("next"); next != p.request || len(p.cookies) > 0 {
			return fmt.Errorf("next is %q, and %d cookies are set", next, len(p.cookies))
		}
	}
	return nil
}

// enter sends the sign-in form.
func (p *people) enter(ctx context.Context, password string) (reply, error) {
	r, err := p.page(ctx, "/o/sign_in/?"+url.Values{"next": {p.request}}.Encode(), http.StatusOK)
	if err != nil {
		return r, err
	}
	form, err := r.form("/o/sign_in/", "password")
	if err != nil {
		return r, err
	}
	form.Set("email", p.guest.Email)
	form.Set("password", password)
	return p.visit(ctx, http.MethodPost, "/o/sign_in/", form, "Sec-Fetch-Site", "same-origin")
}

func (p *people) wrongPassword(ctx context.Context) error {
	r, err := p.enter(ctx, "not "+p.guest.Password)
	if err != nil {
		return err
	}
	if p.session() != "" {
		return errors.New("somebody is signed in")
	}
	return r.isPage(http.StatusForbidden)
}

func (p *people) signIn(ctx context.Context) error {
	r, err := p.enter(ctx, p.guest.Password)
	if err != nil {
		return err
	}
	if _, err := r.leadsTo(p.request); err != nil {
		return err
	}
	if set := r.header.Values("Set-Cookie"); len(set) != 2 || p.session() == "" || len(p.cookies) != 1 {
		return fmt.Errorf("%d cookies are set and taken away, and the browser has %d", len(set), len(p.cookies))
	}
	p.stolen = p.cookies[p.session()]
	return nil
}

func (p *people) consent(ctx context.Context) error {
	r, err := p.page(ctx, p.request, http.StatusOK)
	if err != nil {
		return err
	}
	form, err := r.form("/o/authorize/", "decision")
	if err != nil {
		return err
	}
	form.Set("decision", "allow")
	if r, err = p.visit(ctx, http.MethodPost, "/o/authorize/", form, "Sec-Fetch-Site", "same-origin"); err != nil {
		return err
	}
	to, err := r.leadsTo(callback + "?")
	if err != nil {
		return err
	}
	q := to.Query()
	if p.code = q.Get("code"); p.code == "" || q.Get("state") != "a b&c" || q.Get("iss") != p.issuer {
		return fmt.Errorf("state is %q, iss %q, that there is a code %t", q.Get("state"), q.Get("iss"), p.code != "")
	}
	return nil
}

func (p *people) redeem(ctx context.Context) error {
	r, err := p.send(ctx, http.MethodPost, "/o/token/", p.basic, url.Values{
		"grant_type": {oauth.GrantAuthorizationCode}, "code": {p.code}, "redirect_uri": {callback}, "code_verifier": {p.verifier},
	})
	if err != nil {
		return err
	}
	p.refresh = r.text("refresh_token")
	return p.took(r)
}

// button gives the form of the page that cuts the app.
func (p *people) button(ctx context.Context) (url.Values, error) {
	r, err := p.page(ctx, "/o/authorized_tokens/", http.StatusOK)
	if err != nil {
		return nil, err
	}
	return r.form("/o/authorized_tokens/", `value="`+p.guest.App.ID+`"`)
}

func (p *people) fromElsewhere(ctx context.Context) error {
	form, err := p.button(ctx)
	if err != nil {
		return err
	}
	r, err := p.visit(ctx, http.MethodPost, "/o/authorized_tokens/", form, "Sec-Fetch-Site", "cross-site")
	if err != nil {
		return err
	}
	return r.isPage(http.StatusBadRequest)
}

func (p *people) cut(ctx context.Context) error {
	form, err := p.button(ctx)
	if err != nil {
		return err
	}
	r, err := p.visit(ctx, http.MethodPost, "/o/authorized_tokens/", form, "Sec-Fetch-Site", "same-origin")
	if err != nil {
		return err
	}
	_, err = r.leadsTo("/o/authorized_tokens/?cut=" + p.guest.App.ID)
	return err
}

func (p *people) refused(ctx context.Context) error {
	r, err := p.send(ctx, http.MethodPost, "/o/token/", p.basic, url.Values{"grant_type": {oauth.GrantRefreshToken}, "refresh_token": {p.refresh}})
	if err != nil {
		return err
	}
	if r.text("error") != string(oauth.InvalidGrant) {
		return fmt.Errorf("the error is %q", r.text("error"))
	}
	return r.expect(http.StatusBadRequest)
}

func (p *people) gone(ctx context.Context) error {
	r, err := p.page(ctx, "/o/authorized_tokens/?cut="+p.guest.App.ID, http.StatusOK)
	if err != nil {
		return err
	}
	if _, err := r.form("/o/authorized_tokens/", `value="`+p.guest.App.ID+`"`); err == nil || !strings.Contains(string(r.body), p.guest.App.ID) {
		return errors.New("it is listed, or not named")
	}
	return nil
}

func (p *people) signOut(ctx context.Context) error {
	r, err := p.page(ctx, "/o/authorized_tokens", http.StatusOK)
	if err != nil {
		return err
	}
	form, err := r.form("/o/sign_out/", "")
	if err != nil {
		return err
	}
	if r, err = p.visit(ctx, http.MethodPost, "/o/sign_out/", form, "Sec-Fetch-Site", "same-origin"); err != nil {
		return err
	}
	if p.session() != "" {
		return errors.New("the browser keeps its cookie")
	}
	return r.isPage(http.StatusOK)
}

func (p *people) oldCookie(ctx context.Context) error {
	if p.stolen == "" {
		return errors.New("there was no session")
	}
	name := "rescind-session"
	if strings.HasPrefix(p.issuer, "https:") {
		name = "__Host-" + name
	}
	p.cookies = map[string]string{name: p.stolen}
	r, err := p.visit(ctx, http.MethodGet, "/o/authorized_tokens/", nil)
	if err != nil {
		return err
	}
	_, err = r.leadsTo("/o/sign_in/?")
	return err
}

func (p *people) noProvider(ctx context.Context) error {
	_, err := p.page(ctx, "/o/upstream/callback/?code=c&state=s", http.StatusNotFound)
	return err
}
