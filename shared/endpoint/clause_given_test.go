package endpoint_test

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// givenForms are the lines of a section "given".
var givenForms = []form{
	says(`(confidential|public) client (\w+)((?:; .*)?)`, func(r *run, a []string) {
		p := confidential()
		if a[0] == "public" {
			p = public()
		}
		r.newClient(a[1], p, a[2])
	}),
	says(`resource server (\w+)((?:; .*)?)`, func(r *run, a []string) {
		r.newClient(a[0], client.Policy{Name: "api", Type: client.Confidential, ResourceServer: true}, a[1])
	}),
	says(`grant of (\w+) to (\w+) gives (\w+) (\w+)((?:; .*)?)`, func(r *run, a []string) {
		p := r.attributes(a[4])
		t := r.issue(r.app(a[0]), r.subject(a[1]), p.Scope, p.Audience)
		r.bind(a[2], t.Access.Text())
		r.bind(a[3], t.Refresh.Text())
	}),
	says(`own grant of (\w+) gives (\w+)((?:; .*)?)`, func(r *run, a []string) {
		p := r.attributes(a[2])
		r.bind(a[1], r.issue(r.app(a[0]), "", p.Scope, p.Audience).Access.Text())
	}),
	says(`code of (\w+) to (\w+) gives (\w+)(?: sent to (\S+))?( without a challenge)?((?:; .*)?)`, func(r *run, a []string) {
		p := r.attributes(a[5])
		code := r.issueCode(r.app(a[0]), r.subject(a[1]), p.Scope, p.Audience, a[3], a[4] == "")
		r.values["verifier"], r.values["challenge"] = codeVerifier, codeChallenge
		r.bind(a[2], code.Text())
	}),
	says(`forgery of (\w+) gives (\w+)`, func(r *run, a []string) { r.bind(a[1], r.forged(r.value(a[0])).Text()) }),
	says(`damaged (\w+) gives (\w+)`, func(r *run, a []string) {
		b := []byte(r.value(a[0]))
		b[len(b)-1] ^= 1
		r.bind(a[1], secret.NewText(string(b)))
	}),
	says(`(\w+) refreshes (\w+) and gets (\w+) (\w+)`, func(r *run, a []string) {
		t := r.refreshed(r.app(a[0]), r.value(a[1]))
		r.bind(a[2], t.Access.Text())
		if t.Refresh.Text().Reveal() != r.value(a[1]) {
			r.bind(a[3], t.Refresh.Text())
		}
	}),
	says(`clock \+(\w+)`, func(r *run, a []string) {
		d, err := time.ParseDuration(a[0])
		r.must(err, "reading the clock's step")
		r.clock.Advance(d)
	}),
	says(`grant of (\w+) is revoked by the operator`, func(r *run, a []string) {
		_, err := r.rules.RevokeGrant(r.Context(), r.raw, r.parsed(a[0]).GrantID(), "operator")
		r.must(err, "revoking")
	}),
	says(`subject (\w+) is revoked`, func(r *run, a []string) {
		_, err := r.rules.RevokeSubject(r.Context(), r.raw, r.subject(a[0]))
		r.must(err, "revoking the subject")
	}),
	says(`client (\w+) is (disabled|enabled|deleted|revoked)`, func(r *run, a []string) {
		m := r.manager()
		_, err := map[string]func() (*client.Client, error){
			"disabled": func() (*client.Client, error) { return m.Disable(r.Context(), r.app(a[0]).id) },
			"enabled":  func() (*client.Client, error) { return m.Enable(r.Context(), r.app(a[0]).id) },
			"deleted":  func() (*client.Client, error) { return m.Delete(r.Context(), r.app(a[0]).id) },
			"revoked":  func() (*client.Client, error) { return m.RaiseEpoch(r.Context(), r.app(a[0]).id) },
		}[a[1]]()
		r.must(err, "changing the client")
	}),
	says(`secret of (\w+) is rotated, the new one is (\w+)'s`, func(r *run, a []string) {
		_, text, err := r.manager().RotateSecret(r.Context(), r.app(a[0]).id)
		r.must(err, "rotating the secret")
		made.text(text.Reveal())
		r.apps[a[1]] = app{r.app(a[0]).id, text}
	}),
	says(`old secret of (\w+) is dropped`, func(r *run, a []string) {
		_, err := r.manager().DropOldSecret(r.Context(), r.app(a[0]).id)
		r.must(err, "dropping the secret")
	}),
	says(`secret of (\w+) was imported from django as (\S+)`, func(r *run, a []string) { r.importSecret(a[0], a[1]) }),
	says(`the store generation is raised`, func(r *run, _ []string) {
		now, err := r.raw.Generation(r.Context())
		r.must(err, "reading the generation")
		r.must(r.raw.RaiseGeneration(r.Context(), now+1), "raising the generation")
	}),
	says(`(\d+) wrong secrets were sent for (\w+) from (\S+)`, func(r *run, a []string) {
		n, err := strconv.Atoi(a[0])
		r.must(err, "reading a number")
		for range n {
			req := post("/o/revoke_token/", "token=x", basicHeader(r.app(a[1]).id, "wrong"))
			req.from = a[2]
			if got := r.by.send(r, r.gateway, req); got.status != 401 {
				r.Fatalf("%s: a wrong secret is answered %d", r.at, got.status)
			}
		}
	}),
	says(`store fails at call (\d+)`, func(r *run, a []string) { r.fault(broken.Fails, a[0]) }),
	says(`store fails at every call`, func(r *run, _ []string) { r.fault(broken.Fails, "0") }),
	says(`store loses the answer of call (\d+)`, func(r *run, a []string) { r.fault(broken.Lost, a[0]) }),
}

