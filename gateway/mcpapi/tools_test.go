package mcpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/mcpapi"
)

// TestToolsOfTheSDKsClient lists and calls every tool with the client that the SDK brings, over a socket.
func TestToolsOfTheSDKsClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *mcpapi.Options) { o.Carts = false })
	session := connect(t, w.serve().URL+"/mcp", token)
	list, err := session.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
	}
	slices.Sort(names)
	want := []string{"cancel_checkout_session", "complete_checkout_session", "create_checkout_session", "get_checkout_session", "update_checkout_session"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("tools (-want +got):\n%s", diff)
	}
	status := func(tool string, arguments map[string]any) string {
		t.Helper()
		result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
		if err != nil || result.IsError {
			t.Fatalf("%s: %v, %v", tool, result, err)
		}
		body, ok := result.StructuredContent.(map[string]any)
		if !ok || body["id"] != arguments["id"] && tool != "create_checkout_session" {
			t.Fatalf("%s: %v", tool, result.StructuredContent)
		}
		return fmt.Sprint(body["status"])
	}
	meta := func(key string) map[string]any {
		return map[string]any{"api_version": newest, "idempotency_key": key, "authorization": "is ignored", "x": []any{1}}
	}
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	for i, step := range []struct {
		tool, id, payload, want string
	}{
		{"create_checkout_session", "", create, "ready_for_payment"},
		{"update_checkout_session", "cs_1", `{"line_items":[{"id":"cup","quantity":2}]}`, "ready_for_payment"},
		{"complete_checkout_session", "cs_1", complete, "completed"},
		{"get_checkout_session", "cs_1", "", "completed"},
		{"create_checkout_session", "", create, "ready_for_payment"},
		{"cancel_checkout_session", "cs_2", "", "canceled"},
		{"create_checkout_session", "", create, "ready_for_payment"},
		{"cancel_checkout_session", "cs_3", "null", "canceled"},
	} {
		arguments := map[string]any{"meta": meta("step-" + string(rune('a'+i)))}
		if step.id != "" {
			arguments["id"] = step.id
		}
		if step.payload != "" {
			arguments["payload"] = raw(step.payload)
		}
		if got := status(step.tool, arguments); got != step.want {
			t.Errorf("%s: status %s, want %s", step.tool, got, step.want)
		}
	}
	// An ACP error is an error of JSON-RPC with the error as its data.
	_, err = session.CallTool(t.Context(), &mcp.CallToolParams{Name: "get_checkout_session", Arguments: map[string]any{"meta": meta("k"), "id": "cs_9"}})
	rpc, ok := errors.AsType[*jsonrpc.Error](err)
	if !ok || rpc.Code != -32000 || codeOf(t, answer{body: string(rpc.Data)}) != "not_found" {
		t.Errorf("an unknown session: %v", err)
	}
	if _, err = session.CallTool(t.Context(), &mcp.CallToolParams{Name: "create_cart"}); err == nil {
		t.Error("a tool of carts without carts")
	}
}

// TestTheNewestMCP speaks the version of MCP without a handshake.
func TestTheNewestMCP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const protocol = "2026-07-28"
	body := strings.Replace(call{operation: acp.Create, payload: create, key: "k"}.envelope(), `"params":{`, `"params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"`+
		protocol+`","io.modelcontextprotocol/clientInfo":{"name":"x","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}},`, 1)
	m := w.message(w.post(token, body, func(r *http.Request) {
		r.Header.Set("Mcp-Protocol-Version", protocol)
		r.Header.Set("Mcp-Method", "tools/call")
		r.Header.Set("Mcp-Name", "create_checkout_session")
	}))
	if m.Result == nil || m.Result.IsError || m.Result.Meta.Status != http.StatusCreated {
		t.Errorf("%+v %+v", m.Result, m.Error)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for version, code := range map[string]string{
		"none": "missing_api_version", oldest: "unsupported_api_version", "2026-04-18": "unsupported_api_version", "2099-01-01": "unsupported_api_version",
	} {
		for _, bearer := range []string{token, tokenHost} {
			a := w.tool(call{operation: acp.Create, payload: create, key: "k", version: version, token: bearer})
			var p struct {
				Supported []string `json:"supported_versions"`
			}
			if err := json.Unmarshal([]byte(a.body), &p); err != nil {
				t.Fatal(err)
			}
			if !a.failed || a.code != code || !slices.Contains(p.Supported, newest) || slices.Contains(p.Supported, oldest) {
				t.Errorf("version %q: %s, want %s with the dates that MCP has", version, a.body, code)
			}
		}
	}
	if rest := w.rest(call{operation: acp.Create, payload: create, key: "k", version: "2099-01-01"}); !strings.Contains(rest.body, oldest) {
		t.Errorf("REST does not list its own dates: %s", rest.body)
	}
	if w.desk.calls != 0 {
		t.Errorf("%d things were done", w.desk.calls)
	}
}

