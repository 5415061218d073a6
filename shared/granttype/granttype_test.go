package granttype_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"testing"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/granttype"
	"rescind/shared/oauth"
	"rescind/shared/token"
)

func params(pairs ...string) *oauth.Params {
	var p oauth.Params
	for i := 0; i < len(pairs); i += 2 {
		p.Add(pairs[i], pairs[i+1])
	}
	return &p
}

func code(err error) oauth.Code {
	var answer *oauth.Error
	if errors.As(err, &answer) {
		return answer.Code
	}
	return ""
}

// TestPresented: a type asks for the grant of what can be its own, and of
// nothing else.
func TestPresented(t *testing.T) {
	id, err := token.NewGrantID(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made := map[token.Kind]string{}
	for kind, draw := range map[token.Kind]func() (token.Value, error){
		token.Access:  func() (token.Value, error) { return token.NewAccess(id, rand.Reader) },
		token.Refresh: func() (token.Value, error) { return token.NewRefresh(id, rand.Reader) },
		token.Code:    func() (token.Value, error) { return token.NewCode(id, rand.Reader) },
	} {
		v, err := draw()
		if err != nil {
			t.Fatal(err)
		}
		made[kind] = v.Text().Reveal()
	}
	for _, tt := range []struct {
		name string
		of   granttype.Type
		text string
		want token.Kind
	}{
		{"a refresh token", granttype.RefreshToken{}, made[token.Refresh], token.Refresh},
		{"an access token as a refresh token", granttype.RefreshToken{}, made[token.Access], 0},
		{"a code as a refresh token", granttype.RefreshToken{}, made[token.Code], 0},
		{"junk as a refresh token", granttype.RefreshToken{}, "junk", 0},
		{"nothing as a refresh token", granttype.RefreshToken{}, "", 0},
		{"a code", granttype.AuthorizationCode{}, made[token.Code], token.Code},
		{"a refresh token as a code", granttype.AuthorizationCode{}, made[token.Refresh], 0},
		{"an access token as a code", granttype.AuthorizationCode{}, made[token.Access], 0},
		{"a damaged code", granttype.AuthorizationCode{}, made[token.Code] + "A", 0},
		{"a refresh token beside client_credentials", granttype.ClientCredentials{}, made[token.Refresh], 0},
	} {
		if got := tt.of.Presented(params("refresh_token", tt.text, "code", tt.text)); got.Kind() != tt.want {
			t.Errorf("%s is taken for a %s", tt.name, got.Kind())
		}
	}
}

func TestAllowedScope(t *testing.T) {
	p := client.Policy{Scope: oauth.Scope{"read", "write"}, DefaultScope: oauth.Scope{"read"}}
	for _, tt := range []struct {
		asked string
		of    client.Policy
		want  oauth.Scope
		code  oauth.Code
	}{
		{"", p, oauth.Scope{"read"}, ""},
		{"write", p, oauth.Scope{"write"}, ""},
		{"write read write", p, oauth.Scope{"write", "read"}, ""},
		{"read admin", p, nil, oauth.InvalidScope},
		{"", client.Policy{Scope: oauth.Scope{"read"}}, nil, oauth.InvalidScope},
		{"read", client.Policy{}, nil, oauth.InvalidScope},
		{"read  write", p, nil, oauth.InvalidScope},
		{" read", p, nil, oauth.InvalidScope},
	} {
		got, err := granttype.AllowedScope(tt.of, params("scope", tt.asked))
		if !slices.Equal(got, tt.want) || code(err) != tt.code {
			t.Errorf("asked for %q, it gives %v and %v", tt.asked, got, err)
		}
	}
}

// TestAPublicClientHasNoCredentials: also where a row says that it may use the
// type, which registration forbids (RFC 6749 section 4.4).
func TestAPublicClientHasNoCredentials(t *testing.T) {
	row := &client.Client{ID: "spa", State: client.On, Policy: client.Policy{Type: client.Public,
		GrantTypes: []string{oauth.GrantClientCredentials}, Scope: oauth.Scope{"read"}, DefaultScope: oauth.Scope{"read"}}}
	auth := client.NewAuthenticator(time.Now, client.NewAttempts(1, time.Second))
	proof, _, err := auth.Authenticate(t.Context(), client.Credentials{Method: oauth.AuthNone, Pairs: []client.Pair{{ID: "spa"}}}, []*client.Client{row})
	if err != nil {
		t.Fatal(err)
	}
	rules := grant.Defaults(time.Now, rand.Reader)
	_, _, err = granttype.ClientCredentials{}.Issue(t.Context(), rules, untouched{t: t}, granttype.Request{Client: proof, Params: params()})
	if code(err) != oauth.UnauthorizedClient {
		t.Errorf("the answer is %v", err)
	}
}

// untouched is a store that must not be asked.
type untouched struct {
	granttype.Store
	t *testing.T
}

func (u untouched) Create(context.Context, *grant.Grant) error {
	u.t.Error("a grant was made")
	return nil
}
