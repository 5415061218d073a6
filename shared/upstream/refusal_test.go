package upstream_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"rescind/internal/testkit/openid"
	"rescind/shared/secret"
	"rescind/shared/upstream"
)

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// claim sets a member of the ID token; nil removes it.
func claim(name string, value any) openid.Spoil {
	return openid.Spoil{Claims: func(c map[string]any) {
		if c[name] = value; value == nil {
			delete(c, name)
		}
	}}
}

// TestALyingProvider: an ID token that is not the provider's, not for us, or
// not for this attempt signs nobody in. OpenID Connect Core section 3.1.3.7.
func TestALyingProvider(t *testing.T) {
	at := newClock().Now()
	for name, tt := range map[string]struct {
		spoil  openid.Spoil
		reason string
	}{
		"the nonce is another":                     {claim("nonce", "another"), upstream.WrongNonce},
		"the nonce is missing":                     {claim("nonce", nil), upstream.WrongNonce},
		"the issuer is another":                    {claim("iss", "https://other.example.com"), upstream.BadIDToken},
		"the issuer has one more slash":            {openid.Spoil{Claims: func(c map[string]any) { c["iss"] = c["iss"].(string) + "/" }}, upstream.BadIDToken},
		"the audience is another":                  {claim("aud", "another"), upstream.BadIDToken},
		"the audience is missing":                  {claim("aud", nil), upstream.BadIDToken},
		"we are one of two audiences, without azp": {claim("aud", []string{"rescind", "another"}), upstream.WrongParty},
		"azp is another":                           {claim("azp", "another"), upstream.WrongParty},
		"it expired a second ago":                  {claim("exp", at.Add(-time.Second).Unix()), upstream.BadIDToken},
		"it never expires":                         {claim("exp", nil), upstream.BadIDToken},
		"it is not valid for an hour":              {claim("nbf", at.Add(time.Hour).Unix()), upstream.BadIDToken},
		"the subject is missing":                   {claim("sub", nil), upstream.WrongSubject},
		"the subject is empty":                     {claim("sub", ""), upstream.WrongSubject},
		"the subject has 256 characters":           {claim("sub", strings.Repeat("s", 256)), upstream.WrongSubject},
		"the subject has a control character":      {claim("sub", "a\nb"), upstream.WrongSubject},
		"the subject is a number":                  {claim("sub", 7), upstream.BadIDToken},
		"the sign-in is of tomorrow":               {claim("auth_time", at.Add(24*time.Hour).Unix()), upstream.TooLongAgo},
		"the sign-in's time is a word":             {claim("auth_time", "noon"), upstream.BadIDToken},
		"the sign-in's time is beyond all time":    {claim("auth_time", 1e300), upstream.BadIDToken},
		"the name is a number":                     {claim("name", 7), upstream.BadIDToken},
		"a claim was changed after signing":        {openid.Spoil{Token: changed}, upstream.BadIDToken},
		"the signature is missing":                 {openid.Spoil{Token: func(s string) string { return s[:strings.LastIndex(s, ".")+1] }}, upstream.BadIDToken},
		"the algorithm is none":                    {openid.Spoil{Token: func(s string) string { return unsigned(s, "none") }}, upstream.BadIDToken},
		"the algorithm is HS256":                   {openid.Spoil{Token: func(s string) string { return unsigned(s, "HS256") }}, upstream.BadIDToken},
		"it is no JWT":                             {openid.Spoil{Token: func(string) string { return "gibberish" }}, upstream.BadIDToken},
		"there is none":                            {openid.Spoil{Token: func(string) string { return "" }}, upstream.BadIDToken},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.theirs.Spoil(tt.spoil)
			a := s.begin(t)
			person, err := s.signIn(t, a)
			if person != (upstream.Person{}) {
				t.Errorf("signed in is %+v", person)
			}
			wantRefused(t, err, tt.reason)
			wantHidden(t, err, a, upstream.Answer{})
		})
	}
}

