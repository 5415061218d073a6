package interleave_test

import "regexp"

// A rule allows an end that no order explains as it stands, but does once what
// the rule is about is left out of both.
type rule struct {
	name     string
	sentence string // of the data model, or of the design where it says so
	leave    func(outcome string) string
	faulty   bool // what either fate of a broken call explains
	three    bool // needed only where three meet
}

var (
	version   = regexp.MustCompile(`, version \d+,`)
	refused   = regexp.MustCompile(`refused for [a-z_]+`)
	removed   = regexp.MustCompile(`ended (access_token|nothing) .*`)
	badClient = regexp.MustCompile(`refused: invalid_client: .*`)
	inactive  = regexp.MustCompile(`active=false.*\n`)
	displace  = regexp.MustCompile(` displaced=(true|false)`)
)

func same(outcome string) string { return outcome }

var allowList = []rule{
	{"an outage, and the write may have landed or not",
		"With no definite answer make one consistent read outside the request's deadline and compare; only if that fails too answer 503.",
		same, true, false},
	{"the reason of a refusal, of which only the log hears",
		"predecessor in grace: replay; older and genuine: revoke, invalid_grant",
		func(o string) string { return refused.ReplaceAllString(o, "refused") }, false, false},
	{"whether a client that goes off meanwhile is refused as a client or with its grant",
		"Scope, expiry, client, epochs and PKCE are checked on the consistent reads before the write",
		func(o string) string {
			return badClient.ReplaceAllString(refused.ReplaceAllString(o, "refused"), "refused")
		}, false, true},
	{"why a token is not active, of which only the log hears",
		"introspect: caller with grant (or DENY), then owner client with subject",
		func(o string) string { return inactive.ReplaceAllString(o, "active=false\n") }, false, true},
	{"whether a live token gave up its slot, of which only the audit hears",
		"the ninth live access token takes the oldest's place (documented, audited)",
		func(o string) string { return displace.ReplaceAllString(o, "") }, false, false},
	{"what a revocation that ended no grant found, of which only the audit hears",
		"revoke one access token only: remove slot N if its digest is this one; slot holds another: 200",
		func(o string) string { return removed.ReplaceAllString(o, "ended") }, false, false},
	{"how often a client's row was changed to the same",
		"client off, on, update, secrets: named attributes and `ver` if `ver = :v` and not deleted; else read again",
		func(o string) string { return version.ReplaceAllString(o, ",") }, false, false},
}

// allowed names the first rule under which some order explains the end.
func allowed(m *meeting, got string, known byOrders) string {
	for _, r := range allowList {
		if known.explain(m, got, r.leave, r.faulty) {
			return r.name
		}
	}
	all := func(o string) string {
		for _, r := range allowList {
			o = r.leave(o)
		}
		return o
	}
	if known.explain(m, got, all, true) {
		return several
	}
	return ""
}

const several = "several of these"
