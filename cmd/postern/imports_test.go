package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the import path of the repository's root.
const module = "github.com/postern-gateway/postern"

// floors is the import law: a package may import only what stands on a lower floor. A pattern is the package's path
// under the module; a last element "*" matches one element, or the elements that start with what stands before it. The
// first pattern that matches decides. Whoever adds a package or an arrow changes this table in the same commit and says
// why.
var floors = []struct {
	pattern string
	floor   int
}{
	{"cmd/postern", 9},
	{"cmd/postern/demo", 9},
	{"cmd/postern/demo/*", 9},
	{"cmd/postern/shopper", 9},

	{"gateway", 8},

	{"gateway/httpapi", 7},
	{"gateway/mcpapi", 7},

	{"gateway/acp", 6},

	{"gateway/checkout", 5},
	{"gateway/carts", 5},
	{"gateway/relay", 5},

	{"gateway/upstream", 4},
	{"translate", 4},
	{"adapters/builtin", 4},

	{"gateway/payment/stripepay", 3},
	{"gateway/store/sqlstore", 3},
	{"translate/v*", 3},
	{"translate/unreleased", 3},

	{"adapters/shopclient", 2},
	{"translate/reader", 2},
	{"translate/write/*", 2},
	{"gateway/signing", 2},
	{"gateway/identity", 2},
	{"gateway/limits", 2},
	{"gateway/handoff", 2},

	{"adapters", 1},
	{"gateway/payment", 1},
	{"gateway/store", 1},
	{"translate/wire", 1},
	{"translate/write", 1},
	{"gateway/telemetry", 1},
	{"config", 1},
	{"config/agentkey", 1},

	{"gateway/commerce", 0},
	{"gateway/clock", 0},

	// A shop's adapter, whatever it is called. It stands last: the other folders of adapters are named above or below.
	{"adapters/*", 3},
}

// support are the suites, fakes and the conformance agent: what proves the product and is no part of it. Only tests,
// cmd/postern and e2e may import them. Each has the floor of what it may import itself.
var support = map[string]int{
	"adapters/adaptertest":       2, // the suite of every adapter; adapters are handed to it
	"gateway/payment/paytest":    2, // the suite of every processor
	"gateway/payment/stripetest": 2, // a stateful Stripe on loopback; it must not share code with stripepay
	"gateway/store/storetest":    2, // the suite of every store
	"translate/schematest":       2, // checks answers against the published schemas
	"gateway/conformance/broken": 1, // a seller with planted faults, which proves the suite; built with the tag brokenseller
	"gateway/conformance":        1, // an agent written from the specification; it shares no wire types with translate
}

// sideways are the arrows between packages of one floor that the law lets pass, with the reason.
var sideways = []struct{ from, to, why string }{
	{"cmd/postern", "cmd/postern/demo", "the command starts the demo"},
	{"cmd/postern", "cmd/postern/demo/*", "the command starts the parts of the demo"},
	{"cmd/postern/demo", "cmd/postern/demo/*", "the demo is made of its parts"},
	{"cmd/postern", "cmd/postern/shopper", "the command sends the agent to buy"},
	{"cmd/postern/demo", "cmd/postern/shopper", "the demo's agent is the one that can be sent anywhere"},
	{"translate/unreleased", "translate/v*", "it is the date to come, and answers as the newest one does"},
	{"translate/write", "translate/wire", "what is written has numbers and places as what is read has"},
}

