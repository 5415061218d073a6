package clauses

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// titles are the RFCs that cases may quote.
var titles = map[string]string{
	"6749": "The OAuth 2.0 Authorization Framework",
	"6750": "Bearer Token Usage",
	"7009": "OAuth 2.0 Token Revocation",
	"7636": "Proof Key for Code Exchange by OAuth Public Clients",
	"7617": "The 'Basic' HTTP Authentication Scheme",
	"7662": "OAuth 2.0 Token Introspection",
	"8414": "OAuth 2.0 Authorization Server Metadata",
	"8252": "OAuth 2.0 for Native Apps",
	"8707": "Resource Indicators for OAuth 2.0",
	"9207": "OAuth 2.0 Authorization Server Issuer Identification",
	"9700": "Best Current Practice for OAuth 2.0 Security",
}

// Page draws the list of cases by clause, in Markdown. up leads from the page to
// what the cases' folders are relative to.
func Page(all []Case, up string) (string, error) {
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b Case) int {
		return cmp.Or(slices.Compare(order(a.Clause), order(b.Clause)), strings.Compare(a.Name, b.Name))
	})
	var b strings.Builder
	b.WriteString("# Conformance, clause by clause\n\n")
	b.WriteString("Each row is a file that the tests run: one sentence of an RFC or what it comes to here, requests,\n")
	b.WriteString("the whole responses, and what must be true after. Every file is run through the local gateway and as an API Gateway\n")
	b.WriteString("event, on SQLite; those of the token, revocation, introspection and metadata endpoints also on DynamoDB, where an engine\n")
	b.WriteString("is at hand. Of a page, the status and every header are compared, and which page it is.\n\n")
	fmt.Fprintf(&b, "%d cases. This page is generated: `go test ./internal/clauses -run TestPage -update`.\n", len(sorted))
	rfc := ""
	for _, c := range sorted {
		m := clauseForm.FindStringSubmatch(c.Clause)
		if m[1] != rfc {
			rfc = m[1]
			title, known := titles[rfc]
			if !known {
				return "", fmt.Errorf("%s.txt: RFC %s has no title in page.go", c.Name, rfc)
			}
			fmt.Fprintf(&b, "\n## RFC %s: %s\n\n| section | the clause | case |\n|---|---|---|\n", rfc, title)
		}
		label := strings.TrimPrefix(c.Name, "rfc"+m[1]+"-"+m[2]+"-")
		fmt.Fprintf(&b, "| %s | %s | [%s](%s/%s.txt) |\n", m[2], strings.ReplaceAll(c.Says, "|", `\|`), label, path.Join(up, c.Dir), c.Name)
	}
	return b.String(), nil
}

// order is a clause as numbers, so that section 2.10 comes after 2.9.
func order(clause string) []int {
	m := clauseForm.FindStringSubmatch(clause)
	var numbers []int
	for _, s := range append([]string{m[1]}, strings.Split(m[2], ".")...) {
		n, _ := strconv.Atoi(s) // the form allows digits only
		numbers = append(numbers, n)
	}
	return numbers
}
