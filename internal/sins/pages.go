package main

func init() { sins = append(sins, pageSins...) }

var pages = []string{"./shared/page"}

// pageSins are against what people see.
var pageSins = []sin{
	{
		Name: "page-may-be-framed", What: "another site may show our pages in a frame",
		File: "shared/page/reply.go", Packages: pages,
		Find: "		\"; frame-ancestors 'none'; base-uri 'none'\")", Replace: "		\"; base-uri 'none'\")",
	},
	{
		Name: "page-value-unescaped", What: "a value in a sentence is written as it is",
		File: "shared/page/words.go", Packages: pages,
		Find: "template.HTMLEscapeString(clean(string(v), maxName))", Replace: "clean(string(v), maxName)",
	},
	{
		Name: "page-name-turns-text", What: "a client's name may turn the text around it",
		File: "shared/page/words.go", Packages: pages,
		Find: "		if !unicode.IsPrint(r) || ", Replace: "		if !unicode.IsPrint(r) && !unicode.Is(unicode.Cf, r) || ",
	},
	{
		Name: "page-host-cut-short", What: "a long host loses its end, which says whose it is",
		File: "shared/page/words.go", Packages: pages,
		Find: "	maxValue = 2048", Replace: "	maxValue = maxName",
	},
	{
		Name: "page-request-writes-policy", What: "a redirect URI writes directives of the policy",
		File: "shared/page/formaction.go", Packages: pages,
		Find: "	if !found || !validScheme(scheme) ||", Replace: "	if strings.HasPrefix(s, \"https:\") {\n		return s\n	}\n	if !found || !validScheme(scheme) ||",
	},
	{
		Name: "page-redirect-repeats-post", What: "a redirect makes the browser send the form's password on",
		File: "shared/page/reply.go", Packages: pages,
		Find: "	w.WriteHeader(http.StatusSeeOther)", Replace: "	w.WriteHeader(http.StatusTemporaryRedirect)",
	},
	{
		Name: "page-status-hides-throttling", What: "too many guesses are answered as a page like any other",
		File: "shared/page/views.go", Packages: pages,
		Find: "		status = http.StatusTooManyRequests\n", Replace: "",
	},
	{
		Name: "page-catalogue-incomplete", What: "a language without all texts is taken",
		File: "shared/page/catalogue.go", Packages: pages,
		Find: "		if !ok || text == \"\" {", Replace: "		if false && (!ok || text == \"\") {",
	},
}
