package endpoint

import (
	"context"
	"net/http"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/token"
)

// call is one request on its way through the pipeline.
type call struct {
	id     string // the request id
	route  string
	source string

	params    oauth.Params
	auth      presented
	presented token.Value // the token, code or refresh token that the request is about

	client     client.Authenticated
	pair       int          // which reading of the credentials verified
	grant      *grant.Grant // of presented, of the same read as the client
	generation int64

	caller      string      // the client that asked, for the access log
	bearer      token.Value // where a bearer calls
	bearerGrant *grant.Grant

	// Room for what the read needs: there are at most two readings of the credentials.
	rows   [2]*client.Client
	ids    [2]string
	grants [1]token.GrantID
}

// enter runs steps 1 to 6. Nothing has been looked up when it returns.
func (c *call) enter(w http.ResponseWriter, r *http.Request) error {
	var err error
	if c.params, err = readForm(w, r); err != nil {
		return err
	}
	c.auth, err = readCredentials(r, &c.params, c.source)
	return err
}

// authenticate runs steps 7 and 8: one read of the client's row together with
// the grant of the presented value, then the client's authentication.
func (s *Service) authenticate(ctx context.Context, c *call, store grant.Finder) error {
	if c.auth.isBearer {
		return &oauth.Error{Code: oauth.InvalidClient, Challenge: "Bearer", Description: "This endpoint does not take a bearer token."}
	}
	if c.auth.unsupported {
		return &oauth.Error{Code: oauth.InvalidClient, Challenge: "Basic", Description: "Client authentication failed."}
	}
	pairs := c.auth.client.Pairs
	rows := c.rows[:len(pairs)]
	keys := grant.Keys{Clients: c.ids[:0]}
	for _, p := range pairs {
		if oauth.ValidClientID(p.ID) {
			keys.Clients = append(keys.Clients, p.ID)
		}
	}
	if c.presented.Kind() != 0 {
		c.grants[0] = c.presented.GrantID()
		keys.Grants = c.grants[:1]
	}
	if len(keys.Clients) > 0 {
		found, err := store.Find(ctx, keys)
		if err != nil {
			return err
		}
		for i, next := 0, 0; i < len(pairs); i++ {
			if oauth.ValidClientID(pairs[i].ID) {
				rows[i] = found.Clients[next]
				next++
			}
		}
		c.generation = found.Generation
		if len(found.Grants) > 0 {
			c.grant = found.Grants[0]
		}
	}
	proof, pair, err := s.Auth.Authenticate(ctx, c.auth.client, rows)
	if err != nil {
		c.grant = nil // who did not authenticate is not connected with it, in the audit neither
		return err
	}
	c.client, c.pair = proof, pair
	return nil
}

// readBearer is step 7 where a bearer calls: one read of its grant together
// with the grant of the presented value. Whether the bearer may call is decided
// with its client's row, which its grant names.
func (s *Service) readBearer(ctx context.Context, c *call, store grant.Finder) error {
	v, ok := token.Parse(c.auth.bearer.Reveal())
	if !ok {
		return errBearer
	}
	keys := grant.Keys{Grants: []token.GrantID{v.GrantID()}}
	if c.presented.Kind() != 0 {
		keys.Grants = append(keys.Grants, c.presented.GrantID())
	}
	rows, err := store.Find(ctx, keys)
	if err != nil {
		return err
	}
	c.bearer, c.bearerGrant, c.generation = v, rows.Grants[0], rows.Generation
	if len(rows.Grants) > 1 {
		c.grant = rows.Grants[1]
	}
	return nil
}