// TestErrorsAsToolResults holds the mode for hosts that hide JSON-RPC errors.
func TestErrorsAsToolResults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := call{operation: acp.Get, id: "cs_9", token: tokenHost}
	m := w.message(w.post(tokenHost, c.envelope()))
	if m.Result == nil || !m.Result.IsError || m.Result.Meta.Status != http.StatusNotFound {
		t.Fatalf("%+v %+v", m.Result, m.Error)
	}
	tool, rest := w.tool(c), w.rest(c)
	if tool.code != "not_found" || tool.body != rest.body {
		t.Errorf("MCP %s, REST %s", tool.body, rest.body)
	}
	// A malformed envelope is no ACP error and stays what it is.
	if m := w.message(w.post(tokenHost, strings.Replace(c.envelope(), `"id":"cs_9"`, `"id":9`, 1))); m.Error == nil || m.Error.Code != -32602 {
		t.Errorf("%+v", m)
	}
	away := call{operation: acp.Create, payload: strings.Replace(create, "cup", "away", 1), token: tokenHost}
	if body := w.post(tokenHost, away.envelope()).Body.String(); !strings.Contains(body, `"retry_after":2`) {
		t.Errorf("no time to come again: %s", body)
	}
	away.token, away.key = token, "k"
	if m := w.message(w.post(token, away.envelope())); m.Error == nil || !strings.Contains(m.Error.Message, "(retry after 2 s)") {
		t.Errorf("no time to come again: %+v", m.Error)
	}
}

// TestKeys holds who may leave the key out, and over which transport.
func TestKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if a := w.tool(call{operation: acp.Create, payload: create}); a.code != "idempotency_key_required" {
		t.Errorf("an agent without a key: %s", a.body)
	}
	c := call{operation: acp.Create, payload: create, token: tokenHost}
	one, two := w.tool(c), w.tool(c)
	if one.failed || two.failed || idOf(t, one) == idOf(t, two) {
		t.Errorf("a host without a key: %s, %s", one.body, two.body)
	}
	if a := w.rest(c); a.code != "idempotency_key_required" {
		t.Errorf("the host over REST: %s", a.body)
	}
	c.key = "with a key"
	if one, two := w.tool(c), w.tool(c); !two.replayed || one.body != two.body {
		t.Errorf("a host with a key: %+v, %+v", one, two)
	}
	empty := strings.Replace(call{operation: acp.Create, payload: create, token: tokenHost, key: "K"}.envelope(), `"K"`, `""`, 1)
	if m := w.message(w.post(tokenHost, empty)); m.Result == nil || !m.Result.IsError {
		t.Errorf("an empty key: %+v", m)
	}
	null := strings.Replace(call{operation: acp.Create, payload: create, token: tokenHost, key: "K"}.envelope(), `"K"`, `null`, 1)
	if m := w.message(w.post(tokenHost, null)); m.Result == nil || m.Result.IsError {
		t.Errorf("no key, spelled null: %+v", m)
	}
}

