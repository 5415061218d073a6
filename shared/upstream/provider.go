package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"
)

// fresh is how long what a provider's metadata says is used before it is read
// again, and with it the keys: one that the provider has withdrawn counts no longer.
const fresh = time.Hour

// Provider is an upstream OpenID provider. It may be used by many at a time.
type Provider struct {
	cfg         Config
	redirectURI string
	client      *http.Client
	now         func() time.Time

	flight singleflight.Group
	mu     sync.Mutex
	known  *known
}

// New makes a provider of a Config that has been checked. redirectURI is ours
// and registered there. Nothing is asked of the provider before it is needed.
// A nil hc stands for a client of its own, a nil now for the clock.
func New(cfg Config, redirectURI string, hc *http.Client, now func() time.Time) *Provider {
	if now == nil {
		now = time.Now
	}
	return &Provider{cfg: cfg, redirectURI: redirectURI, client: careful(hc), now: now}
}

// ID is the provider's name in cookies and logs.
func (p *Provider) ID() string { return p.cfg.ID }

// Issuer is the provider's issuer, as it is configured.
func (p *Provider) Issuer() string { return p.cfg.Issuer }

// Name is the provider's name for people.
func (p *Provider) Name() string {
	if p.cfg.Name != "" {
		return p.cfg.Name
	}
	if u, err := url.Parse(p.cfg.Issuer); err == nil {
		return u.Host
	}
	return p.cfg.ID
}

// known is what a provider says of itself.
type known struct {
	oauth    oauth2.Config // without the secret
	verifier *oidc.IDTokenVerifier
	sendsIss bool // RFC 9207 section 3
	until    time.Time
}

// metadata is what is read of OpenID Connect Discovery section 3, beside what
// the library reads.
type metadata struct {
	Keys        string   `json:"jwks_uri"`
	AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	SendsIss    bool     `json:"authorization_response_iss_parameter_supported"`
}

// discover gives what the provider says of itself, asking where that is not
// known or too old. All who need it at the same time wait for one answer; a
// failure is not kept.
func (p *Provider) discover(ctx context.Context) (*known, error) {
	if k := p.current(); k != nil {
		return k, nil
	}
	answer := p.flight.DoChan("", func() (any, error) {
		if k := p.current(); k != nil {
			return k, nil // somebody's answer came in between
		}
		// Who asked first may go away; the others still wait.
		k, err := p.ask(context.WithoutCancel(ctx))
		if err != nil {
			return nil, fmt.Errorf("asking the upstream provider %s for its metadata: %w", p.cfg.ID, err)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.known = k
		return k, nil
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case a := <-answer:
		if a.Err != nil {
			return nil, a.Err
		}
		return a.Val.(*known), nil
	}
}

// current is what is known and not too old, or nil.
func (p *Provider) current() *known {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil || !p.now().Before(p.known.until) {
		return nil
	}
	return p.known
}

// ask reads the metadata, and takes nothing of it that it does not understand.
func (p *Provider) ask(ctx context.Context) (*known, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.cfg.Issuer)
	if err != nil {
		return nil, errors.New(brief(err)) // it may quote the document, which is public but long
	}
	var m metadata
	if err := provider.Claims(&m); err != nil {
		return nil, errors.New("a member of the document has another type than it should")
	}
	endpoint := provider.Endpoint()
	for name, value := range map[string]string{"authorization_endpoint": endpoint.AuthURL, "token_endpoint": endpoint.TokenURL, "jwks_uri": m.Keys} {
		// Without TLS only where the issuer has none: a provider elsewhere names nothing on this machine.
		if u, err := url.Parse(value); err != nil || !usable(u) || u.Scheme == "http" && !strings.HasPrefix(p.cfg.Issuer, "http:") {
			return nil, fmt.Errorf("its %s is no https URL (http will do for a loopback address only)", name)
		}
	}
	if endpoint.AuthStyle, err = authStyle(m.AuthMethods); err != nil {
		return nil, err
	}
	return &known{
		oauth:    oauth2.Config{ClientID: p.cfg.ClientID, Endpoint: endpoint, RedirectURL: p.redirectURI, Scopes: p.cfg.scopes()},
		verifier: provider.Verifier(&oidc.Config{ClientID: p.cfg.ClientID, Now: p.now}),
		sendsIss: m.SendsIss,
		until:    p.now().Add(fresh),
	}, nil
}

// authStyle picks how we authenticate: OpenID Connect Discovery section 3, the
// default being Basic. Trying one way and then the other, as the library would,
// shows the provider the same code twice.
func authStyle(methods []string) (oauth2.AuthStyle, error) {
	switch {
	case len(methods) == 0 || slices.Contains(methods, "client_secret_basic"):
		return oauth2.AuthStyleInHeader, nil
	case slices.Contains(methods, "client_secret_post"):
		return oauth2.AuthStyleInParams, nil
	}
	return 0, errors.New("its token endpoint takes neither client_secret_basic nor client_secret_post")
}
