package translate_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/postern-gateway/postern/translate"
	"github.com/postern-gateway/postern/translate/schematest"
	"github.com/postern-gateway/postern/translate/wire"
)

// schemaFolder are the schemas of one date, by file and definition.
type schemaFolder struct {
	files map[string]map[string]any
}

func openSchemas(t testing.TB, date string) schemaFolder {
	t.Helper()
	folder := schemaFolder{files: map[string]map[string]any{}}
	paths, err := filepath.Glob(filepath.Join(os.Getenv(schematest.DirVariable), "spec", date, "json-schema", "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no schemas of %s: %v", date, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var document struct {
			Defs map[string]any `json:"$defs"`
		}
		if err := json.Unmarshal(text, &document); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		folder.files[filepath.Base(path)] = document.Defs
	}
	return folder
}

// find is the definition that a reference in file leads to, and its file.
func (f schemaFolder) find(file, reference string) (string, map[string]any) {
	name, definition, _ := strings.Cut(reference, "#/$defs/")
	if name != "" {
		file = name
	}
	schema, _ := f.files[file][definition].(map[string]any)
	return file, schema
}

// draw makes a value of a schema, valid unless it is to be spoiled: then any member may be missing, null, or joined by one that no
// schema knows. Its words and formats are valid in any case.
func (f schemaFolder) draw(t *rapid.T, file string, schema map[string]any, spoil bool) any {
	if reference, ok := schema["$ref"].(string); ok {
		file, schema = f.find(file, reference)
	}
	if choices, ok := schema["enum"].([]any); ok {
		return rapid.SampledFrom(choices).Draw(t, "word")
	}
	if choices, ok := schema["oneOf"].([]any); ok {
		first, _ := choices[0].(map[string]any)
		return f.draw(t, file, first, spoil)
	}
	switch schema["type"] {
	case "object":
		properties, _ := schema["properties"].(map[string]any)
		required, _ := schema["required"].([]any)
		object := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			member, _ := properties[name].(map[string]any)
			switch lot := rapid.IntRange(0, 19).Draw(t, name); {
			case name == "payment": // the seller's handlers, which nobody reads
			case lot == 0 && spoil:
				object[name] = nil
			case name == "currency":
				object[name] = "usd"
			case lot < 12 || slices.Contains(required, any(name)) && (lot < 19 || !spoil):
				object[name] = f.draw(t, file, member, spoil)
			}
		}
		if spoil && rapid.IntRange(0, 19).Draw(t, "unknown") == 0 {
			object["x_unknown"] = 1
		}
		return object
	case "array":
		items, _ := schema["items"].(map[string]any)
		return []any{f.draw(t, file, items, spoil)}
	case "number", "integer":
		return rapid.IntRange(1, 3).Draw(t, "number")
	case "boolean":
		return true
	}
	switch schema["format"] {
	case "date-time":
		return "2026-05-20T14:35:00Z"
	case "email":
		return "ada@example.com"
	case "uri":
		return "https://a.example/"
	}
	return "us"
}

// TestNativeShapes makes requests by the schemas of one date, complete and incomplete ones, and reads them with another date, or the same:
// what is read without a deviation is what that date's schema allows, exactly.
func TestNativeShapes(t *testing.T) {
	t.Parallel()
	check := schematest.New(t)
	if check == nil {
		return
	}
	versions := spoken(t)
	folders := map[string]schemaFolder{}
	for _, v := range versions {
		folders[v.Date] = openSchemas(t, v.Date)
	}
	kinds := map[string]schematest.Kind{
		"create": schematest.CreateRequest, "update": schematest.UpdateRequest, "complete": schematest.CompleteRequest, "cart": schematest.CartCreateRequest,
	}
	taken, native := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		for range 8 {
			operation := rapid.SampledFrom([]string{"create", "update", "complete", "cart"}).Draw(t, "operation")
			reading := slices.DeleteFunc(slices.Clone(versions), func(v translate.Version) bool { return operation == "cart" && !v.Carts })
			from := rapid.SampledFrom(reading).Draw(t, "from")
			file := "schema.agentic_checkout.json"
			if operation == "cart" {
				file = "schema.cart.json"
			}
			_, schema := folders[from.Date].find(file, "#/$defs/"+string(kinds[operation]))
			body, err := json.Marshal(folders[from.Date].draw(t, file, schema, rapid.Bool().Draw(t, "spoil")))
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range reading {
				_, r, err := read(v, operation, string(body))
				invalid := check.Check(v.Date, kinds[operation], body)
				if refusal, ok := errors.AsType[*wire.Refusal](err); ok {
					if invalid == nil && !stricter(operation, refusal) {
						t.Fatalf("%s allows what is refused: %v\n%s", v.Date, err, body)
					}
					continue
				}
				if taken++; invalid == nil {
					native++
				}
				if deviates := len(r.Deviations()) > 0; deviates != (invalid != nil) {
					t.Fatalf("%s %s, deviations %v, but by the schema: %v\n%s", v.Date, operation, r.Deviations(), invalid, body)
				}
			}
		}
	})
	if taken < 1000 || native < 100 {
		t.Errorf("%d requests were taken, %d of them native: too few to say anything", taken, native)
	}
}

// stricter are the refusals of what a schema allows: without handler or instrument, a purchase order number is no payment here.
func stricter(operation string, refusal *wire.Refusal) bool {
	switch refusal.Param {
	case "$.payment_data.purchase_order_number", "$.payment_data.handler_id", "$.payment_data.instrument":
		return operation == "complete"
	default:
		return false
	}
}
