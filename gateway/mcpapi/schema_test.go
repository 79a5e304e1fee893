package mcpapi_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/mcpapi"
	"github.com/postern-gateway/postern/translate/schematest"
)

// listed is a tool as tools/list shows it.
type listed struct {
	Name, Title, Description string
	InputSchema              json.RawMessage
	Annotations              struct{ ReadOnlyHint, DestructiveHint, IdempotentHint, OpenWorldHint bool }
}

// toolList is what tools/list shows, as bytes and parsed.
func toolList(tb testing.TB, carts bool) ([]byte, map[string]listed) {
	tb.Helper()
	w := newWorld(tb, func(o *mcpapi.Options) { o.Carts = carts })
	raw := w.post(token, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`).Body.Bytes()
	var m struct{ Result struct{ Tools []listed } }
	if err := json.Unmarshal(raw, &m); err != nil {
		tb.Fatal(err)
	}
	all := map[string]listed{}
	for _, t := range m.Result.Tools {
		all[t.Name] = t
	}
	return raw, all
}

// compile makes a validator of a tool's input schema. It can load nothing from outside.
func compile(tb testing.TB, raw []byte) *jsonschema.Schema {
	tb.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	if err != nil {
		tb.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("mem:tool", doc); err != nil {
		tb.Fatal(err)
	}
	s, err := c.Compile("mem:tool")
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func valid(tb testing.TB, s *jsonschema.Schema, arguments string) error {
	tb.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(arguments))
	if err != nil {
		tb.Fatalf("%s: %v", arguments, err)
	}
	return s.Validate(v)
}

// TestSchemas holds what a host needs of every tool: a whole schema, no credential, and words.
func TestSchemas(t *testing.T) {
	t.Parallel()
	raw, tools := toolList(t, true)
	if len(tools) != 9 || len(raw) > 64<<10 {
		t.Errorf("%d tools in %d bytes", len(tools), len(raw))
	}
	for _, word := range []string{`"$ref"`, `"$defs"`, `"authorization"`, `"bearer"`, `"access_token"`, `"api_key"`} {
		if strings.Contains(strings.ToLower(string(raw)), word) {
			t.Errorf("the list of tools holds %s", word)
		}
	}
	for name, tool := range tools {
		compile(t, tool.InputSchema)
		if tool.Title == "" || len(tool.Description) < 10 {
			t.Errorf("%s has no words", name)
		}
		if reads := strings.HasPrefix(name, "get_"); tool.Annotations.ReadOnlyHint != reads || (reads && tool.Annotations.DestructiveHint) {
			t.Errorf("%s: %+v", name, tool.Annotations)
		}
		if spends := name == "complete_checkout_session" || strings.HasPrefix(name, "cancel_"); tool.Annotations.DestructiveHint != spends {
			t.Errorf("%s: %+v", name, tool.Annotations)
		}
	}
	if _, five := toolList(t, false); len(five) != 5 {
		t.Errorf("%d tools without carts", len(five))
	}
}

// TestSchemasRefuse holds that a schema says no to what no request can be.
func TestSchemasRefuse(t *testing.T) {
	t.Parallel()
	_, tools := toolList(t, true)
	const meta = `"meta":{"api_version":"2026-04-17","idempotency_key":"k"}`
	for _, tt := range []struct {
		tool, arguments string
		ok              bool
	}{
		{"create_checkout_session", `{` + meta + `,"payload":` + create + `}`, true},
		{"create_checkout_session", `{"meta":{"api_version":"2026-04-17","more":1},"payload":` + create + `}`, true},
		{"create_checkout_session", `{"payload":` + create + `}`, false},
		{"create_checkout_session", `{"meta":{},"payload":` + create + `}`, false},
		{"create_checkout_session", `{` + meta + `}`, false},
		{"create_checkout_session", `{` + meta + `,"payload":` + create + `,"token":"x"}`, false},
		{"create_checkout_session", `{` + meta + `,"payload":{"line_items":[],"currency":"usd","capabilities":{}}}`, false},
		{"create_checkout_session", `{` + meta + `,"payload":{"line_items":[{"quantity":1}],"currency":"usd","capabilities":{}}}`, false},
		{"create_checkout_session", `{` + meta + `,"payload":{"line_items":[{"id":"a","quantity":0}],"currency":"usd","capabilities":{}}}`, false},
		{"create_checkout_session", `{` + meta + `,"payload":{"line_items":[{"id":"a"}],"currency":840,"capabilities":{}}}`, false},
		{"create_checkout_session", `{` + meta + `,"payload":"` + `{}` + `"}`, false},
		{"get_checkout_session", `{"meta":{"api_version":"2026-04-17"},"id":"cs_1"}`, true},
		{"get_checkout_session", `{"meta":{"api_version":"2026-04-17"}}`, false},
		{"get_checkout_session", `{"meta":{"api_version":"2026-04-17"},"id":"cs_1","payload":{}}`, false},
		{"update_checkout_session", `{` + meta + `,"id":"cs_1","payload":{"buyer":null}}`, true},
		{"update_checkout_session", `{` + meta + `,"id":"cs_1","payload":{"buyer":[]}}`, false},
		{"update_checkout_session", `{` + meta + `,"id":"cs_1","payload":{"discounts":{"codes":"X"}}}`, false},
		{"update_checkout_session", `{` + meta + `,"id":7,"payload":{}}`, false},
		{"complete_checkout_session", `{` + meta + `,"id":"cs_1","payload":` + complete + `}`, true},
		{"complete_checkout_session", `{` + meta + `,"id":"cs_1","payload":{}}`, false},
		{"complete_checkout_session", `{` + meta + `,"id":"cs_1","payload":{"payment_data":{"instrument":{"credential":{"type":"spt"}}}}}`, false},
		{"cancel_checkout_session", `{` + meta + `,"id":"cs_1"}`, true},
		{"cancel_checkout_session", `{` + meta + `,"id":"cs_1","payload":{"intent_trace":{"reason_code":"something new"}}}`, true},
		{"cancel_checkout_session", `{` + meta + `,"id":"cs_1","payload":{"intent_trace":{}}}`, false},
		{"create_cart", `{` + meta + `,"payload":{"line_items":[{"id":"a"}]}}`, true},
		{"create_cart", `{` + meta + `,"payload":{"line_items":[]}}`, false},
		{"update_cart", `{` + meta + `,"payload":{"line_items":[{"id":"a"}]}}`, false},
		{"get_cart", `{` + meta + `,"id":"cart_1"}`, true},
		{"cancel_cart", `{` + meta + `,"id":"cart_1"}`, true},
	} {
		if err := valid(t, compile(t, tools[tt.tool].InputSchema), tt.arguments); (err == nil) != tt.ok {
			t.Errorf("%s %s: %v", tt.tool, tt.arguments, err)
		}
	}
}

// deviating are the published examples of requests that the published schema of their date does not take. The reader takes them, and
// so do our schemas.
var deviating = map[string]string{
	"create_multi_item_checkout_request":           "lines have a quantity, and capabilities are missing",
	"automatic-discount request":                   "lines have a quantity, and capabilities are missing",
	"order-level-discount request":                 "lines have a quantity, and capabilities are missing",
	"percentage-discount-with-allocations request": "lines have a quantity, and capabilities are missing",
	"rejected-discount-code request":               "lines have a quantity, and capabilities are missing",
	"stacked-discounts request":                    "lines have a quantity, and capabilities are missing",
	"mcp update_checkout_session_request":          "the selected option stands under the name of its type",
	"mcp complete_checkout_session_request":        "the instrument has no type and no credential",
}

// publishedRequests are the examples of requests by name, with their operation and body.
func publishedRequests(tb testing.TB, dir string) map[string]call {
	tb.Helper()
	operations := map[string]acp.Operation{"create": acp.Create, "update": acp.Update, "complete": acp.Complete, "cancel": acp.Cancel}
	all := map[string]call{}
	for _, file := range []string{"examples.agentic_checkout.json", "examples.multi_item_checkout.json"} {
		for name, body := range examples(tb, filepath.Join(dir, file)) {
			verb, _, _ := strings.Cut(name, "_")
			if operation, ok := operations[verb]; ok && strings.Contains(name, "_request") {
				all[name] = call{operation: operation, id: "cs_1", payload: string(body), key: "k"}
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "discount-extension", "*.json"))
	if err != nil {
		tb.Fatal(err)
	}
	for _, file := range files {
		if body, ok := examples(tb, file)["request"]; ok {
			all[strings.TrimSuffix(filepath.Base(file), ".json")+" request"] = call{operation: acp.Create, payload: string(body), key: "k"}
		}
	}
	return all
}

// TestPublishedExamples holds that every request among the published examples of the date, those of the MCP binding included, is a good
// one by our schemas, and names those that the published schema does not take.
func TestPublishedExamples(t *testing.T) {
	t.Parallel()
	published := schematest.New(t)
	if published == nil {
		return // the log says so; where the specification is at hand, nothing is left out
	}
	dir := filepath.Join(os.Getenv(schematest.DirVariable), "examples", newest)
	kinds := map[string]schematest.Kind{
		"create_checkout_session": "CheckoutSessionCreateRequest", "update_checkout_session": "CheckoutSessionUpdateRequest",
		"complete_checkout_session": "CheckoutSessionCompleteRequest", "cancel_checkout_session": "CancelSessionRequest",
	}
	for _, carts := range []bool{false, true} {
		_, tools := toolList(t, carts)
		seen := 0
		check := func(name, tool, arguments string) {
			t.Helper()
			seen++
			if err := valid(t, compile(t, tools[tool].InputSchema), arguments); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			var a struct{ Payload json.RawMessage }
			if err := json.Unmarshal([]byte(arguments), &a); err != nil || a.Payload == nil {
				return
			}
			err := published.Check(newest, kinds[tool], a.Payload)
			if why, named := deviating[name]; (err != nil) != named {
				t.Errorf("%s by the published schema: %v; named as deviating: %q", name, err, why)
			}
		}
		for name, c := range publishedRequests(t, dir) {
			var m struct {
				Params struct{ Arguments json.RawMessage }
			}
			if err := json.Unmarshal([]byte(c.envelope()), &m); err != nil {
				t.Fatal(err)
			}
			check(name, toolNames[c.operation], string(m.Params.Arguments))
		}
		for name, body := range examples(t, filepath.Join(dir, "examples.mcp.agentic_checkout.json")) {
			var m struct {
				Params struct {
					Name      string
					Arguments json.RawMessage
				}
			}
			if err := json.Unmarshal(body, &m); err != nil {
				t.Fatal(err)
			}
			if m.Params.Name != "" {
				check("mcp "+name, m.Params.Name, string(m.Params.Arguments))
			}
		}
		if seen < 21 {
			t.Errorf("%d examples were found", seen)
		}
	}
}

// examples are the members of a file of examples.
func examples(tb testing.TB, path string) map[string]json.RawMessage {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		tb.Fatal(err)
	}
	return all
}
