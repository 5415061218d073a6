package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// A client that we did not write gets a user's tokens by authorization code
// with PKCE, refreshes them, and is cut by revocation.
func TestXOAuth2GetsAUsersTokens(t *testing.T) {
	w := newWorld(t)
	s := start(t, w.store)
	w.okWith("a long enough password", "user", "create", "ann@example.com", "--password-stdin")
	back := make(chan url.Values, 1)
	app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { back <- r.URL.Query() }))
	t.Cleanup(app.Close)
	for kind, styles := range map[string]map[string]oauth2.AuthStyle{
		"confidential": {"header": oauth2.AuthStyleInHeader, "parameters": oauth2.AuthStyleInParams, "found out": oauth2.AuthStyleAutoDetect},
		"public":       {"parameters": oauth2.AuthStyleInParams},
	} {
		made := w.json("client", "create", "--name", "App", "--type", kind, "--grant-types", "authorization_code,refresh_token",
			"--redirect-uri", "http://127.0.0.1/callback", "--scopes", "read write")
		secret, _ := made["client_secret"].(string) // a public client has none
		for name, style := range styles {
			t.Run(kind+", "+name, func(t *testing.T) {
				s.xoauth2(t, back, oauth2.Config{ClientID: text(t, made, "client_id"), ClientSecret: secret,
					RedirectURL: app.URL + "/callback", Scopes: []string{"read"},
					Endpoint: oauth2.Endpoint{AuthURL: s.url + "/o/authorize/", TokenURL: s.url + "/o/token/", AuthStyle: style}})
			})
		}
	}
}

func (s *server) xoauth2(t *testing.T, back chan url.Values, conf oauth2.Config) {
	verifier := oauth2.GenerateVerifier()
	ann := newPerson(t)
	consent := ann.send(s.url, ann.open(conf.AuthCodeURL("a state", oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("prompt", "consent"))),
		"/o/sign_in/", "password", url.Values{"email": {"ann@example.com"}, "password": {"a long enough password"}})
	ann.send(s.url, consent, "/o/authorize/", "decision", url.Values{"decision": {"allow"}})
	answer := <-back
	if answer.Get("state") != "a state" || answer.Get("iss") != s.url {
		t.Fatalf("the app is told %v", answer)
	}
	if _, err := conf.Exchange(t.Context(), answer.Get("code"), oauth2.VerifierOption(oauth2.GenerateVerifier())); answered(err) != "invalid_grant" {
		t.Errorf("another verifier gives %v", err)
	}
	got, err := conf.Exchange(t.Context(), answer.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	if !got.Valid() || got.RefreshToken == "" || got.Extra("scope") != "read" {
		t.Error("not the tokens that were asked for")
	}
	got.Expiry = time.Now().Add(-time.Minute)
	renewed, err := conf.TokenSource(t.Context(), got).Token()
	if err != nil || renewed.RefreshToken == got.RefreshToken {
		t.Fatalf("the refresh gives %v", err)
	}
	// It has no call for a revocation: RFC 7009 section 2.1 by hand.
	if status, _ := s.post("/o/revoke_token/", "client_id", conf.ClientID, "client_secret", conf.ClientSecret, "token", renewed.AccessToken); status != http.StatusOK {
		t.Errorf("revoking gives %d", status)
	}
	renewed.Expiry = time.Now().Add(-time.Minute)
	if _, err := conf.TokenSource(t.Context(), renewed).Token(); answered(err) != "invalid_grant" {
		t.Errorf("after the revocation a refresh gives %v", err)
	}
}

// answered is the error code that the server gave.
func answered(err error) string {
	if answer := (*oauth2.RetrieveError)(nil); errors.As(err, &answer) {
		return answer.ErrorCode
	}
	return ""
}
