package translate_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate"
	"github.com/postern-gateway/postern/translate/schematest"
	"github.com/postern-gateway/postern/translate/wire"
)

var update = flag.Bool("update", false, "rewrite the golden files from what the code does now")

// TestGolden runs the golden files of every date. A file begins with lines of
// "key: value":
//
//	operation: create, get, update, complete, cancel, error, cart or event
//	session:   the fixture that the answer shows
//	cart:      the fixture that the answer about a cart shows
//	event:     the fixture that the event tells
//	lenient:   why the request does not validate against the published schema
//
// request.json is decoded and printed into value.txt, or its refusal into
// refusal.json; the fixture is written into response.json or event.json.
// Everything that the gateway sends is held against the published schema.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, version := range every() {
		files, err := filepath.Glob(filepath.Join(folder(version), "testdata", "*.txtar"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no golden files: %v", version.Date, err)
		}
		seen := map[string]bool{}
		for _, file := range files {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			g := &golden{version: version, archive: archive, header: header(string(archive.Comment))}
			seen[g.header["operation"]] = true
			t.Run(version.Date+"/"+strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
				t.Parallel()
				g.run(t)
				if !*update {
					return
				}
				if err := os.WriteFile(file, txtar.Format(g.archive), 0o644); err != nil {
					t.Fatal(err)
				}
			})
		}
		operations := []string{"create", "get", "update", "complete", "cancel", "error", "event"}
		if version.Carts {
			operations = append(operations, "cart")
		}
		for _, operation := range operations {
			if !seen[operation] {
				t.Errorf("%s has no golden file for %s", version.Date, operation)
			}
		}
	}
}

// folder is where a date lives.
func folder(version translate.Version) string {
	if name := "v" + strings.ReplaceAll(version.Date, "-", ""); version.Date[0] == '2' {
		return name
	}
	return version.Date
}

type golden struct {
	version translate.Version
	archive *txtar.Archive
	header  map[string]string
}

func header(comment string) map[string]string {
	keys := map[string]string{}
	for line := range strings.Lines(comment) {
		if key, value, ok := strings.Cut(line, ":"); ok {
			keys[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return keys
}

func (g *golden) run(t *testing.T) {
	checked := false
	if request := g.section("request.json"); request != nil {
		g.request(t, request)
		checked = true
	}
	if name := g.header["session"]; name != "" {
		fixture, ok := sessions[name]
		if !ok {
			t.Fatalf("no session fixture %q", name)
		}
		encode, kind := g.version.EncodeSession, schematest.Session
		if g.header["operation"] == "complete" {
			encode, kind = g.version.EncodeCompletion, schematest.Completion
		}
		body, err := encode(fixture())
		if err != nil {
			t.Fatal(err)
		}
		schematest.Validate(t, g.version.Date, kind, body)
		g.compare(t, "response.json", indent(t, body))
		checked = true
	}
	if name := g.header["cart"]; name != "" {
		fixture, ok := carts[name]
		if !ok {
			t.Fatalf("no cart fixture %q", name)
		}
		body, err := g.version.EncodeCart(fixture())
		if err != nil {
			t.Fatal(err)
		}
		schematest.Validate(t, g.version.Date, schematest.Cart, body)
		g.compare(t, "response.json", indent(t, body))
		checked = true
	}
	if name := g.header["event"]; name != "" {
		fixture, ok := events[name]
		if !ok {
			t.Fatalf("no event fixture %q", name)
		}
		body, err := g.version.EncodeEvent(fixture)
		if err != nil {
			t.Fatal(err)
		}
		schematest.Validate(t, g.version.Date, schematest.Event, body)
		g.compare(t, "event.json", indent(t, body))
		checked = true
	}
	if !checked {
		t.Fatal("the file names nothing to check")
	}
}

// request decodes and prints, and checks that a request that is not marked
// lenient is one that the published schema allows.
func (g *golden) request(t *testing.T, body []byte) {
	t.Helper()
	value, kind, err := decode(g.version, g.header["operation"], body)
	if err == nil {
		if g.header["lenient"] == "" && len(bytes.TrimSpace(body)) > 0 && kind != "" {
			schematest.Validate(t, g.version.Date, kind, body)
		}
		g.compare(t, "value.txt", []byte(dump(value)))
		return
	}
	fault, ok := errors.AsType[*commerce.Fault](err)
	if !ok {
		t.Fatalf("the refusal is no fault: %v", err)
	}
	answer, err := g.version.EncodeError(wire.Problem{
		Type: wire.InvalidRequest, Code: fault.Code, Message: fault.Message, Param: fault.Param,
	})
	if err != nil {
		t.Fatal(err)
	}
	schematest.Validate(t, g.version.Date, schematest.Error, answer)
	g.compare(t, "refusal.json", indent(t, answer))
}

func decode(version translate.Version, operation string, body []byte) (value any, kind schematest.Kind, err error) {
	doc, err := wire.Parse(body)
	if err != nil {
		return nil, "", err
	}
	switch operation {
	case "create", "error":
		value, err = version.DecodeCreate(wire.NewReader(doc))
		return value, schematest.CreateRequest, err
	case "update":
		value, err = version.DecodeUpdate(wire.NewReader(doc))
		return value, schematest.UpdateRequest, err
	case "complete":
		value, err = version.DecodeComplete(wire.NewReader(doc))
		return value, schematest.CompleteRequest, err
	case "cart":
		value, err = version.DecodeCart(wire.NewReader(doc))
		return value, schematest.CartCreateRequest, err
	default:
		value, err = version.DecodeCancel(wire.NewReader(doc))
		return value, "", err
	}
}

func (g *golden) section(name string) []byte {
	for _, f := range g.archive.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

func (g *golden) compare(t *testing.T, name string, got []byte) {
	t.Helper()
	for i, f := range g.archive.Files {
		if f.Name != name {
			continue
		}
		if *update {
			g.archive.Files[i].Data = got
		} else if diff := cmp.Diff(string(f.Data), string(got)); diff != "" {
			t.Errorf("%s (-golden +now; -update rewrites):\n%s", name, diff)
		}
		return
	}
	if !*update {
		t.Errorf("no section %s; -update adds it:\n%s", name, got)
		return
	}
	g.archive.Files = append(g.archive.Files, txtar.File{Name: name, Data: got})
}

func indent(t *testing.T, body []byte) []byte {
	t.Helper()
	value := jsontext.Value(bytes.Clone(body))
	if err := value.Indent(jsontext.WithIndent("  ")); err != nil {
		t.Fatal(err)
	}
	return append(value, '\n')
}