// owners are outside modules that only some packages may import, and the standard packages that product code must not.
// Tests and support packages may import them too, except where strict says otherwise.
var owners = []struct {
	imported string
	by       []string
	strict   bool // tests are bound as well
	why      string
}{
	{"github.com/stripe/stripe-go", []string{"gateway/payment/stripepay"}, true, "one package speaks to Stripe"},
	// conformance reads the published description of the events, which is YAML.
	{"github.com/goccy/go-yaml", []string{"config", "translate/schematest", "gateway/conformance"}, true, "adapters read their settings through config.Section"},
	{"gopkg.in/yaml.v3", nil, true, "it is unmaintained"},
	{"database/sql", []string{"gateway/store/sqlstore"}, false, "one package speaks SQL"},
	{"modernc.org/sqlite", []string{"gateway/store/sqlstore"}, false, "one package knows the driver"},
	{"github.com/jackc/pgx", []string{"gateway/store/sqlstore"}, false, "one package knows the driver"},
	{"github.com/pressly/goose", []string{"gateway/store/sqlstore"}, false, "one package knows the migrations"},
	{"github.com/sony/gobreaker", []string{"gateway/upstream", "gateway/relay"}, false, "the breakers are there"},
	{"code.dny.dev/ssrf", []string{"gateway/relay"}, false, "only agents' URLs are hostile"},
	{"github.com/modelcontextprotocol", []string{"gateway/mcpapi"}, false, "MCP is one shell"},
	{"github.com/go-jose/go-jose", []string{"gateway/identity"}, false, "one package reads signed tokens"},
	{"golang.org/x/time/rate", []string{"gateway/limits"}, false, "one package counts calls"},
	{"github.com/itchyny/gojq", []string{"adapters/declarative"}, false, "it is the mapping language of one adapter"},
	{"go.opentelemetry.io/otel/sdk", []string{"gateway/telemetry"}, false, "one package sets telemetry up"},
	{"go.opentelemetry.io/contrib/exporters", []string{"gateway/telemetry"}, false, "one package sets telemetry up"},
	{"go.opentelemetry.io/otel", []string{
		"gateway/telemetry", "gateway/upstream", "gateway/payment/stripepay", "gateway/checkout", "gateway/relay", "gateway/acp",
		"gateway/httpapi", "gateway/mcpapi", "gateway", "cmd/postern",
	}, false, "spans are made where work crosses a border, not inside"},
	{"math/rand", nil, false, "ids and keys come from crypto/rand; for jitter use math/rand/v2"},
	{"log", nil, false, "logging goes through an injected *slog.Logger"},
}

// standardOnly are the packages that import the standard library only: they are values and rules.
var standardOnly = []string{"gateway/commerce", "gateway/clock", "config/agentkey"}

// reporter is the part of testing.T that the law needs, so that the law can be tried on arrows that break it.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// breaches counts what the law has against an arrow.
type breaches int

func (b *breaches) Helper() {}

func (b *breaches) Errorf(string, ...any) { *b++ }

// pkg is one folder's Go files, read but not compiled.
type pkg struct {
	path    string              // under the module, "" for its root
	imports map[string][]string // import path → files, of product files
	tests   map[string][]string // the same of _test.go files
	files   []sourceFile
}

type sourceFile struct {
	name string
	test bool
	ast  *ast.File
}

func TestImportLaw(t *testing.T) {
	t.Parallel()
	fset := token.NewFileSet()
	packages := readModule(t, fset)
	for _, p := range packages {
		if strings.HasPrefix(p.path, "e2e") {
			continue // drives the product from outside and may import all of it
		}
		floor, known := floorOf(p.path)
		if !known {
			t.Errorf("%s is on no floor: put it into the table in cmd/postern/imports_test.go, with a reason", p.path)
			continue
		}
		for imported, files := range p.imports {
			checkImport(t, p.path, floor, imported, files[0])
			checkOwner(t, p.path, imported, files[0], false)
		}
		for imported, files := range p.tests {
			checkOwner(t, p.path, imported, files[0], true)
		}
	}
}

// checkImport applies the floors to one arrow of product code.
func checkImport(t reporter, from string, floor int, imported, file string) {
	t.Helper()
	to, ours := strings.CutPrefix(imported, module+"/")
	if !ours {
		if slices.Contains(standardOnly, from) && strings.Contains(strings.Split(imported, "/")[0], ".") {
			t.Errorf("%s: %s may import the standard library only, not %s", file, from, imported)
		}
		return
	}
	if strings.HasPrefix(to, "e2e") {
		t.Errorf("%s: nothing may import %s", file, to)
		return
	}
	if _, isSupport := support[to]; isSupport {
		if !strings.HasPrefix(from, "cmd/postern") && !isSupportPackage(from) {
			t.Errorf("%s: %s is for tests, cmd/postern and e2e only", file, to)
		}
		return
	}
	toFloor, known := floorOf(to)
	if !known || toFloor < floor {
		return // a package on no floor is reported once, as itself
	}
	for _, s := range sideways {
		if s.from == from && matches(s.to, to) {
			return
		}
	}
	if matches("translate/v*", from) && matches("translate/v*", to) && to < from {
		return // a newer date may build on an older one
	}
	t.Errorf("%s: %s (floor %d) may not import %s (floor %d): an arrow only goes down", file, from, floor, to, toFloor)
}

