package layout

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A source is one parsed Go file.
type source struct {
	path, dir string
	test      bool // a _test.go file
	external  bool // of a package x_test
	lines     int
	file      *ast.File
	fset      *token.FileSet
}

// rule finds what one file does that it must not.
type rule func(s source) []string

var rules = []rule{importRule, libraryRule, awsRule, httpRule, environmentRule, nameRule, replyRule, lengthRule}

// Check gives every breach in the tree, each as "path:line: what", sorted.
// Folders called testdata are not looked into, nor those that no commit holds.
func Check(tree fs.FS) ([]string, error) {
	var found []string
	documented := map[string]bool{} // by folder
	err := walk(tree, func(name string) error {
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		found = append(found, textBreaches(name, string(text))...)
		if path.Ext(name) != ".go" {
			return nil
		}
		s, err := parse(name, text)
		if err != nil {
			return err
		}
		if !s.test {
			documented[s.dir] = documented[s.dir] || s.file.Doc != nil
		}
		for _, r := range rules {
			found = append(found, r(s)...)
		}
		return nil
	})
	for dir, ok := range documented {
		if !ok {
			found = append(found, dir+": the package has no doc comment")
		}
	}
	slices.Sort(found)
	return found, err
}

// uncommitted are folders that are made, not written.
var uncommitted = []string{".git", ".cache", "build", ".rescind", ".aws-sam", "node_modules"}

func walk(tree fs.FS, visit func(name string) error) error {
	return fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains(uncommitted, d.Name()) || strings.HasPrefix(name, "internal/layout/testdata")):
			return fs.SkipDir
		case d.IsDir() || !d.Type().IsRegular():
			return nil
		case strings.Contains(name, "/testdata/") && path.Ext(name) == ".go":
			return nil // programs that tests build, of no package here
		}
		return visit(name)
	})
}

func parse(name string, text []byte) (source, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return source{}, err
	}
	return source{path: name, dir: path.Dir(name), test: strings.HasSuffix(name, "_test.go"),
		external: strings.HasSuffix(file.Name.Name, "_test"), lines: fset.File(file.Pos()).LineCount(), file: file, fset: fset}, nil
}

func (s source) at(n ast.Node, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: %s", s.path, s.fset.Position(n.Pos()).Line, fmt.Sprintf(format, args...))
}

func (s source) eachImport(visit func(spec *ast.ImportSpec, imported string)) {
	for _, spec := range s.file.Imports {
		if imported, err := strconv.Unquote(spec.Path.Value); err == nil {
			visit(spec, imported)
		}
	}
}

// selects calls visit for every pkg.Name in the file, and for x.Name of any x.
func (s source) selects(visit func(n *ast.SelectorExpr, x string)) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			x := ""
			if id, ok := sel.X.(*ast.Ident); ok {
				x = id.Name
			}
			visit(sel, x)
		}
		return true
	})
}
