package main

func init() { sins = append(sins, authorizationSins...) }

// authorizationSins are against what is decided of an authorization request, of
// consents, and of cutting.
var authorizationSins = []sin{
	{
		Name: "redirect-unregistered", What: "an answer goes wherever the request says",
		File: "shared/authorization/request.go", Packages: browsers, Run: "OpenRedirects|Clauses/by_http/rfc6749-3.1.2",
		Find: "	case asked == \"\" || !p.MatchesRedirectURI(asked):", Replace: "	case asked == \"\":",
	},
	{
		Name: "redirect-of-two", What: "of two redirect URIs in a request the first counts",
		File: "shared/authorization/request.go", Packages: browsers, Run: "Clauses/by_http/rfc6749-3.1-repeated",
		Find: "	case slices.Contains(a.Repeated, \"redirect_uri\"):", Replace: "	case false:",
	},
	{
		Name: "pkce-plain", What: "a challenge that is the verifier itself is taken",
		File: "shared/authorization/request.go", Packages: browsers, Run: "Clauses/by_http/rfc7636",
		Find: "	case method != \"S256\":", Replace: "	case method != \"S256\" && method != \"plain\":",
	},
	{
		Name: "pkce-optional", What: "a request without a challenge is taken",
		File: "shared/authorization/request.go", Packages: browsers, Run: "Clauses/by_http/rfc(7636|8252)",
		Find: "	case r.Challenge == \"\":", Replace: "	case r.Challenge == \"\" && method == \"\":\n		return nil\n	case r.Challenge == \"\":",
	},
	{
		Name: "state-changed", What: "the state is not sent back as it came",
		File: "shared/authorization/answer.go", Packages: browsers, Run: "Clauses/by_http/rfc6749-4.1.2-state",
		Find: "url.QueryEscape(pairs[i+1])", Replace: "url.PathEscape(strings.TrimSpace(pairs[i+1]))",
	},
	{
		Name: "iss-left-out", What: "an answer does not say who sends it (mix-up)",
		File: "shared/authorization/answer.go", Packages: browsers, Run: "Clauses/by_http/rfc9207",
		Find: "	pairs = append(pairs, \"iss\", issuer)\n", Replace: "	_ = issuer\n",
	},
	{
		Name: "consent-covers-more", What: "a remembered consent covers scopes that nobody was shown",
		File: "shared/authorization/consent.go", Packages: browsers, Run: "Remembered|Clauses/by_http/rfc6749-4.1.1",
		Find: "!a.Stands(cur) || !scope.Within(a.Scope)", Replace: "!a.Stands(cur)",
	},
	{
		Name: "consent-outlives-epoch", What: "a consent is remembered though everything was cut",
		File: "shared/authorization/consent.go", Packages: browsers, Run: "CutAll",
		Find: "read.Subject < cur.Subject || read.Store", Replace: "read.Store",
	},
	{
		Name: "grant-after-a-cut", What: "a code that was being made while the app was cut is handed out and works",
		File: "shared/authorization/approve.go", Packages: browsers, Run: "ACutMeanwhile",
		Find: "		if app.Withdrawn != a.Withdrawn ||", Replace: "		if false ||",
	},
	{
		Name: "consent-of-yesterday", What: "an approval that everything was cut after takes the place of a newer consent",
		File: "shared/authorization/approve.go", Packages: []string{"./shared/authorization"}, Run: "EarlierEpochs",
		Find: "|| app.knowsLater(a.Epochs) {", Replace: "{",
	},
	{
		Name: "cut-counts-twice", What: "a cut whose answer was lost withdraws what was consented to since",
		File: "shared/authorization/apps.go", Packages: []string{"./shared/authorization"}, Run: "SinceTheCut",
		Find: "		if app.Withdrawn == first {", Replace: "		if app.Withdrawn == first || len(app.Scope) > 0 {",
	},
	{
		Name: "code-of-no-consent", What: "a code is handed out though the consent could not be written, and no cut will find its grant",
		File: "shared/authorization/approve.go", Packages: browsers, Run: "Outages",
		Find: "	if err != nil {\n		why := reasonUnwanted", Replace: "	if errors.Is(err, ErrWithdrawn) {\n		why := reasonUnwanted",
	},
	{
		Name: "cut-forgets-only", What: "cutting takes the consent back and leaves the tokens alive",
		File: "shared/authorization/apps.go", Packages: browsers, Run: "TheStory",
		Find: "		if !g.Revoked.At.IsZero() {\n			return nil\n		}", Replace: "		if true {\n			return nil\n		}",
	},
	{
		Name: "others-raise-counts", What: "ending a user leaves the session of a browser that cut everything at that moment",
		File: "shared/grant/revoke.go", Packages: browsers, Run: "WhileTheUserIsEnded",
		Find: "		from = now\n", Replace: "		if now > from {\n			return now, nil\n		}\n		from = now\n",
	},
}
