package main

import (
	"fmt"
	"net/http"

	"rescind/shared/browser"
	"rescind/shared/endpoint"
	"rescind/shared/grant"
	"rescind/shared/session"
	"rescind/shared/upstream"
	"rescind/shared/user"
)

// pages are what people's browsers ask: signing in, consent, and what they have
// authorized. The upstream provider, if any, stands in the environment, since
// its secret must not stand on a command line.
func (a *app) pages(svc *endpoint.Service, store browser.Store) (http.Handler, error) {
	s := &browser.Service{
		Endpoint: svc,
		Store:    store,
		Sessions: session.Defaults(a.rules.Now, a.rules.Rand),
		Accounts: user.NewAccounts(store, grant.SubjectEnder{Rules: a.rules, Store: store}, a.rules.Now, a.rules.Rand),
	}
	cfg, err := upstream.FromEnv(a.env)
	if err != nil {
		return nil, fmt.Errorf("the upstream provider: %w", err)
	}
	if cfg != nil {
		s.Upstream = upstream.New(*cfg, svc.Issuer+endpoint.PathUpstreamCallback, nil, a.rules.Now)
	}
	return browser.New(s)
}