// TestEnvelopes holds what is a malformed envelope, that it is -32602 and nothing else, and that nothing is done.
func TestEnvelopes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	meta := `"meta":{"api_version":"` + newest + `","idempotency_key":"k"}`
	for arguments, says := range map[string]string{
		`null`:                                   "no JSON object",
		`[]`:                                     "no JSON object",
		`"{}"`:                                   "no JSON object",
		`{"meta":null,"payload":` + create + `}`: "", // a call without a version
		`{"meta":[],"payload":` + create + `}`:   "meta has the wrong shape",
		`{"meta":{"api_version":20260417},"payload":` + create + `}`:           "meta has the wrong shape at /api_version",
		`{"meta":{"api_version":"2026-04-17","api_version":"x"},"payload":{}}`: "meta has the wrong shape",
		`{` + meta + `,"meta":{},"payload":` + create + `}`:                    `"meta" stands there twice`,
		`{` + meta + `,"payload":{},"p\u0061yload":` + create + `}`:            `"payload" stands there twice`,
		`{` + meta + `}`: "needs payload",
		`{` + meta + `,"payload":` + create + `,"id":"cs_1"}`:                          "takes no id",
		`{` + meta + `,"payload":` + create + `,"line_items":[]}`:                      `does not take "line_items"; it takes meta, payload`,
		`{` + meta + `,"payload":` + create + `,"` + strings.Repeat("n", 900) + `":1}`: "does not take",
	} {
		body := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_checkout_session","arguments":` + arguments + `}}`
		m := w.message(w.post(token, body))
		switch {
		case m.Error == nil:
			t.Errorf("%s: %+v", arguments, m.Result)
		case says == "" && m.Error.Code == -32000:
		case m.Error.Code != -32602 || !strings.Contains(m.Error.Message, says) || len(m.Error.Message) > 300 || says == "":
			t.Errorf("%s: %d %s, want %q", arguments, m.Error.Code, m.Error.Message, says)
		}
	}
	for tool, says := range map[string]string{"get_checkout_session": "needs id", "cancel_checkout_session": "needs id", "no_tool": "unknown tool"} {
		m := w.message(w.post(token, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"`+tool+`","arguments":{`+meta+`}}}`))
		if m.Error == nil || m.Error.Code != -32602 || !strings.Contains(m.Error.Message, says) {
			t.Errorf("%s: %+v", tool, m.Error)
		}
	}
	m := w.message(w.post(token, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_checkout_session","arguments":{`+meta+`,"id":"cs_1","payload":{}}}}`))
	if m.Error == nil || m.Error.Code != -32602 || !strings.Contains(m.Error.Message, "takes no payload") {
		t.Errorf("a payload to read with: %+v", m.Error)
	}
	if m := w.message(w.post(token, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_checkout_session"}}`)); m.Error == nil || m.Error.Code != -32602 {
		t.Errorf("no arguments: %+v", m)
	}
	if w.desk.calls != 0 {
		t.Errorf("%d things were done", w.desk.calls)
	}
}

// TestMeta holds what becomes of the members of meta.
func TestMeta(t *testing.T) {
	t.Parallel()
	seen := make(chan acp.Request, 1)
	w := newWorld(t, func(o *mcpapi.Options) { o.Pipeline = recording{seen} })
	body := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"update_checkout_session","arguments":{"id":"cs_1","payload": { "a" : 1.0 } ,` +
		`"meta":{"api_version":"2026-04-17","idempotency_key":"","request_id":"rq-7","user_agent":"ua","accept_language":"de","signature":"sig","timestamp":"ts"}}}}`
	m := w.message(w.post(token, body, func(r *http.Request) { r.Host = "main.example" }))
	got := <-seen
	payload, err := got.Body()
	if err != nil || string(payload) != `{ "a" : 1.0 }` {
		t.Errorf("the payload came as %q, %v", payload, err)
	}
	got.Body = nil
	want := acp.Request{
		Operation: acp.Update, MCP: true, ID: "cs_1", Token: token, Host: "main.example", APIVersion: newest, KeyPresent: true, Language: "de",
		Signature: "sig", Timestamp: "ts", RequestID: "rq-7",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if m.Result == nil || m.Result.Meta.RequestID != "rq-7" {
		t.Errorf("%+v", m)
	}
	// A request id that cannot stand in a log gives way to the HTTP request's.
	w.post(token, strings.Replace(body, `"rq-7"`, `"r\u0000q"`, 1), func(r *http.Request) { r.Header.Set("Request-Id", "http-1") })
	if got := <-seen; got.RequestID != "http-1" {
		t.Errorf("request id %q", got.RequestID)
	}
	w.post(token, strings.Replace(body, `"rq-7"`, `"`+strings.Repeat("r", 129)+`"`, 1), func(r *http.Request) { r.Header.Set("Request-Id", "http-2") })
	if got := <-seen; got.RequestID != "http-2" {
		t.Errorf("request id %q", got.RequestID)
	}
}

// recording is a pipeline that only looks.
type recording struct{ seen chan acp.Request }

func (r recording) Do(_ context.Context, q acp.Request) acp.Response {
	r.seen <- q
	return acp.Response{Status: http.StatusOK, Body: []byte(`{"id":"cs_1"}`)}
}

// TestAPanicIsNotTheEnd holds that a mistake on the SDK's goroutines costs one call, not the process.
func TestAPanicIsNotTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *mcpapi.Options) { o.Pipeline = panicking{} })
	m := w.message(w.post(token, call{operation: acp.Create, payload: create, key: "k"}.envelope()))
	if m.Error == nil || m.Error.Code != -32603 || strings.Contains(m.Error.Message, "secret") {
		t.Errorf("%+v", m)
	}
}

type panicking struct{}

func (panicking) Do(context.Context, acp.Request) acp.Response { panic("a secret") }
