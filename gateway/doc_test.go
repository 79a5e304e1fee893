package gateway_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docLink is a doc link as the tour writes it: [Name], [Type.Method], [package.Name] or [package.Type.Method].
var docLink = regexp.MustCompile(`\[((?:[a-z][a-z0-9]*\.)?[A-Z]\w*(?:\.[A-Z]\w*)?)\]`)

// TestTheTourLeadsSomewhere resolves every doc link of the tour to an exported name, because links rot where nothing checks them. It
// also follows the path that a reader takes: from the handler to the table of a complete to the contract of an adapter.
func TestTheTourLeadsSomewhere(t *testing.T) {
	t.Parallel()
	names := exportedNames(t)
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range docLink.FindAllStringSubmatch(string(source), -1) {
		link := m[1]
		pkg, rest, ok := strings.Cut(link, ".")
		if !ok || pkg[0] < 'a' {
			pkg, rest = "gateway", link
		}
		seen[pkg+"."+rest] = true
		if !names[pkg+"."+rest] {
			t.Errorf("doc link [%s] leads nowhere", link)
		}
	}
	last := -1
	for _, stop := range []string{"httpapi.NewHandler", "acp.Pipeline.Do", "checkout.Steps", "adapters.Adapter"} {
		at := strings.Index(string(source), "["+stop+"]")
		if !seen[stop] || at <= last {
			t.Errorf("the way from the handler to the adapter misses %s, or has it in the wrong place", stop)
		}
		last = at
	}
}

// exportedNames are all exported names of the module, as package.Name and package.Type.Method.
func exportedNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range f.Decls {
			declared(decl, func(name string) { names[f.Name.Name+"."+name] = true })
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func declared(decl ast.Decl, add func(string)) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			add(d.Name.Name)
			return
		}
		recv := d.Recv.List[0].Type
		if star, ok := recv.(*ast.StarExpr); ok {
			recv = star.X
		}
		if id, ok := recv.(*ast.Ident); ok {
			add(id.Name + "." + d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				add(s.Name.Name)
			case *ast.ValueSpec:
				for _, n := range s.Names {
					add(n.Name)
				}
			}
		}
	}
}
