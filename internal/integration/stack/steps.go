package stack

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

const metadataPath = "/.well-known/oauth-authorization-server"

func (d *drive) metadata(ctx context.Context) error {
	r, err := d.send(ctx, http.MethodGet, metadataPath, "", nil)
	if err != nil {
		return err
	}
	d.etag = r.header.Get("ETag")
	all := []error{r.expect(http.StatusOK, "Content-Type", "application/json")}
	for name, want := range map[string]string{
		"issuer": d.issuer, "token_endpoint": d.issuer + "/o/token/",
		"revocation_endpoint": d.issuer + "/o/revoke_token/", "introspection_endpoint": d.issuer + "/o/introspect/",
	} {
		if got := r.text(name); got != want {
			all = append(all, fmt.Errorf("%s is %q, not %q", name, got, want))
		}
	}
	return errors.Join(all...)
}

func (d *drive) notModified(ctx context.Context) error {
	if d.etag == "" {
		return errors.New("the metadata has no ETag")
	}
	r, err := d.send(ctx, http.MethodGet, metadataPath, "", nil, "If-None-Match", d.etag)
	if err != nil {
		return err
	}
	return r.expect(http.StatusNotModified)
}

func (d *drive) token(path string) func(context.Context) error {
	return func(ctx context.Context) error {
		d.access = ""
		r, err := d.send(ctx, http.MethodPost, path, d.basic, url.Values{"grant_type": {"client_credentials"}, "scope": {"read"}})
		if err != nil {
			return err
		}
		return d.took(r)
	}
}

// took keeps the tokens of a successful answer (RFC 6749 section 5.1).
func (d *drive) took(r reply) error {
	if err := r.expect(http.StatusOK, "Content-Type", "application/json", "Cache-Control", "no-store"); err != nil {
		return err
	}
	if d.access = r.text("access_token"); d.access == "" || !strings.EqualFold(r.text("token_type"), "Bearer") {
		return errors.New("there is no bearer token in it")
	}
	return nil
}

func (d *drive) introspect(active bool) func(context.Context) error {
	return func(ctx context.Context) error {
		if d.access == "" {
			return errors.New("there is no token to ask about")
		}
		for _, path := range []string{"/o/introspect/", "/o/introspect"} {
			r, err := d.send(ctx, http.MethodPost, path, d.basic, url.Values{"token": {d.access}})
			if err != nil {
				return err
			}
			if err := r.expect(http.StatusOK); err != nil {
				return err
			}
			if got, ok := r.json["active"].(bool); !ok || got != active {
				return fmt.Errorf("%s: active is %v, not %t", path, r.json["active"], active)
			}
		}
		return nil
	}
}

func (d *drive) revoke(path string) func(context.Context) error {
	return func(ctx context.Context) error { return d.revokeAt(ctx, path, d.access) }
}

func (d *drive) revokeRefresh(ctx context.Context) error {
	return d.revokeAt(ctx, "/o/revoke_token/", d.refresh)
}

func (d *drive) revokeAt(ctx context.Context, path, token string) error {
	if token == "" {
		return errors.New("there is no token to revoke")
	}
	r, err := d.send(ctx, http.MethodPost, path, d.basic, url.Values{"token": {token}})
	if err != nil {
		return err
	}
	return r.expect(http.StatusOK)
}

func (d *drive) refreshed(ctx context.Context) error {
	d.access = ""
	r, err := d.send(ctx, http.MethodPost, "/o/token/", d.basic, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {d.refresh}})
	if err != nil {
		return err
	}
	if err := d.took(r); err != nil {
		return err
	}
	if next := r.text("refresh_token"); next == "" || next == d.refresh {
		return errors.New("there is no new refresh token in it")
	}
	d.refresh = r.text("refresh_token")
	return d.introspect(true)(ctx)
}

func (d *drive) wrongSecret(ctx context.Context) error {
	id, _, _ := strings.Cut(decoded(d.basic), ":")
	basic := base64.StdEncoding.EncodeToString([]byte(id + ":wrong"))
	r, err := d.send(ctx, http.MethodPost, "/o/token/", basic, url.Values{"grant_type": {"client_credentials"}})
	if err != nil {
		return err
	}
	if err := r.expect(http.StatusUnauthorized); err != nil {
		return err
	}
	if challenge := r.header.Get("WWW-Authenticate"); !strings.HasPrefix(challenge, "Basic ") || r.text("error") != "invalid_client" {
		return fmt.Errorf("WWW-Authenticate is %q and error %q", challenge, r.text("error"))
	}
	return nil
}

func decoded(basic string) string {
	b, _ := base64.StdEncoding.DecodeString(basic) // ours
	return string(b)
}

func (d *drive) wrongMethod(path, method, allow string) func(context.Context) error {
	return func(ctx context.Context) error {
		r, err := d.send(ctx, method, path, "", nil)
		if err != nil {
			return err
		}
		return r.expect(http.StatusMethodNotAllowed, "Allow", allow)
	}
}

func (d *drive) nowhere(ctx context.Context) error {
	r, err := d.send(ctx, http.MethodGet, "/o/", "", nil)
	if err != nil {
		return err
	}
	return r.expect(cmp.Or(d.api.NoRoute, http.StatusNotFound))
}
