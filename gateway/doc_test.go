package gateway_test

import (
	"cmp"
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	module = "github.com/postern-gateway/postern"
	tour   = module + "/gateway"
)

// docLink is what looks like a doc link: a name in brackets that begins or ends like an exported one.
var docLink = regexp.MustCompile(`\[([\w./-]*\b[A-Z]\w*)\]`)

// TestTheTourLeadsSomewhere resolves every doc link of the tour as pkg.go.dev does, because links rot where nothing checks them: what
// looks like a link has to be one, and has to lead to an exported name. It also follows the path that a reader takes: from the handler
// to the table of a complete to the contract of an adapter.
func TestTheTourLeadsSomewhere(t *testing.T) {
	t.Parallel()
	pkg := parseTour(t)
	names := exportedNames(t)
	var links []string // in the order of the text
	told := map[string]bool{}
	walkLinks(pkg.Parser().Parse(pkg.Doc).Content, func(l *comment.DocLink) {
		var text strings.Builder
		for _, part := range l.Text {
			if plain, ok := part.(comment.Plain); ok {
				text.WriteString(string(plain))
			}
		}
		told[text.String()] = true
		name := l.Name
		if l.Recv != "" {
			name = l.Recv + "." + name
		}
		link := cmp.Or(l.ImportPath, tour) + "." + name
		links = append(links, strings.TrimPrefix(link, module+"/"))
		if !names[link] {
			t.Errorf("doc link [%s] leads to %s, which is not there", text.String(), link)
		}
	})
	for _, m := range docLink.FindAllStringSubmatch(pkg.Doc, -1) {
		if !told[m[1]] {
			t.Errorf("[%s] is plain text and no link: this package does not import its package, so that it needs the whole import path", m[1])
		}
	}
	last := -1
	for _, stop := range []string{"gateway/httpapi.NewHandler", "gateway/acp.Pipeline.Do", "gateway/checkout.Steps", "adapters.Adapter"} {
		at := slices.Index(links, stop)
		if at <= last {
			t.Errorf("the way from the handler to the adapter misses %s, or has it in the wrong place", stop)
		}
		last = at
	}
}

// parseTour is the documentation of package gateway.
func parseTour(t *testing.T) *doc.Package {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	pkg, err := doc.NewFromFiles(fset, files, tour)
	if err != nil {
		t.Fatal(err)
	}
	return pkg
}

// walkLinks calls f with every doc link of the blocks, in their order. A code block has none.
func walkLinks(blocks []comment.Block, f func(*comment.DocLink)) {
	texts := func(all []comment.Text) {
		for _, text := range all {
			if l, ok := text.(*comment.DocLink); ok {
				f(l)
			}
		}
	}
	for _, block := range blocks {
		switch b := block.(type) {
		case *comment.Paragraph:
			texts(b.Text)
		case *comment.Heading:
			texts(b.Text)
		case *comment.List:
			for _, item := range b.Items {
				walkLinks(item.Content, f)
			}
		}
	}
}

// exportedNames are all exported names of the module, as import/path.Name and import/path.Type.Method.
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
			declared(decl, func(name string) {
				names[module+strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "..")+"."+name] = true
			})
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
