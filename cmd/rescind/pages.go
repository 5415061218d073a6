package main

import (
	"fmt"
	"net/http"

	"rescind/shared/browser"
	"rescind/shared/endpoint"
	"rescind/shared/upstream"
)

// pages are what people's browsers ask: signing in, consent, and what they have
// authorized. The upstream provider, if any, stands in the environment, since
// its secret must not stand on a command line.
func (a *app) pages(svc *endpoint.Service, store browser.Store) (http.Handler, error) {
	provider, err := upstream.FromEnv(a.env)
	if err != nil {
		return nil, fmt.Errorf("the upstream provider: %w", err)
	}
	return browser.New(browser.Standard(svc, store, provider))
}
