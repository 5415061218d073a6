package main

func init() { sins = append(sins, codeSins...) }

// codeSins are against authorization codes, where they are sent, and who may
// read what comes of them.
var codeSins = []sin{
	{
		Name: "code-verifier-unchecked", What: "a stolen code is redeemed without its verifier",
		File: "shared/grant/redeem.go", Packages: wire, Run: "TestClauses",
		Find: "	if !verifies(req.Verifier, g.Code.Challenge) {", Replace: "	if false && !verifies(req.Verifier, g.Code.Challenge) {",
	},
	{
		Name: "code-challenge-as-verifier", What: "the challenge itself is taken for the verifier, as plain would",
		File: "shared/grant/redeem.go", Packages: wire, Run: "TestClauses",
		Find: "	return got.Equal(secret.NewText(challenge))", Replace: "	return got.Equal(secret.NewText(challenge)) || verifier.Equal(secret.NewText(challenge))",
	},
	{
		Name: "code-of-another-client", What: "any client redeems any code",
		File: "shared/grant/redeem.go", Packages: wire, Run: "TestClauses",
		Find: "	if g.ClientID != req.Client.ID() {", Replace: "	if false && g.ClientID != req.Client.ID() {",
	},
	{
		Name: "code-redirect-uri-unchecked", What: "a code is redeemed with another redirect URI than it was sent to",
		File: "shared/grant/redeem.go", Packages: wire, Run: "TestClauses",
		Find: "	if !req.RedirectURI.Equal(g.Code.RedirectURI) {", Replace: "	if false && !req.RedirectURI.Equal(g.Code.RedirectURI) {",
	},
	{
		Name: "code-reuse-ends-nothing", What: "a used code is refused, but its grant lives on",
		File: "shared/grant/redeem.go", Packages: wire, Run: "TestClauses",
		Find: "		return plan{reuse: \"code_reuse\"}, nil", Replace: "		return plan{}, invalidGrant(\"code_reuse\")",
	},
	{
		Name: "code-reuse-by-anybody", What: "a used code ends its grant though the verifier is wrong",
		File: "shared/grant/redeem.go", Packages: wire, Run: "TestClauses",
		Find:    "	if !verifies(req.Verifier, g.Code.Challenge) {",
		Replace: "	if g.Code.Used {\n		return plan{reuse: \"code_reuse\"}, nil\n	}\n	if !verifies(req.Verifier, g.Code.Challenge) {",
	},
	{
		Name: "code-of-who-went-away", What: "a client that gave up waiting ends its grant by sending its code again",
		File: "shared/grant/refresh.go", Packages: wire, Run: "WhoWentAway",
		Find: "		gone := ctx.Err() != nil", Replace: "		gone := false",
	},
	{
		Name: "code-answer-given-twice", What: "the answer that an outage swallowed is given again and again",
		File: "shared/grant/unsettled.go", Packages: []string{"./shared/grant"},
		Find: "	delete(u.held, op)\n	return", Replace: "	return",
	},
	{
		Name: "redirect-by-prefix", What: "a redirect URI that only begins like a registered one matches",
		File: "shared/client/redirect.go", Packages: []string{"./shared/client"}, Run: "Redirect",
		Find: "		if registered == asked {", Replace: "		if strings.HasPrefix(asked, registered) {",
	},
	{
		Name: "redirect-to-any-port-of-a-name", What: "the port of localhost may differ, which is a name and no address",
		File: "shared/client/redirect.go", Packages: []string{"./shared/client"}, Run: "Redirect",
		Find: "[]string{\"http://127.0.0.1\", \"http://[::1]\"} {", Replace: "[]string{\"http://127.0.0.1\", \"http://[::1]\", \"http://localhost\"} {",
	},
	{
		Name: "redirect-to-a-script", What: "a scheme without a dot, javascript among them, is an app's own",
		File: "shared/client/redirect.go", Packages: []string{"./shared/client"}, Run: "Redirect",
		Find: "		if !strings.Contains(u.Scheme, \".\") || ", Replace: "		if ",
	},
	{
		Name: "cors-for-all", What: "scripts of any origin read what a client is answered",
		File: "shared/endpoint/cors.go", Packages: wire, Run: "TestClauses",
		Find: "&& slices.Contains(row.Policy.AllowedOrigins, origins[0])", Replace: "&& slices.Contains(origins, origins[0])",
	},
	{
		Name: "page-query-logged", What: "the access log holds what a browser asked a page for",
		File: "shared/endpoint/observe.go", Packages: wire, Run: "Page",
		Find: "slog.String(\"route\", c.route),", Replace: "slog.String(\"route\", c.route), slog.String(\"query\", r.URL.RawQuery),",
	},
}
