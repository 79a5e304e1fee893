// Package schematest checks answers and events against the published ACP
// schemas. It is for tests alone.
//
// Start at [Validate]: one call for each body that a test sees. The schemas
// are read from the folder that the environment variable ACP_SPEC_DIR names (a
// checkout of the specification with its spec/ folder); they are never part of
// this repository. Without the variable [Validate] says so once and checks
// nothing, so that the tests run on any machine.
//
// Where a published schema cannot validate what the specification asks for, a
// named [Correction] mends it before it is compiled.
//
// It may import third-party packages only.
package schematest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// DirVariable names the environment variable with the specification's folder.
const DirVariable = "ACP_SPEC_DIR"

// Kind is what a body is.
type Kind string

// The kinds of bodies.
const (
	// Session is the answer to create, get, update and cancel.
	Session Kind = "CheckoutSession"
	// Completion is the answer to complete: with the order when the session
	// is completed, else a plain session.
	Completion Kind = "CheckoutSessionWithOrder"
	// Error is the body of an error answer.
	Error Kind = "Error"
	// Event is the body of an order webhook.
	Event Kind = "WebhookEvent"
	// Order is an order by itself, as the published samples show it.
	Order Kind = "Order"
	// Cart is the answer to every operation of a cart (from 2026-04-17).
	Cart Kind = "Cart"
	// CreateRequest, UpdateRequest, CompleteRequest and CancelRequest are
	// what agents send. The gateway takes more than these schemas allow.
	CreateRequest   Kind = "CheckoutSessionCreateRequest"
	UpdateRequest   Kind = "CheckoutSessionUpdateRequest"
	CompleteRequest Kind = "CheckoutSessionCompleteRequest"
	CancelRequest   Kind = "CancelSessionRequest"
	// CartCreateRequest and CartUpdateRequest are what agents send to carts.
	CartCreateRequest Kind = "CartCreateRequest"
	CartUpdateRequest Kind = "CartUpdateRequest"
)

// Validators are the compiled schemas of one specification folder. Safe for
// concurrent use.
type Validators struct {
	dir   string
	mu    sync.Mutex
	dates map[string]*date
}

type date struct {
	compiler *jsonschema.Compiler
	schemas  map[Kind]*jsonschema.Schema
}

var shared = struct {
	sync.Mutex
	byDir map[string]*Validators
	told  bool
}{byDir: map[string]*Validators{}}

// New gives the validators of the folder in ACP_SPEC_DIR, or nil, with one
// logged line in the whole test program, when the variable is not set. A
// variable that names no specification fails the test.
func New(tb testing.TB) *Validators {
	tb.Helper()
	dir := os.Getenv(DirVariable)
	shared.Lock()
	defer shared.Unlock()
	if dir == "" {
		if !shared.told {
			shared.told = true
			tb.Log(DirVariable + " is not set: bodies are not checked against the published schemas")
		}
		return nil
	}
	if v, ok := shared.byDir[dir]; ok {
		return v
	}
	if _, err := os.Stat(filepath.Join(dir, "spec")); err != nil {
		tb.Fatalf("%s=%s has no spec folder: %v", DirVariable, dir, err)
	}
	v := &Validators{dir: dir, dates: map[string]*date{}}
	shared.byDir[dir] = v
	return v
}

// Validate fails the test when body is not a valid kind of that date. It does
// nothing when ACP_SPEC_DIR is not set.
func Validate(tb testing.TB, apiVersion string, kind Kind, body []byte) {
	tb.Helper()
	v := New(tb)
	if v == nil {
		return
	}
	if err := v.Check(apiVersion, kind, body); err != nil {
		tb.Errorf("%s of %s does not validate: %v\n%s", kind, apiVersion, err, body)
	}
}

// Check is the validation without a test.
func (v *Validators) Check(apiVersion string, kind Kind, body []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("parse: %w", err)
	}
	if kind == Completion && !completed(value) {
		kind = Session
	}
	schema, err := v.schema(apiVersion, kind)
	if err != nil {
		return err
	}
	if err := schema.Validate(value); err != nil {
		return fmt.Errorf("validate: %w", err)
	}
	return nil
}

// completed reads the status: the answer to complete must show an order
// exactly when it says completed. The published schema of the answer demands
// an order even of a declined payment, which cannot have one; see
// [DeclineHasNoOrder].
func completed(value any) bool {
	object, ok := value.(map[string]any)
	return ok && (object["status"] == "completed" || object["order"] != nil)
}

func (v *Validators) schema(apiVersion string, kind Kind) (*jsonschema.Schema, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	d, ok := v.dates[apiVersion]
	if !ok {
		loaded, err := v.load(apiVersion)
		if err != nil {
			return nil, fmt.Errorf("schemas of %s: %w", apiVersion, err)
		}
		d, v.dates[apiVersion] = loaded, loaded
	}
	if s, ok := d.schemas[kind]; ok {
		return s, nil
	}
	var location string
	switch kind {
	case Event:
		location = webhookSchema + "#/components/schemas/" + string(kind)
	case Cart, CartCreateRequest, CartUpdateRequest:
		location = cartSchema + "#/$defs/" + string(kind)
	default:
		location = checkoutSchema + "#/$defs/" + string(kind)
	}
	s, err := d.compiler.Compile(location)
	if err != nil {
		return nil, fmt.Errorf("compile %s of %s: %w", kind, apiVersion, err)
	}
	d.schemas[kind] = s
	return s, nil
}

// The names under which the files of a date are known to its compiler.
const (
	checkoutSchema = "acp:///json-schema/schema.agentic_checkout.json"
	cartSchema     = "acp:///json-schema/schema.cart.json"
	webhookSchema  = "acp:///openapi/openapi.agentic_checkout_webhook.yaml"
	checkoutAPI    = "acp:///openapi/openapi.agentic_checkout.yaml"
)

// load reads the files of one date, mends them and prepares their compiler.
// Formats (date-time, email, uri) are asserted, which the draft leaves open.
func (v *Validators) load(apiVersion string) (*date, error) {
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	for name, path := range map[string]string{
		checkoutSchema: "json-schema/schema.agentic_checkout.json",
		webhookSchema:  "openapi/openapi.agentic_checkout_webhook.yaml",
		checkoutAPI:    "openapi/openapi.agentic_checkout.yaml",
		cartSchema:     "json-schema/schema.cart.json",
	} {
		document, err := read(filepath.Join(v.dir, "spec", apiVersion, filepath.FromSlash(path)))
		if name == cartSchema && errors.Is(err, fs.ErrNotExist) {
			continue // the dates before 2026-04-17 have no carts
		}
		if err != nil {
			return nil, err
		}
		// All dates carry one $id; references resolve by our names instead.
		delete(document, "$id")
		for _, c := range Corrections {
			if c.applies(apiVersion, name) {
				if err := c.mend(document); err != nil {
					return nil, fmt.Errorf("correction %s finds nothing to correct: %w", c.Name, err)
				}
			}
		}
		if err := compiler.AddResource(name, document); err != nil {
			return nil, fmt.Errorf("add %s: %w", path, err)
		}
	}
	return &date{compiler: compiler, schemas: map[Kind]*jsonschema.Schema{}}, nil
}

// read reads a JSON or YAML document.
func read(path string) (map[string]any, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	if filepath.Ext(path) == ".yaml" {
		if text, err = yaml.YAMLToJSON(text); err != nil {
			return nil, fmt.Errorf("convert %s: %w", path, err)
		}
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", path, err)
	}
	document, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is no object", path)
	}
	return document, nil
}
