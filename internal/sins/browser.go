package main

func init() { sins = append(sins, browserSins...) }

var browsers = []string{"./shared/browser"}

// browserSins are against what may be done in people's browsers, and by others
// through them.
var browserSins = []sin{
	{
		Name: "form-token-unchecked", What: "a form that was made up does what ours would",
		File: "shared/browser/form.go", Packages: browsers, Run: "Forged|LoginCSRF|Clauses/by_http/rfc6749-10",
		Find: "	if !session.CheckFormToken(", Replace: "	if false && !session.CheckFormToken(",
	},
	{
		Name: "form-token-for-anything", What: "the token of one form does for every other of that browser",
		File: "shared/session/form.go", Packages: append([]string{"./shared/session"}, browsers...), Run: "Form|Forged",
		Find: "	mac.Write([]byte(purpose))\n", Replace: "",
	},
	{
		Name: "form-never-too-old", What: "a form is taken however long ago it was made",
		File: "shared/session/form.go", Packages: browsers, Run: "Forged|Clauses/by_http/rfc6749-10",
		Find: "	return age < FormLifetime && age > -formSkew", Replace: "	return age > -formSkew",
	},
	{
		Name: "form-of-another-site", What: "a form is taken though the browser says that another site sent it",
		File: "shared/browser/form.go", Packages: browsers, Run: "AnotherSite|Clauses/by_http/rfc6749-10",
		Find: "	return errForm\n}\n\nfunc (s *Service) checkToken", Replace: "	return nil\n}\n\nfunc (s *Service) checkToken",
	},
	{
		Name: "consent-for-any-request", What: "a consent form decides another request than the one that was shown",
		File: "shared/browser/authorize.go", Packages: browsers, Run: "Forged|Clauses/by_http/rfc6749-10",
		Find: "e.Store, o.app.Withdrawn, o.raw)", Replace: "e.Store, o.app.Withdrawn, \"\")",
	},
	{
		Name: "consent-of-before-a-cut", What: "a consent form that was shown before the app was cut still decides",
		File: "shared/browser/authorize.go", Packages: browsers, Run: "Clauses/by_http/rfc6749-10",
		Find: "e.Store, o.app.Withdrawn, o.raw)", Replace: "e.Store, 0, o.raw)",
	},
	{
		Name: "consent-of-before-a-change", What: "a consent is for a client that was revoked or changed since it was shown",
		File: "shared/browser/authorize.go", Packages: browsers, Run: "ChangeMeanwhile",
		Find: "o.client.Version, e.Client, e.Subject,", Replace: "0, 0, e.Subject,",
	},
	{
		Name: "native-app-remembered", What: "an app that could be any other gets a code unasked",
		File: "shared/browser/authorize.go", Packages: browsers, Run: "Remembered|Clauses/by_http/rfc8252",
		Find: "	if o.request.Prompt.Consent || o.client.Policy.IsPublic() && client.NativeRedirect(o.request.RedirectURI) {", Replace: "	_ = client.NativeRedirect\n	if o.request.Prompt.Consent {",
	},
	{
		Name: "head-makes-a-code", What: "a HEAD does what a GET may",
		File: "shared/browser/service.go", Packages: browsers, Run: "Clauses/by_http/rfc6749-3.1-head",
		Find: "r.Method == http.MethodHead && !m.noHead):", Replace: "r.Method == http.MethodHead):",
	},
	{
		Name: "next-anywhere", What: "signing in leads wherever a link says",
		File: "shared/browser/next.go", Packages: browsers, Run: "OpenRedirects|Clauses/by_http/rfc6749-10",
		Find: "	return \"\", errNext\n", Replace: "	return asked, nil\n",
	},
	{
		Name: "next-below-our-path", What: "what only begins like our path is taken for it",
		File: "shared/browser/next.go", Packages: browsers, Run: "OpenRedirects|FuzzNext",
		Find: "	path, raw, hasQuery := strings.Cut(asked, \"?\")\n	switch path {", Replace: "	path, raw, hasQuery := strings.Cut(asked, \"?\")\n	if strings.Contains(path, endpoint.PathAuthorize) {\n		return asked, nil\n	}\n	switch path {",
	},
	{
		Name: "two-cookies-count", What: "of two cookies of a name, one of which somebody else planted, the first counts",
		File: "shared/browser/cookie.go", Packages: browsers, Run: "TwoCookies|Clauses/by_http/rfc6749-3.1-two",
		Find: "	if len(found) != 1 {", Replace: "	if len(found) == 0 {",
	},
	{
		Name: "cookie-for-scripts", What: "a script reads who is signed in",
		File: "shared/browser/cookie.go", Packages: browsers, Run: "Cookies",
		Find: "		HttpOnly: true, Secure", Replace: "		HttpOnly: false, Secure",
	},
	{
		Name: "cookie-of-neighbours", What: "a neighbouring host may plant our cookies",
		File: "shared/browser/cookie.go", Packages: browsers, Run: "Cookies|Clauses/by_http/rfc6749-3.1-get",
		Find: "		return hostPrefix + name", Replace: "		return name",
	},
	{
		Name: "sign-in-keeps-session", What: "the session that a browser had before the sign-in lives on",
		File: "shared/browser/person.go", Packages: browsers, Run: "Fixation",
		Find: "	if !v.cookie.session.IsEmpty() {\n		if err := s.Sessions.End(", Replace: "	if false {\n		if err := s.Sessions.End(",
	},
	{
		Name: "sign-in-unrechecked", What: "who was switched off during the sign-in is signed in",
		File: "shared/browser/sign_in.go", Packages: browsers, Run: "EndsMeanwhile",
		Find: "	if err := s.Accounts.Recheck(ctx, a); err != nil {", Replace: "	if err := error(nil); err != nil {",
	},
	{
		Name: "session-outlives-epoch", What: "a new password leaves other sessions alive",
		File: "shared/session/rules.go", Packages: browsers, Run: "SessionsEnd",
		Find: "	case cur.Subject > s.Epochs.Subject:", Replace: "	case false:",
	},
	{
		Name: "sign-out-forgets-only", What: "signing out takes the cookie away and leaves the session",
		File: "shared/browser/sign_out.go", Packages: browsers, Run: "SignOut",
		Find: "	if err := s.Sessions.End(v.r.Context(), s.Store, p.session.ID); err != nil {", Replace: "	if err := error(nil); err != nil {",
	},
	{
		Name: "cut-all-goes-on", What: "a browser goes on by an epoch that somebody else raised",
		File: "shared/browser/authorized.go", Packages: browsers, Run: "ACutAllMeanwhile",
		Find: "	if !first {", Replace: "	if false && !first {",
	},
	{
		Name: "cut-all-for-a-client", What: "the button of a client called all cuts everything",
		File: "shared/browser/authorized.go", Packages: browsers, Run: "ClientCalledAll",
		Find: "return \"cut app \" + clientID", Replace: "return \"cut \" + clientID",
	},
	{
		Name: "people-in-the-log", What: "a failed sign-in is audited with the address that was typed",
		File: "shared/browser/sign_in.go", Packages: browsers, Run: "LogsHoldNothing",
		Find: "Outcome: \"access_denied\", Reason: \"wrong email or password\"})", Replace: "Outcome: \"access_denied\", Reason: email})",
	},
	{
		Name: "outage-sent-to-client", What: "an outage goes back to the client as a refusal",
		File: "shared/browser/errors.go", Packages: browsers, Run: "Outages",
		Find: "	e := page.Error{Status: http.StatusServiceUnavailable,", Replace: "	if answer := (*oauth.Error)(nil); !errors.As(err, &answer) {\n		page.Redirect(v.w, \"/o/authorized_tokens/\")\n		return\n	}\n	e := page.Error{Status: http.StatusServiceUnavailable,",
	},
}