// checkOwner applies the rules about modules from outside.
func checkOwner(t reporter, from, imported, file string, test bool) {
	t.Helper()
	for _, o := range owners {
		if imported != o.imported && !strings.HasPrefix(imported, o.imported+"/") || imported == "math/rand/v2" || imported == "log/slog" {
			continue
		}
		free := slices.Contains(o.by, from) || !o.strict && (test || isSupportPackage(from))
		if !free {
			t.Errorf("%s: %s may not import %s: %s", file, from, imported, o.why)
		}
	}
}

// TestClockLaw finds readers of time outside gateway/clock. Support packages are bound too; only tests, which run in
// real time or in a synctest bubble, are free.
func TestClockLaw(t *testing.T) {
	t.Parallel()
	forbidden := []string{"Now", "Sleep", "Since", "Until", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"}
	fset := token.NewFileSet()
	for _, p := range readModule(t, fset) {
		if p.path == "gateway/clock" || strings.HasPrefix(p.path, "e2e") {
			continue
		}
		for _, f := range p.files {
			local := localName(f.ast, "time")
			if f.test || local == "" {
				continue
			}
			ast.Inspect(f.ast, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == local && x.Obj == nil && slices.Contains(forbidden, sel.Sel.Name) {
					t.Errorf("%s: time.%s: only gateway/clock reads the time; take a clock.Clock", fset.Position(sel.Pos()), sel.Sel.Name)
				}
				return true
			})
		}
	}
}

// TestNoInitAndNames holds two rules of the house that a parser can see: no registration in init, and no package named
// for what it is not.
func TestNoInitAndNames(t *testing.T) {
	t.Parallel()
	banned := []string{"util", "utils", "common", "helper", "helpers", "manager", "models", "types", "base", "impl"}
	fset := token.NewFileSet()
	for _, p := range readModule(t, fset) {
		if slices.Contains(banned, path.Base(p.path)) {
			t.Errorf("%s: call a package by what it is about, not %s", p.path, path.Base(p.path))
		}
		for _, f := range p.files {
			if stem := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(f.name), ".go"), "_test"); slices.Contains(banned, stem) {
				t.Errorf("%s: call a file by its noun, not %s", f.name, stem)
			}
			for _, decl := range f.ast.Decls {
				if fn, ok := decl.(*ast.FuncDecl); ok && !f.test && fn.Recv == nil && fn.Name.Name == "init" {
					t.Errorf("%s: no init: lists are code, wiring is in gateway.New", fset.Position(fn.Pos()))
				}
			}
		}
	}
}

