package main

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/oauth2"

	"rescind/shared/endpoint"
)

// defaultIssuer is what a server calls itself that was started without flags.
const defaultIssuer = "http://localhost:8000"

type authorizeFlags struct {
	issuer, client, secret, scopes string
	resources                      []string
	wait                           time.Duration
}

func (a *app) authorizeCommand() *cobra.Command {
	var f authorizeFlags
	cmd := &cobra.Command{
		Use:   "authorize",
		Short: "Get tokens as an app on this machine does: a browser, sign-in, consent",
		Long: `Get tokens as an app on this machine does (RFC 8252): print the address of an
authorization request with PKCE, wait for the browser to come back to a free port
of 127.0.0.1, exchange the code, and print the token response (RFC 6749 section
5.1). It is a client of the server at --issuer and needs no store.

The client must have the redirect URI http://127.0.0.1/callback, with which any
port is meant.`,
		Example: "  rescind authorize --client demo-public-xxxxxxxx\n  rescind authorize --client web --secret - --issuer https://auth.example.com --scopes \"read write\"",
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.authorize(cmd.Context(), f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.issuer, "issuer", defaultIssuer, "the server's issuer, a `URL`")
	flags.StringVar(&f.client, "client", "", "the client's `ID`")
	flags.StringVar(&f.secret, "secret", "", "`-`: read the client's secret from standard input; RESCIND_CLIENT_SECRET may hold it too")
	flags.StringVar(&f.scopes, "scopes", "", "the `SCOPES` to ask for, separated by spaces (default: the client's default scopes)")
	flags.StringArrayVar(&f.resources, "resource", nil, "an API that the tokens are for, a `URI` (RFC 8707); may be repeated")
	flags.DurationVar(&f.wait, "wait", 5*time.Minute, "how long to wait for the browser, a `DURATION`")
	return cmd
}

// authorize plays the app.
func (a *app) authorize(ctx context.Context, f authorizeFlags) error {
	conf, err := a.authorizeConfig(ctx, f)
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening for the browser: %w", err)
	}
	conf.RedirectURL = "http://" + l.Addr().String() + "/callback"
	state, verifier := oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier)}
	address := conf.AuthCodeURL(state, options...)
	for _, r := range f.resources { // oauth2 has no room for two of a name
		address += "&resource=" + url.QueryEscape(r)
	}
	fmt.Fprintf(a.stderr, "Open this in a browser:\n\n%s\n\nWaiting for it to come back (Ctrl-C ends it).\n", address)
	waiting, cancel := context.WithTimeout(ctx, f.wait)
	defer cancel()
	code, err := awaitCode(waiting, l, f.issuer, state)
	if err != nil {
		if ctx.Err() == nil && waiting.Err() != nil {
			return fmt.Errorf("the browser did not come back within %v; run the command again", f.wait)
		}
		return err
	}
	t, err := conf.Exchange(context.WithValue(ctx, oauth2.HTTPClient, authorizeClient), code, oauth2.VerifierOption(verifier))
	if err != nil {
		return exchangeError(err)
	}
	return a.printTokens(t)
}

// authorizeClient gives up where a server does not answer.
var authorizeClient = &http.Client{Timeout: 15 * time.Second}

// authorizeConfig reads the flags and the server's metadata.
func (a *app) authorizeConfig(ctx context.Context, f authorizeFlags) (*oauth2.Config, error) {
	if f.client == "" {
		return nil, usagef("--client is missing; name the client that the tokens are for")
	}
	if err := checkClientID(f.client); err != nil {
		return nil, err
	}
	if err := endpoint.CheckIssuer(f.issuer); err != nil {
		return nil, usagef("--issuer: %w", err)
	}
	scope, err := scopeFlag("--scopes", f.scopes)
	if err != nil {
		return nil, err
	}
	secret := a.env("RESCIND_CLIENT_SECRET")
	switch f.secret {
	case "":
	case "-":
		if secret, err = a.readSecret(); err != nil {
			return nil, err
		}
	default:
		return nil, usagef("a secret on the command line stays in the shell's history; give it on standard input with --secret -, or in RESCIND_CLIENT_SECRET")
	}
	m, err := readEndpoints(ctx, f.issuer)
	if err != nil {
		return nil, err
	}
	return &oauth2.Config{ClientID: f.client, ClientSecret: secret, Scopes: scope,
		Endpoint: oauth2.Endpoint{AuthURL: m.Authorize, TokenURL: m.Token, AuthStyle: oauth2.AuthStyleInParams}}, nil
}