// changed has another subject under the same signature.
func changed(signed string) string {
	parts := strings.Split(signed, ".")
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	var c map[string]any
	_ = json.Unmarshal(payload, &c)
	c["sub"] = "another"
	payload, _ = json.Marshal(c)
	return parts[0] + "." + base64url(payload) + "." + parts[2]
}

// unsigned says the same under an algorithm that proves nothing.
func unsigned(signed, alg string) string {
	return base64url([]byte(`{"alg":"`+alg+`","kid":"first"}`)) + "." + strings.Split(signed, ".")[1] + "."
}

// A provider that offers no algorithm but weak ones does not talk us into them.
func TestTheMetadataCannotAllowWeakAlgorithms(t *testing.T) {
	for _, alg := range []string{"none", "HS256"} {
		s := newScene(t)
		s.theirs.Spoil(openid.Spoil{
			Metadata: func(m map[string]any) { m["id_token_signing_alg_values_supported"] = []string{alg} },
			Token:    func(signed string) string { return unsigned(signed, alg) },
		})
		_, err := s.signIn(t, s.begin(t))
		wantRefused(t, err, upstream.BadIDToken)
	}
}

// TestABrowserBringsSomethingElse: what comes through the browser was made by
// whoever has the browser, and by whoever sent it here.
func TestABrowserBringsSomethingElse(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(t *testing.T, s scene, a *upstream.Attempt, answer *upstream.Answer)
		reason string
		asked  bool // whether the code gets as far as the provider
	}{
		"another attempt's state": {func(t *testing.T, s scene, _ *upstream.Attempt, answer *upstream.Answer) {
			answer.State = s.begin(t).State.Reveal()
		}, upstream.WrongState, false},
		"no state": {func(_ *testing.T, _ scene, _ *upstream.Attempt, answer *upstream.Answer) { answer.State = "" }, upstream.WrongState, false},
		"no state, and none in the cookie": {func(_ *testing.T, _ scene, a *upstream.Attempt, answer *upstream.Answer) {
			answer.State, a.State = "", secret.NewText("")
		}, upstream.WrongState, false},
		"an answer of another provider (mix-up)": {func(_ *testing.T, _ scene, _ *upstream.Attempt, answer *upstream.Answer) {
			answer.Issuer = "https://attacker.example.com"
		}, upstream.WrongIssuer, false},
		"an error of another provider": {func(_ *testing.T, _ scene, _ *upstream.Attempt, answer *upstream.Answer) {
			answer.Issuer, answer.Error, answer.Code = "https://attacker.example.com", "login_required", ""
		}, upstream.WrongIssuer, false},
		"no issuer, where the provider always sends it": {func(_ *testing.T, _ scene, _ *upstream.Attempt, answer *upstream.Answer) {
			answer.Issuer = ""
		}, upstream.WrongIssuer, false},
		"no code": {func(_ *testing.T, _ scene, _ *upstream.Attempt, answer *upstream.Answer) { answer.Code = "" }, upstream.NoCode, false},
		"a code of 4,097 bytes": {func(_ *testing.T, _ scene, _ *upstream.Attempt, answer *upstream.Answer) {
			answer.Code = strings.Repeat("c", 4097)
		}, upstream.NoCode, false},
		"a code that was made up": {func(_ *testing.T, _ scene, _ *upstream.Attempt, answer *upstream.Answer) { answer.Code = "made-up" }, upstream.UsedCode, true},
		"a code of another attempt": {func(t *testing.T, s scene, _ *upstream.Attempt, answer *upstream.Answer) {
			answer.Code = s.visit(t, s.begin(t), upstream.AuthOptions{}).Code
		}, upstream.UsedCode, true},
		"a code that was redeemed": {func(t *testing.T, s scene, a *upstream.Attempt, answer *upstream.Answer) {
			if _, err := s.ours.Exchange(t.Context(), *a, *answer); err != nil {
				t.Fatal(err)
			}
		}, upstream.UsedCode, true},
		"an attempt at another provider":      {func(_ *testing.T, _ scene, a *upstream.Attempt, _ *upstream.Answer) { a.Provider = "another" }, upstream.OtherProvider, false},
		"an attempt of more than ten minutes": {func(_ *testing.T, s scene, _ *upstream.Attempt, _ *upstream.Answer) { s.Advance(upstream.Lifetime + 1) }, upstream.TooLate, false},
		"an attempt of two minutes from now":  {func(_ *testing.T, s scene, _ *upstream.Attempt, _ *upstream.Answer) { s.Advance(-2 * time.Minute) }, upstream.TooLate, false},
		"an error that no standard has":       {func(_ *testing.T, _ scene, _ *upstream.Attempt, answer *upstream.Answer) { answer.Error = "<script>" }, upstream.OtherRefusal, false},
		"an error that would be an outage here": {func(_ *testing.T, _ scene, _ *upstream.Attempt, answer *upstream.Answer) {
			answer.Error = "server_error"
		}, "server_error", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			a := s.begin(t)
			answer := s.visit(t, a, upstream.AuthOptions{})
			tt.change(t, s, &a, &answer)
			before := s.theirs.Asked(openid.PathToken)
			person, err := s.ours.Exchange(t.Context(), a, answer)
			if person != (upstream.Person{}) {
				t.Errorf("signed in is %+v", person)
			}
			wantRefused(t, err, tt.reason)
			wantHidden(t, err, a, answer)
			if asked := s.theirs.Asked(openid.PathToken) > before; asked != tt.asked {
				t.Errorf("the provider is shown the code: %t", asked)
			}
		})
	}
}

