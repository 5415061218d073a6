package browser

import (
	"rescind/shared/endpoint"
	"rescind/shared/grant"
	"rescind/shared/session"
	"rescind/shared/upstream"
	"rescind/shared/user"
)

// Standard is a Service as deployments have it, over ep's rules, with an
// upstream provider where there is a Config.
func Standard(ep *endpoint.Service, store Store, provider *upstream.Config) *Service {
	rules := ep.Rules
	s := &Service{
		Endpoint: ep, Store: store, Sessions: session.Defaults(rules.Now, rules.Rand),
		Accounts: user.NewAccounts(store, grant.SubjectEnder{Rules: rules, Store: store}, rules.Now, rules.Rand),
	}
	s.Sessions.WriteTimeout = rules.WriteTimeout
	if provider != nil {
		s.Upstream = upstream.New(*provider, ep.Issuer+endpoint.PathUpstreamCallback, nil, rules.Now)
	}
	return s
}
