package registration

import (
	"fmt"
	"slices"
	"strings"

	"rescind/shared/client"
	"rescind/shared/oauth"
)

// The members that say where a client's users and pages are. The first is RFC
// 7591's (section 2); both have the same name in django-oauth-toolkit's table,
// as words separated by spaces.
const (
	memberRedirectURIs = "redirect_uris"
	memberOrigins      = "allowed_origins"
	memberResponse     = "response_types"
)

// metadataRedirects keeps the redirect URIs and the origins. A response_types
// of code says what the grant types say.
func metadataRedirects(m *members, p *client.Policy) {
	p.RedirectURIs, p.AllowedOrigins = each(m.texts(memberRedirectURIs)), each(m.texts(memberOrigins))
	for _, t := range m.texts(memberResponse) {
		if t != "code" {
			m.leaves(memberResponse)
		}
	}
}

// rowRedirects does so for a row. There every application may have redirect
// URIs; where none could be used they are left out.
func rowRedirects(m *members, p *client.Policy) {
	p.AllowedOrigins = each(strings.Fields(m.text(memberOrigins)))
	uris := each(strings.Fields(m.text(memberRedirectURIs)))
	switch {
	case p.Allows(oauth.GrantAuthorizationCode):
		p.RedirectURIs = uris
	case len(uris) > 0:
		m.leaves(memberRedirectURIs)
	}
}

// each gives the texts that are not empty, each once.
func each(all []string) (kept []string) {
	for _, s := range all {
		if s != "" && !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}

// checkRedirects names the place of what is wrong and quotes nothing of it.
func checkRedirects(p client.Policy) error {
	for i, uri := range p.RedirectURIs {
		if err := client.CheckRedirectURI(uri); err != nil {
			return fmt.Errorf("its redirect URI %d cannot be kept: %w", i+1, err)
		}
	}
	for i, origin := range p.AllowedOrigins {
		if err := client.CheckOrigin(origin); err != nil {
			return fmt.Errorf("its allowed origin %d cannot be kept: %w", i+1, err)
		}
	}
	return nil
}
