package mcpapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/postern-gateway/postern/gateway/acp"
)

const (
	create   = `{"line_items":[{"id":"cup"}],"currency":"usd","capabilities":{}}`
	complete = `{"payment_data":{"handler_id":"card","instrument":{"type":"card","credential":{"type":"spt","token":"spt_canary"}}}}`
)

const cart = `{"line_items":[{"id":"cup"}]}`

// payloads are good and bad bodies of each operation that has one.
var payloads = map[acp.Operation][]string{
	acp.Create: {
		create,
		"\n " + `{ "capabilities" : {} , "currency":"usd","line_items":[ {"id":"cup"} ] }` + " \t",
		`{"items":[{"item":{"id":"cup"},"quantity":3}],"currency":"usd","capabilities":{}}`,
		`{"line_items":[{"id":"<cup & \u2028 saucer>"}],"currency":"usd","capabilities":{}}`,
		`{"line_items":[{"id":"cup"}],"currency":"usd","capabilities":{},"metadata":{"n":9007199254740993}}`,
		`{"line_items":[{"id":"cup"}],"currency":"usd","capabilities":{},"metadata":{"n":1e400}}`,
		`{"line_items":[{"id":"cup"}],"line_items":[{"id":"cup"}],"currency":"usd","capabilities":{}}`,
		`{"line_items":[{"id":"cup","\u0069d":"cup"}],"currency":"usd","capabilities":{}}`,
		"{\"line_items\":[{\"id\":\"cup\xff\"}],\"currency\":\"usd\",\"capabilities\":{}}",
		`{"line_items":[{"id":"cup\ud800"}],"currency":"usd","capabilities":{}}`,
		`{"line_items":[],"currency":"usd","capabilities":{}}`,
		`{"line_items":[{"id":"cup","quantity":0}],"currency":"usd","capabilities":{}}`,
		`{"line_items":[{"id":"cup","quantity":1.5}],"currency":"usd","capabilities":{}}`,
		`{"line_items":[{"id":"cup","quantity":99999999999}],"currency":"usd","capabilities":{}}`,
		`{"line_items":{"id":"cup"},"currency":"usd","capabilities":{}}`,
		`{"line_items":[{"id":"cup"}],"currency":"dollars","capabilities":{}}`,
		`{"line_items":[{"id":"away"}],"currency":"usd","capabilities":{}}`,
		`{"line_items":[{"id":"bug"}],"currency":"usd","capabilities":{}}`,
		`{"line_items":[` + strings.Repeat(`{"id":"cup"},`, 150) + `{"id":"cup"}],"currency":"usd","capabilities":{}}`,
		strings.Repeat(`{"a":`, 300) + `1` + strings.Repeat(`}`, 300),
		`{}`, `[]`, `null`, `"{}"`, `12`,
	},
	acp.Update:      {`{"line_items":[{"id":"cup","quantity":2}]}`, `{"buyer":null}`, `{"buyer":{"email":5}}`, `{"line_items":null}`, `{}`, `null`, `"x"`},
	acp.Complete:    {complete, `{}`, `{"payment_data":null}`, `{"payment_data":{"handler_id":"card"}}`, `null`},
	acp.Cancel:      {``, `{}`, `{"intent_trace":{"reason_code":"other","trace_summary":"no need"}}`, `{"intent_trace":7}`, `[]`},
	acp.Get:         {``},
	acp.CartCreate:  {cart, `{"line_items":[{"id":"cup"}],"buyer":{"email":"a@example.com"},"locale":"de"}`, `{"line_items":[]}`, `{"line_items":[{}]}`, `{}`, `null`, `{"line_items":[],"line_items":[]}`},
	acp.CartReplace: {cart, `{"line_items":[{"id":"cup","quantity":4}]}`, `{"line_items":null}`, `{}`},
	acp.CartCancel:  {``, `{}`, `{"anything":1}`},
	acp.CartGet:     {``},
}

// twins are two equal worlds: the one is asked over REST, the other over MCP.
type twins struct {
	rest, tool *world
	seq        int
}

func newTwins(tb testing.TB) *twins {
	tb.Helper()
	return &twins{rest: newWorld(tb), tool: newWorld(tb)}
}

// same asks both worlds for the same thing and compares what they say, and how much they did.
func (w *twins) same(tb testing.TB, operation acp.Operation, payload string) {
	tb.Helper()
	w.rest.tb, w.tool.tb = tb, tb
	w.seq++
	c := call{operation: operation, payload: payload, key: fmt.Sprint("key-", w.seq)}
	if !c.opens() {
		open := call{operation: acp.Create, payload: create, key: fmt.Sprint("open-", w.seq)}
		if strings.HasPrefix(string(operation), "cart") {
			open.operation, open.payload = acp.CartCreate, cart
		}
		first, second := w.rest.rest(open), w.tool.rest(open)
		if first.body != second.body || first.failed {
			tb.Fatalf("the worlds are not equal:\n%s\n%s", first.body, second.body)
		}
		c.id = idOf(tb, first)
	}
	rest, tool := w.rest.rest(c), w.tool.tool(c)
	if rest.failed != tool.failed || !sameText(tb, rest.body, tool.body, tool.failed) {
		tb.Errorf("%s %q\nREST %v %s\nMCP  %v %s", operation, payload, rest.failed, rest.body, tool.failed, tool.body)
	}
	if w.rest.desk.calls != w.tool.desk.calls {
		tb.Errorf("%s %q: REST did %d things, MCP %d", operation, payload, w.rest.desk.calls, w.tool.desk.calls)
	}
}