// endpoints are what is needed of RFC 8414's metadata.
type endpoints struct {
	Issuer    string `json:"issuer"`
	Authorize string `json:"authorization_endpoint"`
	Token     string `json:"token_endpoint"`
}

func readEndpoints(ctx context.Context, issuer string) (m endpoints, err error) {
	u, err := url.Parse(issuer)
	if err != nil {
		return m, usagef("--issuer is no URL")
	}
	at := u.Scheme + "://" + u.Host + "/.well-known/oauth-authorization-server" + u.Path
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return m, fmt.Errorf("asking for the metadata: %w", err)
	}
	resp, err := authorizeClient.Do(req)
	if err != nil {
		return m, fmt.Errorf("asking for the metadata: %w; is a server running at %s?", err, issuer)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return m, fmt.Errorf("%s answers with status %d; name the server's issuer with --issuer", at, resp.StatusCode)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&m); err != nil {
		return m, fmt.Errorf("the metadata at %s cannot be read: %w", at, err)
	}
	switch {
	case m.Issuer != issuer: // RFC 8414 section 3.3
		return m, fmt.Errorf("the server at %s calls itself by another issuer; name that one: --issuer %s", issuer, tidy(m.Issuer))
	case m.Authorize == "" || m.Token == "":
		return m, errors.New("the server has no authorization endpoint")
	}
	return m, nil
}

// awaitCode serves the redirect URI until the browser brings the answer. One
// that does not bear our state is somebody else's, and is waited out.
func awaitCode(ctx context.Context, l net.Listener, issuer, state string) (string, error) {
	type answer struct {
		code string
		err  error
	}
	answers := make(chan answer, 1)
	server := &http.Server{ReadHeaderTimeout: readHeaderLimit, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		h := w.Header()
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer") // the address holds the code
		if r.URL.Path != "/callback" || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(state)) != 1 {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, "This is not what was waited for.\n")
			return
		}
		a := answer{code: q.Get("code")}
		switch {
		case q.Get("iss") != issuer: // RFC 9207 section 2.4
			a = answer{err: errors.New("the answer is another server's (its iss differs from --issuer)")}
		case q.Get("error") != "":
			a = answer{err: fmt.Errorf("the server refused: %s", tidy(q.Get("error")+": "+q.Get("error_description")))}
		case a.code == "":
			a = answer{err: errors.New("the answer has no code")}
		}
		says := "Done."
		if a.err != nil {
			says = "There are no tokens, and the terminal says why."
		}
		_, _ = io.WriteString(w, says+" You can close this window and go back to the terminal.\n")
		select {
		case answers <- a:
		default:
		}
	})}
	go func() { _ = server.Serve(l) }()
	defer func() {
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = server.Shutdown(drain) // the browser gets its page
	}()
	select {
	case a := <-answers:
		return a.code, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// tidy keeps what a server says on one line of plain text.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), 200)]
}

// exchangeError says what the token endpoint said, without the body, which may
// hold more.
func exchangeError(err error) error {
	if said := (*oauth2.RetrieveError)(nil); errors.As(err, &said) && said.ErrorCode != "" {
		return fmt.Errorf("the token endpoint refused: %s", tidy(said.ErrorCode+": "+said.ErrorDescription))
	}
	return errors.New("the token endpoint gave no answer that can be read; try again")
}

// tokensView is the token response again (RFC 6749 section 5.1).
type tokensView struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope"`
}

func (a *app) printTokens(t *oauth2.Token) error {
	scope, _ := t.Extra("scope").(string)
	v := tokensView{t.AccessToken, t.TokenType, t.ExpiresIn, t.RefreshToken, scope}
	return a.print(v, func(w io.Writer) {
		body, _ := json.MarshalIndent(v, "", "  ") // strings and a number
		fmt.Fprintln(w, string(body))
	})
}