func (r *run) fault(m broken.Mode, call string) {
	n, err := strconv.Atoi(call)
	r.must(err, "reading a number")
	r.faults = append(r.faults, broken.Fault{Mode: m, N: n})
}

// The example of RFC 7636 appendix B.
const (
	codeVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	codeChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// issueCode issues a code as the authorization endpoint does: bound to its
// redirect_uri parameter as it was sent, to no text where it was left out.
func (d *deployment) issueCode(of app, subject string, scope oauth.Scope, audience []string, redirectURI string, challenged bool) token.Value {
	d.Helper()
	req := grant.CodeRequest{RedirectURI: secret.NewText(redirectURI).Digest()}
	if challenged {
		req.Challenge = codeChallenge
	}
	code, err := d.rules.IssueCode(d.Context(), d.raw, d.birth(of, subject, scope, audience), req)
	d.must(err, "issuing a code")
	made.text(code.Text().Reveal())
	return code
}

// subject gives a subject its name; one that was named before stays the same.
func (r *run) subject(name string) string {
	r.names[name] = name + r.suffix
	return r.names[name]
}

func (r *run) parsed(name string) token.Value {
	r.Helper()
	v, ok := token.Parse(r.value(name))
	if !ok {
		r.Fatalf("%s: %s is no value of ours", r.at, name)
	}
	return v
}

// forged is a well-formed value of the same kind and grant that nobody issued.
func (r *run) forged(text string) token.Value {
	r.Helper()
	v, ok := token.Parse(text)
	if !ok {
		r.Fatalf("%s: only a token can be forged", r.at)
	}
	forge := map[token.Kind]func() (token.Value, error){
		token.Access:  func() (token.Value, error) { return token.NewAccess(v.GrantID(), rand.Reader) },
		token.Refresh: func() (token.Value, error) { return token.NewRefresh(v.GrantID(), rand.Reader) },
		token.Code:    func() (token.Value, error) { return token.NewCode(v.GrantID(), rand.Reader) },
	}[v.Kind()]
	forgery, err := forge()
	r.must(err, "forging")
	return forgery
}

// newClient registers a client, which the case calls by name from then on.
func (r *run) newClient(name string, p client.Policy, attributes string) {
	r.Helper()
	r.apps[name] = r.register(name, r.with(p, attributes))
}

func (r *run) attributes(list string) client.Policy {
	r.Helper()
	p := r.with(client.Policy{}, list)
	if p.Scope == nil {
		p.Scope = scopeOf("read write")
	}
	return p
}

// with reads "; key value; key value", the words being those of registration.
func (r *run) with(p client.Policy, list string) client.Policy {
	r.Helper()
	for pair := range strings.SplitSeq(strings.TrimPrefix(list, "; "), "; ") {
		key, value, _ := strings.Cut(pair, " ")
		var err error
		switch key {
		case "":
		case "scopes":
			p.Scope = scopeOf(value)
			p.DefaultScope = slices.DeleteFunc(slices.Clone(p.DefaultScope), func(s string) bool { return !p.Scope.Has(s) })
		case "default_scopes":
			p.DefaultScope = scopeOf(strings.TrimPrefix(value, "none"))
		case "grant_types":
			p.GrantTypes = strings.Fields(value)
		case "audience":
			p.Audience = strings.Fields(value)
		case "redirect_uris":
			p.RedirectURIs = strings.Fields(value)
		case "allowed_origins":
			p.AllowedOrigins = strings.Fields(value)
		case "token_endpoint_auth_method":
			p.TokenEndpointAuthMethod = value
		case "refresh_rotation":
			p.RefreshRotation = value
		case "revoke_access_token":
			p.RevokeAccessToken = value
		case "access_token_lifetime":
			p.AccessTokenLifetime, err = time.ParseDuration(value)
		case "refresh_idle_lifetime":
			p.RefreshIdleLifetime, err = time.ParseDuration(value)
		case "refresh_total_lifetime":
			p.RefreshTotalLifetime, err = time.ParseDuration(value)
		default:
			err = fmt.Errorf("unknown attribute %q", key)
		}
		r.must(err, r.at)
	}
	return p
}

// importSecret gives a client the hash that django would have kept of text.
func (r *run) importSecret(name, text string) {
	r.Helper()
	key, err := pbkdf2.Key(sha256.New, text, []byte("salt"), 1000, sha256.Size)
	r.must(err, "hashing")
	a := r.app(name)
	row, err := r.raw.FindClient(r.Context(), a.id)
	r.must(err, "reading the client")
	op, err := secret.NewOp(rand.Reader)
	r.must(err, "drawing an op")
	hash := "pbkdf2_sha256$1000$salt$" + base64.StdEncoding.EncodeToString(key)
	kept := []client.Secret{{Imported: secret.NewText(hash), Created: r.clock.Now()}}
	r.must(r.raw.UpdateClient(r.Context(), a.id, row.Version, client.Change{Secrets: &kept, Op: op, Updated: r.clock.Now()}), "importing")
	made.text(text)
	made.text(hash)
	r.apps[name] = app{a.id, secret.NewText(text)}
}

// refreshed is a refresh by the rules, past the endpoint.
func (d *deployment) refreshed(of app, text string) grant.Tokens {
	d.Helper()
	v, _ := token.Parse(text)
	rows, err := d.raw.Find(d.Context(), grant.Keys{Clients: []string{of.id}, Grants: []token.GrantID{v.GrantID()}})
	d.must(err, "reading the grant")
	cr := client.Credentials{Method: "client_secret_basic", Source: "test", Pairs: []client.Pair{{ID: of.id, Secret: of.text}}}
	if of.text.IsEmpty() {
		cr.Method = "none"
	}
	proof, _, err := d.service.Auth.Authenticate(d.Context(), cr, rows.Clients)
	d.must(err, "authenticating")
	t, err := d.rules.Refresh(d.Context(), d.raw, grant.RefreshRequest{Client: proof, Token: v, Grant: rows.Grants[0], Generation: rows.Generation})
	d.must(err, "refreshing")
	made.text(t.Access.Text().Reveal())
	made.text(t.Refresh.Text().Reveal())
	return t
}
