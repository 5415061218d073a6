package layout

import (
	"path"
	"slices"
	"strings"
)

const module = "rescind"

// core are the packages whose imports run one way: each may import what stands
// to its left, and nothing else of ours.
var core = []string{"shared/oauth", "shared/secret", "shared/client", "shared/token", "shared/grant", "shared/granttype", "shared/endpoint"}

// browsers are the packages about people and their browsers that a store knows.
var browsers = []string{"shared/user", "shared/session", "shared/authorization"}

// beside are packages that stand outside of the row, and what they may import.
// One ending in a slash stands for itself and all folders below.
var beside = map[string][]string{
	"shared/audit":         {"shared/oauth"},
	"shared/audit/trail":   {"shared/oauth", "shared/audit"},
	"shared/registration":  upTo("shared/client"),
	"shared/journal":       append(upTo("shared/grant"), "shared/user"),
	"shared/lambdahttp":    {},
	"shared/authorizer":    upTo("shared/grant"),
	"shared/page":          {"shared/oauth"},
	"shared/metric":        {"shared/oauth", "shared/audit"},
	"shared/user":          upTo("shared/secret"),
	"shared/upstream":      upTo("shared/secret"),
	"shared/browser":       append(append(upTo("shared/endpoint"), browsers...), "shared/page", "shared/upstream"),
	"shared/session":       append(upTo("shared/grant"), "shared/user"),
	"shared/authorization": append(upTo("shared/granttype"), "shared/user", "shared/session"),
	"shared/dynamo":        append(upTo("shared/grant"), browsers...),
	"shared/sqlite/":       append(append(upTo("shared/grant"), browsers...), "shared/sqlite/"),
	"shared/storetest":     append(append(upTo("shared/grant"), browsers...), "internal/testkit/broken", "internal/testkit/stage"),
}

// writers have one file, reply.go, that writes responses.
var writers = []string{"shared/endpoint", "shared/page"}

// stores are imported by mains and tests only.
var stores = []string{"shared/dynamo", "shared/sqlite"}

// forTests is never part of what runs.
var forTests = []string{"shared/storetest", "rescindtest"}

// mains is where programs and what only they use lie, and the server for tests.
var mains = []string{"functions/", "cmd/", "events/", "internal/", "examples/", "rescindtest"}

// cloud may know AWS, beside mains and tests that stand outside of their package.
var cloud = []string{"shared/dynamo", "shared/lambdahttp"}

// library is a module of its own, for APIs.
const library = "verify"

// environs may read the environment.
var environs = []string{"functions/", "cmd/", "internal/"}

var bannedNames = []string{"util", "utils", "common", "types", "models", "helpers"}

// upTo is the row up to a package, with audit, which stands beside secret.
func upTo(last string) []string {
	n := slices.Index(core, last)
	return append([]string{"shared/audit"}, core[:n+1]...)
}

// allowed lists what of ours a folder may import. ok is false for a folder
// that the table does not restrict.
func allowed(dir string) (list []string, ok bool) {
	if n := slices.Index(core, dir); n >= 0 {
		left := slices.Clone(core[:n])
		if n > slices.Index(core, "shared/secret") {
			left = append(left, "shared/audit")
		}
		return left, true
	}
	for where, list := range beside {
		if within(dir, where) {
			return list, true
		}
	}
	return nil, false
}

// within tells whether a folder is the one named or, where the name ends in a
// slash, one below.
func within(dir, where string) bool {
	base, below := strings.CutSuffix(where, "/")
	return dir == base || below && strings.HasPrefix(dir, where)
}

func withinAny(dir string, list []string) bool {
	return slices.ContainsFunc(list, func(where string) bool { return within(dir, where) })
}

// ours is an import path below the module's root, or ok is false.
func ours(imported string) (string, bool) {
	return strings.CutPrefix(imported, module+"/")
}

func isAWS(imported string) bool {
	return strings.HasPrefix(imported, "github.com/aws/")
}

func isHTTP(imported string) bool { return imported == "net/http" || path.Dir(imported) == "net/http" }