// TestSameAnswers holds that one payload gets one answer, whichever transport carried it, in every operation.
func TestSameAnswers(t *testing.T) {
	t.Parallel()
	w := newTwins(t)
	for operation, bodies := range payloads {
		for _, payload := range bodies {
			w.same(t, operation, payload)
		}
	}
	if w.rest.desk.calls < 30 {
		t.Errorf("only %d things were done", w.rest.desk.calls)
	}
}

// sameText compares bodies to the letter, but for errors in the data of JSON-RPC, which the SDK may escape differently.
func sameText(tb testing.TB, rest, tool string, failed bool) bool {
	tb.Helper()
	return rest == tool || failed && sameJSON(tb, rest, tool)
}

// TestRefusals pins what the strictness of the pipeline is, so that equal answers are not equally lax.
func TestRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, tt := range []struct{ payload, code string }{
		{payloads[acp.Create][4], "invalid"}, // beyond 2^53
		{payloads[acp.Create][6], "invalid"}, // a key twice
		{payloads[acp.Create][7], "invalid"}, // a key twice, spelled differently
		{payloads[acp.Create][8], "invalid"}, // bad UTF-8
		{payloads[acp.Create][9], "invalid"}, // half a surrogate pair
		{payloads[acp.Create][16], "service_unavailable"},
		{payloads[acp.Create][17], "processing_error"},
	} {
		a := w.tool(call{operation: acp.Create, payload: tt.payload, key: fmt.Sprint("k", i)})
		if !a.failed || a.code != tt.code {
			t.Errorf("%s: %s, want %s", tt.payload, a.body, tt.code)
		}
	}
	if w.desk.calls != 0 {
		t.Errorf("%d things were done", w.desk.calls)
	}
}

// TestOneKeyForBothTransports holds that a key means the same over both: what was answered over one is answered over the other to the
// letter, another body is refused, and another operation or agent is free.
func TestOneKeyForBothTransports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ways := map[string]func(call) answer{"REST": w.rest, "MCP": w.tool}
	for first, second := range map[string]string{"REST": "MCP", "MCP": "REST"} {
		c := call{operation: acp.Create, payload: create, key: "from " + first}
		one := ways[first](c)
		if one.failed || one.replayed {
			t.Fatalf("%s: %+v", first, one)
		}
		did := w.desk.calls
		c.payload = `{ "capabilities":{}, "line_items":[{"id":"cup"}], "currency":"usd" }` // the same value
		two := ways[second](c)
		if !two.replayed || two.body != one.body || w.desk.calls != did {
			t.Errorf("%s after %s: %+v, want a replay of %s", second, first, two, one.body)
		}
		c.payload = `{"line_items":[{"id":"cup"},{"id":"saucer"}],"currency":"usd","capabilities":{}}`
		if other := ways[second](c); other.code != "idempotency_conflict" {
			t.Errorf("%s with another body: %+v", second, other)
		}
		c.payload, c.token = create, tokenOther
		if other := ways[second](c); other.failed || other.replayed {
			t.Errorf("%s of another agent: %+v", second, other)
		}
		id := idOf(t, one)
		if paid := ways[second](call{operation: acp.Complete, id: id, payload: complete, key: c.key}); paid.failed || paid.replayed {
			t.Errorf("%s of another operation: %+v", second, paid)
		}
	}
	// A refusal that will be the same forever is kept and replayed as well.
	bad := call{operation: acp.Create, payload: `{"line_items":[{"id":7}],"currency":"usd","capabilities":{}}`, key: "bad"}
	one := w.rest(bad)
	if two := w.tool(bad); !one.failed || !sameJSON(t, one.body, two.body) {
		t.Errorf("a stored refusal: %+v, want %s", two, one.body)
	}
}

func idOf(tb testing.TB, a answer) string {
	tb.Helper()
	var s struct{ ID string }
	if err := json.Unmarshal([]byte(a.body), &s); err != nil || s.ID == "" {
		tb.Fatalf("no id in %s", a.body)
	}
	return s.ID
}

// FuzzRESTandMCP sends one payload to two equal worlds, over REST to the one and over MCP to the other: the verdict and the body are the
// same, to the letter where it is a session. What is no JSON has no MCP message around it.
func FuzzRESTandMCP(f *testing.F) {
	order := []acp.Operation{acp.Create, acp.Update, acp.Complete, acp.Cancel, acp.CartCreate, acp.CartReplace}
	for i, operation := range order {
		for _, payload := range payloads[operation] {
			if len(payload) < 500 {
				f.Add(uint8(i), []byte(payload))
			}
		}
	}
	w := newTwins(f)
	f.Fuzz(func(t *testing.T, which uint8, payload []byte) {
		operation := order[int(which)%len(order)]
		v := jsontext.Value(payload)
		if len(payload) > 0 && !v.IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) {
			return
		}
		if len(payload) == 0 && operation != acp.Cancel {
			return // a tool that needs a payload says so as MCP does
		}
		if v.Kind() == 'n' && operation == acp.Cancel {
			return // models write null for nothing
		}
		w.same(t, operation, string(payload))
	})
}