// A code that was given for one nonce and slipped into another attempt with the
// verifier's help is still refused: each of the two guards holds alone.
func TestACodeWithItsVerifierInAnotherAttempt(t *testing.T) {
	s := newScene(t)
	theirs, ours := s.begin(t), s.begin(t)
	code := s.visit(t, theirs, upstream.AuthOptions{}).Code
	ours.Verifier = theirs.Verifier
	_, err := s.ours.Exchange(t.Context(), ours, upstream.Answer{State: ours.State.Reveal(), Code: code, Issuer: s.theirs.Issuer()})
	wantRefused(t, err, upstream.WrongNonce)
}

// A cookie without a nonce, which ParseCookie reads of nobody, matches no token without one.
func TestNoNonceMatchesNoNonce(t *testing.T) {
	s := newScene(t)
	s.theirs.Spoil(claim("nonce", nil))
	a := s.begin(t)
	a.Nonce = secret.NewText("")
	_, err := s.ours.Exchange(t.Context(), a, s.visit(t, a, upstream.AuthOptions{}))
	wantRefused(t, err, upstream.WrongNonce)
}

func TestAProviderRefuses(t *testing.T) {
	s := newScene(t)
	s.theirs.SignOut()
	_, err := s.signIn(t, s.begin(t))
	wantRefused(t, err, "login_required")
	s.theirs.SignIn(jane)
	s.theirs.Spoil(openid.Spoil{Redirect: func(q url.Values) {
		maps.Copy(q, url.Values{"error": {"access_denied"}, "error_description": {"no"}})
		q.Del("code")
	}})
	_, err = s.signIn(t, s.begin(t))
	wantRefused(t, err, "access_denied")
}

// A provider that does not send its issuer is not required to.
func TestAProviderWithoutTheIssuerParameter(t *testing.T) {
	s := newScene(t)
	s.theirs.Spoil(openid.Spoil{
		Metadata: func(m map[string]any) { delete(m, "authorization_response_iss_parameter_supported") },
		Redirect: func(q url.Values) { q.Del("iss") },
	})
	if _, err := s.signIn(t, s.begin(t)); err != nil {
		t.Error(err)
	}
	a := s.begin(t)
	answer := s.visit(t, a, upstream.AuthOptions{})
	answer.Issuer = "https://attacker.example.com"
	_, err := s.ours.Exchange(t.Context(), a, answer)
	wantRefused(t, err, upstream.WrongIssuer)
}
