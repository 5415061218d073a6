package main

import (
	"net/http"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// A client that we did not write obtains and refreshes against the gateway.
func TestXOAuth2ObtainsAndRefreshes(t *testing.T) {
	w := newWorld(t)
	s := start(t, w.store)
	c := w.confidential()
	for style, name := range map[oauth2.AuthStyle]string{
		oauth2.AuthStyleInHeader: "header", oauth2.AuthStyleInParams: "parameters", oauth2.AuthStyleAutoDetect: "found out",
	} {
		own := clientcredentials.Config{ClientID: c.id, ClientSecret: c.secret, TokenURL: s.url + "/o/token/", Scopes: []string{"read"}, AuthStyle: style}
		got, err := own.Token(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !got.Valid() || got.Extra("scope") != "read" || got.RefreshToken != "" || !s.active(c, got.AccessToken) {
			t.Errorf("%s: not a token with the scope asked for", name)
		}

		users := w.json("grant", "create", "--client", c.id, "--subject", "alice", "--scopes", "read")
		conf := oauth2.Config{ClientID: c.id, ClientSecret: c.secret, Endpoint: oauth2.Endpoint{TokenURL: s.url + "/o/token/", AuthStyle: style}}
		old := &oauth2.Token{AccessToken: text(t, users, "access_token"), RefreshToken: text(t, users, "refresh_token"), Expiry: time.Now().Add(-time.Minute)}
		renewed, err := conf.TokenSource(t.Context(), old).Token()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if renewed.RefreshToken == old.RefreshToken || renewed.AccessToken == old.AccessToken || !s.active(c, renewed.AccessToken) {
			t.Errorf("%s: the tokens were not replaced", name)
		}
		calling, err := conf.Client(t.Context(), renewed).Get(s.url + "/healthz")
		if err != nil || calling.StatusCode != http.StatusOK {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			_ = calling.Body.Close()
		}
		w.okWith(renewed.RefreshToken, "revoke", "--token", "-")
		renewed.Expiry = time.Now().Add(-time.Minute)
		if _, err := conf.TokenSource(t.Context(), renewed).Token(); err == nil {
			t.Errorf("%s: a revoked grant was refreshed", name)
		}
	}
}