// TestImportLawItself tries the law on arrows that must pass and on arrows that must not.
func TestImportLawItself(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		path  string
		floor int
		known bool
	}{
		{"cmd/postern", 9, true},
		{"cmd/postern/demo/shop", 9, true},
		{"cmd/postern/demo/shop/deeper", 0, false},
		{"cmd/other", 0, false},
		{"gateway", 8, true},
		{"gateway/commerce", 0, true},
		{"gateway/unheard", 0, false},
		{"gateway/payment/stripetest", 2, true},
		{"translate/v20250929", 3, true},
		{"translate/wire", 1, true},
		{"translate/other", 0, false},
		{"adapters", 1, true},
		{"adapters/builtin", 4, true},
		{"adapters/declarative", 3, true},
		{"adapters/declarative/expr", 0, false},
		{"config/agentkey", 1, true},
		{"config/other", 0, false},
		{"", 0, false},
	} {
		if floor, known := floorOf(tt.path); floor != tt.floor || known != tt.known {
			t.Errorf("floorOf(%q) = %d, %v, want %d, %v", tt.path, floor, known, tt.floor, tt.known)
		}
	}
	for _, tt := range []struct {
		from, imported string
		test, legal    bool
	}{
		{"gateway", module + "/gateway/httpapi", false, true},
		{"gateway/httpapi", module + "/gateway", false, false},
		{"gateway/httpapi", module + "/gateway/mcpapi", false, false},
		{"gateway/checkout", module + "/gateway/relay", false, false},
		{"translate/v20260417", module + "/translate/v20250929", false, true},
		{"translate/v20250929", module + "/translate/v20260417", false, false},
		{"adapters/woocommerce", module + "/adapters/declarative", false, false},
		{"gateway/checkout", module + "/gateway/payment/stripetest", false, false},
		{"gateway/checkout", module + "/gateway/payment/stripetest", true, true},
		{"cmd/postern", module + "/gateway/payment/stripetest", false, true},
		{"cmd/postern/demo", module + "/cmd/postern/demo/shop", false, true},
		{"cmd/postern/demo/shop", module + "/cmd/postern/demo", false, false},
		{"gateway/checkout", "github.com/stripe/stripe-go/v82", false, false},
		{"gateway/checkout", "github.com/stripe/stripe-go/v82", true, false},
		{"gateway/payment/stripepay", "github.com/stripe/stripe-go/v82", false, true},
		{"adapters/declarative", "github.com/goccy/go-yaml/ast", true, false},
		{"gateway/store", "database/sql", false, false},
		{"gateway/commerce", "github.com/shopspring/decimal", false, false},
		{"gateway/commerce", "strings", false, true},
		{"gateway/relay", "log", false, false},
		{"gateway/relay", "log/slog", false, true},
		{"gateway/relay", "math/rand/v2", false, true},
		{"gateway/relay", "math/rand", false, false},
		{"gateway/relay", module + "/e2e/medusa", false, false},
	} {
		var found breaches
		floor, _ := floorOf(tt.from)
		if !tt.test {
			checkImport(&found, tt.from, floor, tt.imported, "probe")
		}
		checkOwner(&found, tt.from, tt.imported, "probe", tt.test)
		if (found == 0) != tt.legal {
			t.Errorf("%s imports %s (test %v): %d breaches, want legal = %v", tt.from, tt.imported, tt.test, found, tt.legal)
		}
	}
}

func isSupportPackage(p string) bool {
	_, ok := support[p]
	return ok
}

// floorOf returns the floor of a package; known is false when no line of the table names it.
func floorOf(p string) (floor int, known bool) {
	if floor, ok := support[p]; ok {
		return floor, true
	}
	for _, f := range floors {
		if matches(f.pattern, p) {
			return f.floor, true
		}
	}
	return 0, false
}

func matches(pattern, p string) bool {
	ok, err := path.Match(pattern, p)
	return err == nil && ok
}

// readModule parses every Go file of the module, whatever its build tags, so that no file escapes the law.
func readModule(t *testing.T, fset *token.FileSet) []*pkg {
	t.Helper()
	root := filepath.Join("..", "..")
	byPath := map[string]*pkg{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if d.IsDir() {
			base := d.Name()
			if rel != "." && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(fset, filepath.ToSlash(rel), text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(rel))
		if dir == "." {
			dir = ""
		}
		if byPath[dir] == nil {
			byPath[dir] = &pkg{path: dir, imports: map[string][]string{}, tests: map[string][]string{}}
		}
		byPath[dir].add(t, filepath.ToSlash(rel), file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []*pkg
	for _, p := range byPath {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b *pkg) int { return strings.Compare(a.path, b.path) })
	if len(out) < 5 {
		t.Fatalf("found %d packages under %s; the law is not reading the module", len(out), root)
	}
	return out
}

func (p *pkg) add(t *testing.T, name string, file *ast.File) {
	t.Helper()
	test := strings.HasSuffix(name, "_test.go")
	p.files = append(p.files, sourceFile{name: name, test: test, ast: file})
	into := p.imports
	if test {
		into = p.tests
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		into[imported] = append(into[imported], name)
	}
}

// localName returns the name under which a file imports a package, empty if it does not.
func localName(file *ast.File, imported string) string {
	for _, spec := range file.Imports {
		if spec.Path.Value != strconv.Quote(imported) {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(imported)
	}
	return ""
}
