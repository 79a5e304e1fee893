package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The names under which the files of a date are known to its compiler.
const (
	sessionFile = "acp:///json-schema/schema.agentic_checkout.json"
	cartFile    = "acp:///json-schema/schema.cart.json"
	eventFile   = "acp:///openapi/openapi.agentic_checkout_webhook.yaml"
	apiFile     = "acp:///openapi/openapi.agentic_checkout.yaml"
)

// schemas are the published schemas of a checkout of the specification. Safe for concurrent use.
type schemas struct {
	dir   string
	mu    sync.Mutex
	dates map[string]*dated
}

type dated struct {
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

func openSchemas(dir string) (*schemas, error) {
	if _, err := os.Stat(filepath.Join(dir, "spec", v5)); err != nil {
		return nil, fmt.Errorf("read the published schemas: %s is no checkout of the specification: %w", dir, err)
	}
	return &schemas{dir: dir, dates: map[string]*dated{}}, nil
}

// validate holds a body against a definition: the name of a member of $defs, or of an event.
func (s *schemas) validate(date, definition string, body []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("read the body: %w", err)
	}
	schema, err := s.schema(date, definition)
	if err != nil {
		return err
	}
	if err := schema.Validate(value); err != nil {
		return fmt.Errorf("it is no valid %s of %s: %w", definition, date, err)
	}
	return nil
}

func (s *schemas) schema(date, definition string) (*jsonschema.Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.dates[date]
	if !ok {
		var err error
		if d, err = s.load(date); err != nil {
			return nil, fmt.Errorf("read the schemas of %s: %w", date, err)
		}
		s.dates[date] = d
	}
	if c, ok := d.compiled[definition]; ok {
		return c, nil
	}
	location := sessionFile + "#/$defs/" + definition
	switch definition {
	case "WebhookEvent":
		location = eventFile + "#/components/schemas/" + definition
	case "Cart":
		location = cartFile + "#/$defs/" + definition
	}
	c, err := d.compiler.Compile(location)
	if err != nil {
		return nil, fmt.Errorf("compile %s of %s: %w", definition, date, err)
	}
	d.compiled[definition] = c
	return c, nil
}

// load reads the files of one date. Formats are asserted, which the draft leaves open.
func (s *schemas) load(date string) (*dated, error) {
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	for name, path := range map[string]string{
		sessionFile: "json-schema/schema.agentic_checkout.json", cartFile: "json-schema/schema.cart.json",
		eventFile: "openapi/openapi.agentic_checkout_webhook.yaml", apiFile: "openapi/openapi.agentic_checkout.yaml",
	} {
		document, err := s.document(date, path)
		if errors.Is(err, os.ErrNotExist) && name == cartFile {
			continue // carts came later
		}
		if err != nil {
			return nil, err
		}
		delete(document, "$id") // all dates have the same one; references are to our names
		if name == sessionFile {
			mend(document)
		}
		if err := compiler.AddResource(name, document); err != nil {
			return nil, fmt.Errorf("take %s: %w", path, err)
		}
	}
	return &dated{compiler: compiler, compiled: map[string]*jsonschema.Schema{}}, nil
}

func (s *schemas) document(date, path string) (map[string]any, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, "spec", date, filepath.FromSlash(path)))
	if err != nil {
		return nil, fmt.Errorf("read a schema: %w", err)
	}
	if filepath.Ext(path) == ".yaml" {
		if text, err = yaml.YAMLToJSON(text); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	document, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("read %s: it is no object", path)
	}
	return document, nil
}

// mend makes two published definitions satisfiable. The first date's session with its order is allOf a closed session without one and an
// object that demands one (the specification's issue 277); its quantity has a draft 4 keyword. Both are said as they are meant.
func mend(document map[string]any) {
	definitions, _ := document["$defs"].(map[string]any)
	if item, ok := definitions["Item"].(map[string]any); ok {
		properties, _ := item["properties"].(map[string]any)
		if quantity, ok := properties["quantity"].(map[string]any); ok && quantity["exclusiveMinimum"] == true {
			quantity["exclusiveMinimum"] = quantity["minimum"]
			delete(quantity, "minimum")
		}
	}
	base, ok := definitions["CheckoutSessionBase"].(map[string]any)
	if !ok {
		return
	}
	properties, _ := base["properties"].(map[string]any)
	if _, there := properties["order"]; there {
		return
	}
	whole, with := maps.Clone(base), maps.Clone(properties)
	with["order"] = map[string]any{"$ref": "#/$defs/Order"}
	required, _ := base["required"].([]any)
	whole["properties"], whole["required"] = with, append(slices.Clone(required), "order")
	definitions["CheckoutSessionWithOrder"] = whole
}

// valid holds an answer against the published schema of a date, or against our own assertions where there is none.
func (t *trial) valid(date string, a answer, what string) {
	definition := "CheckoutSession"
	if a.has("order") || a.text("status") == "completed" && what == "complete" {
		definition = "CheckoutSessionWithOrder"
	}
	if t.schemas == nil {
		t.notef("without the published schemas, against our own assertions")
		t.shaped(date, a.node, what)
		return
	}
	t.notef("against the published schemas")
	body := a.raw
	if a.transport == MCP {
		text, err := textOf(a.node)
		if err != nil {
			t.failf("%v", err)
		}
		body = text
	}
	if err := t.schemas.validate(date, definition, body); err != nil {
		t.failf("the answer to %s: %v", what, err)
	}
}
