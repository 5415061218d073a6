package layout

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
)

// importRule holds the table: who may import whom.
func importRule(s source) (found []string) {
	list, restricted := allowed(s.dir)
	s.eachImport(func(spec *ast.ImportSpec, imported string) {
		to, isOurs := ours(imported)
		switch {
		case !isOurs || to == s.dir || s.external:
		case withinAny(to, stores) && !withinAny(s.dir, mains) && !within(s.dir, to+"/"):
			found = append(found, s.at(spec, "only mains and tests outside of the package import the store %s", to))
		case withinAny(to, forTests) && !s.test:
			found = append(found, s.at(spec, "only tests import %s", to))
		case strings.HasPrefix(s.dir, "functions/") && within(to, "shared/sqlite/"):
			found = append(found, s.at(spec, "a Lambda function carries no SQLite"))
		case restricted && !withinAny(to, list) && !(s.test && (withinAny(to, forTests) || strings.HasPrefix(to, "internal/"))):
			found = append(found, s.at(spec, "%s does not stand to the left of %s", to, s.dir))
		}
	})
	return found
}

// libraryRule: whoever protects an API takes the standard library with verify,
// and nothing else: no AWS, no SQLite, nothing of ours.
func libraryRule(s source) (found []string) {
	if !within(s.dir, library+"/") {
		return nil
	}
	s.eachImport(func(spec *ast.ImportSpec, imported string) {
		first, _, _ := strings.Cut(imported, "/")
		to, isOurs := ours(imported)
		if isOurs && !within(to, library+"/") || strings.Contains(first, ".") {
			found = append(found, s.at(spec, "%s has the standard library only", library))
		}
	})
	return found
}

// awsRule keeps AWS out of the core: tests that stand outside of their package
// may drive it.
func awsRule(s source) (found []string) {
	if withinAny(s.dir, cloud) || withinAny(s.dir, mains) || s.external {
		return nil
	}
	s.eachImport(func(spec *ast.ImportSpec, imported string) {
		if isAWS(imported) {
			found = append(found, s.at(spec, "AWS outside of the DynamoDB store, the event adapter and mains"))
		}
	})
	return found
}

// httpRule keeps HTTP right of endpoint.
func httpRule(s source) (found []string) {
	n := slices.Index(core, s.dir)
	if s.test || s.dir != "shared/audit" && (n < 0 || n >= slices.Index(core, "shared/endpoint")) {
		return nil
	}
	s.eachImport(func(spec *ast.ImportSpec, imported string) {
		if isHTTP(imported) {
			found = append(found, s.at(spec, "net/http left of endpoint"))
		}
	})
	return found
}

// environmentRule: what a process is told by its environment, only mains hear.
func environmentRule(s source) (found []string) {
	if s.test || withinAny(s.dir, environs) || s.file.Name.Name == "main" {
		return nil
	}
	readers := []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"}
	s.selects(func(n *ast.SelectorExpr, x string) {
		if (x == "os" || x == "syscall") && slices.Contains(readers, n.Sel.Name) {
			found = append(found, s.at(n, "the environment is read outside of a main"))
		}
	})
	return found
}

// nameRule: a package is named for what it holds.
func nameRule(s source) []string {
	for _, name := range []string{strings.TrimSuffix(s.file.Name.Name, "_test"), path.Base(s.dir)} {
		if slices.Contains(bannedNames, name) {
			return []string{s.at(s.file.Name, "no package is called %s", name)}
		}
	}
	return nil
}

// replyRule: one file of a package writes responses. The methods of a wrapper
// hand on what that file writes.
func replyRule(s source) (found []string) {
	if !slices.Contains(writers, s.dir) || s.test || path.Base(s.path) == "reply.go" {
		return nil
	}
	for _, decl := range s.file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil && (f.Name.Name == "Write" || f.Name.Name == "WriteHeader") {
			continue
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && writes(call) {
				found = append(found, s.at(call, "a response is written outside of reply.go"))
			}
			return true
		})
	}
	return found
}

// writes tells whether a call writes a response, or could.
func writes(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, name := "", sel.Sel.Name
	if id, ok := sel.X.(*ast.Ident); ok {
		x = id.Name
	}
	switch x {
	case "http":
		return slices.Contains([]string{"Error", "NotFound", "Redirect", "ServeContent", "ServeFile", "ServeFileFS", "SetCookie"}, name)
	case "io":
		return name == "WriteString"
	case "json":
		return name == "NewEncoder"
	case "fmt":
		return strings.HasPrefix(name, "Fprint")
	}
	return name == "WriteHeader" || name == "Write"
}

const (
	longest = 300 // lines of a file
	hard    = 350 // no exception beyond
)

// long are files that may pass the one limit, not the other.
var long = []string{}

func lengthRule(s source) []string {
	if s.lines <= longest || s.lines <= hard && slices.Contains(long, s.path) {
		return nil
	}
	return []string{fmt.Sprintf("%s:%d: more than %d lines", s.path, s.lines, longest)}
}

// What no committed file holds: where packages were fetched from, and where
// on some machine this lay. Letters stand apart so that this file holds none.
var (
	registry = regexp.MustCompile(`https?://[^/\s"']*(` + strings.Join([]string{"regis" + "try", "arti" + "factory", "ne" + "xus", "mir" + "ror",
		`pypi\.`, "npm" + "js", "proxy" + `\.golang`, "repo1?" + `\.maven`}, "|") + `)`)
	machine = regexp.MustCompile(`(^|[^\w.$})~/-])/(` + strings.Join([]string{"wo" + "rk", "ro" + "ot", "t" + "mp"}, "|") + `)/\w`)
)

func textBreaches(name, text string) (found []string) {
	if strings.ContainsRune(text, 0) {
		return nil // no text
	}
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		if registry.MatchString(line) {
			found = append(found, fmt.Sprintf("%s:%d: the address of a package registry", name, n))
		}
		if machine.MatchString(line) {
			found = append(found, fmt.Sprintf("%s:%d: a path of some machine", name, n))
		}
	}
	return found
}
