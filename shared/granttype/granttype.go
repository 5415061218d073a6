// Package granttype has one file for each grant_type of the token endpoint
// (RFC 6749 section 1.3). A type says which token or code it is given, so that
// the endpoint can read its grant together with the client, checks its own
// parameters, and calls the grant's rule.
//
// By then the endpoint has authenticated the client and seen that it may use
// the type; no type can forget either. The package must not know HTTP.
package granttype

import (
	"context"
	"slices"

	"rescind/shared/audit"
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/token"
)

// Store is what the grant types need of a store.
type Store interface {
	grant.IssueStore
	grant.RefreshStore
}

// Request is a token request whose client has authenticated.
type Request struct {
	Client     client.Authenticated
	Params     *oauth.Params
	Presented  token.Value  // what Presented of the type gave
	Grant      *grant.Grant // of the presented value, of the same read as the client; nil where there is none
	Generation int64
}

// Type is one grant_type.
type Type interface {
	// Name is the value of the grant_type parameter.
	Name() string
	// Presented is the token or code that the request brings; the zero Value
	// where it brings none that can be ours.
	Presented(p *oauth.Params) token.Value
	// Issue answers the request. done is what to put into the audit. Errors:
	// *oauth.Error, perhaps wrapped in *grant.Refused, or an outage.
	Issue(ctx context.Context, r grant.Rules, s Store, req Request) (t grant.Tokens, done audit.Action, err error)
}

// resources gives the resource parameters, each once, if all are resource
// indicators (RFC 8707 section 2).
func resources(p *oauth.Params) ([]string, error) {
	var all []string
	for _, res := range p.All("resource") {
		if !oauth.ValidResource(res) {
			return nil, oauth.Refuse(oauth.InvalidTarget, "A resource must be an absolute URI without a fragment.")
		}
		if !slices.Contains(all, res) {
			all = append(all, res)
		}
	}
	return all, nil
}

// scope gives the scope parameter, nil where there is none.
func scope(p *oauth.Params) (oauth.Scope, error) {
	s, ok := oauth.ParseScope(p.Get("scope"))
	if !ok {
		return nil, oauth.Refuse(oauth.InvalidScope, "The scope is malformed: words separated by single spaces.")
	}
	return s, nil
}
