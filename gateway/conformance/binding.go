package conformance

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

func mcpStatements() []Statement {
	return []Statement{
		{
			ID: "MCP-01", Profile: SinceV5, From: v5, Source: bindingMCP, check: listsTools, OnlyMCP: true,
			Text: "tools/list has the five tools, with bundled schemas and no parameter for credentials",
		},
		{
			ID: "MCP-02", Profile: SinceV5, From: v5, Source: bindingMCP, check: sameOverBoth, OnlyMCP: true,
			Text: "A tool's result is the body that REST gives for the same operation, structured and (a quality of ours) mirrored as text",
		},
		{
			ID: "MCP-03", Profile: SinceV5, From: v5, Source: bindingMCP + "; spec/2026-04-17/openrpc/openrpc.agentic_checkout.json", check: tellsErrors, OnlyMCP: true,
			Text: "ACP errors are JSON-RPC errors -32000 with the error as data; a call without meta.api_version is refused",
		},
		{
			ID: "MCP-04", Profile: SinceV5, From: v5, Source: bindingMCP + "; " + rfcCheckout + " §6", check: toleratesMeta, OnlyMCP: true,
			Text: "Unknown meta members are ignored, cancel needs no payload, and keys mean the same over both transports",
		},
	}
}

var toolNames = []string{
	"cancel_checkout_session", "complete_checkout_session", "create_checkout_session", "get_checkout_session", "update_checkout_session",
}

func listsTools(t *trial) {
	session, opened, err := t.wire.mcp.session(t.ctx, t.token())
	if err != nil || session.revision == "" {
		t.failf("initialize does not succeed: %d %s (%v)", opened.status, excerpt(string(opened.raw), 200), err)
	}
	a, err := t.wire.mcp.rpc(t.ctx, t.token(), session, "tools/list", obj{}, nil)
	if err != nil || !a.has("result") {
		t.failf("tools/list does not succeed: %d %s (%v)", a.status, excerpt(string(a.raw), 200), err)
	}
	t.calls++
	var names []string
	for _, tool := range a.list("result", "tools") {
		name := tool.text("name")
		names = append(names, name)
		if !slices.Contains(toolNames, name) {
			continue
		}
		schema := tool.at("inputSchema")
		t.check(schema.text("type") == "object", "%s has no inputSchema of an object", name)
		t.check(schema.has("properties", "meta"), "%s takes no meta", name)
		t.check(name == "create_checkout_session" || schema.has("properties", "id"), "%s takes no id", name)
		required := []string{}
		for _, r := range schema.list("required") {
			s, _ := r.value.(string)
			required = append(required, s)
		}
		wantsPayload := name == "create_checkout_session" || name == "update_checkout_session" || name == "complete_checkout_session"
		t.check(slices.Contains(required, "payload") == wantsPayload, "%s requires %q", name, required)
		schema.walk(func(path string, v node) {
			step := strings.ToLower(path[strings.LastIndexByte(path, '.')+1:])
			if ref := v.text("$ref"); ref != "" {
				t.check(strings.HasPrefix(ref, "#"), "%s: the schema at %s refers to %s, outside of itself", name, path, ref)
			}
			for _, word := range []string{"authorization", "bearer", "api_key", "access_token"} {
				t.check(step != word, "%s takes credentials at %s", name, path)
			}
		})
	}
	for _, name := range toolNames {
		t.check(slices.Contains(names, name), "the tools are %q, without %s", names, name)
	}
}

// overREST is the same trial over REST.
func (t *trial) overREST() *trial {
	return t.in(t.date, REST)
}

func sameOverBoth(t *trial) {
	rest := t.overREST()
	a := t.do(opCreate, "", t.whole(t.plain(2)))
	s := t.success(a, http.StatusCreated)
	id := s.text("id")
	compare := func(what string, tool answer) {
		r, err := rest.exchange(opGet, id, nil)
		if err != nil || r.refused {
			t.failf("after %s over MCP, get over REST fails: %v", what, err)
		}
		t.last = tool
		t.check(same(unclocked(tool.node), unclocked(r.node)), "the result of %s is not what REST answers: %s", what, difference(unclocked(tool.node), unclocked(r.node)))
		mirror, err := parse([]byte(tool.mirror))
		t.check(err == nil && same(mirror.value, tool.value), "the text content of %s does not mirror its structuredContent", what)
	}
	compare("create", a)
	a = t.do(opUpdate, id, obj{"line_items": t.lines(t.plain(1))})
	t.success(a, http.StatusOK)
	compare("update", a)
	a = t.do(opGet, id, nil)
	t.success(a, http.StatusOK)
	compare("get", a)
	if t.harness != nil && t.harness.offers[OfferTokens] {
		now := t.get(id)
		a = t.do(opComplete, id, t.pay(now, t.enough(now)))
		t.success(a, http.StatusOK)
		compare("complete", a)
		return
	}
	a = t.do(opCancel, id, nil)
	t.success(a, http.StatusOK)
	compare("cancel", a)
}

func tellsErrors(t *trial) {
	rest := t.overREST()
	for _, call := range []request{
		{op: opGet, id: "cs_nobody_has_this_one"},
		{op: opCreate, body: obj{"currency": t.seller.Currency}},
		{op: opCreate, body: t.bare(wanted{"no-such-item-anywhere", 1})},
	} {
		a := t.do(call.op, call.id, call.body)
		t.refusal(a, "", 0)
		t.check(a.rpcCode == -32000, "the JSON-RPC code is %d, want -32000", a.rpcCode)
		r, err := rest.exchange(call.op, call.id, call.body)
		t.check(err == nil && r.refused && r.text("code") == a.text("code") && r.text("type") == a.text("type"), "REST refuses the same with %s", brief(r.value))
	}
	a := t.do(opCreate, "", t.whole(t.plain(1)), withVersion(""))
	t.check(a.refused, "a call without meta.api_version succeeds")
	t.check(a.rpcCode == -32602 || a.text("code") == "missing_api_version", "a call without meta.api_version is refused with %d %q", a.rpcCode, a.text("code"))
	old := t.do(opCreate, "", t.whole(t.plain(1)), withVersion(v1))
	t.check(old.refused && old.text("code") == "unsupported_api_version", "a date without MCP is refused with %q, want unsupported_api_version", old.text("code"))
}

func toleratesMeta(t *trial) {
	rest := t.overREST()
	key, body := newKey(), t.whole(t.plain(1))
	made := t.do(opCreate, "", body, withKey(key), withHeader("a-member-of-tomorrow", "yes"))
	s := t.success(made, http.StatusCreated)
	again, err := rest.exchange(opCreate, "", body, withKey(key))
	if err != nil || again.refused {
		t.failf("the same create over REST, with the same key, is not answered: %v", err)
	}
	t.check(again.text("id") == s.text("id"), "the same create over REST, with the same key, makes another session")
	other, err := rest.exchange(opCreate, "", t.whole(t.plain(2)), withKey(key))
	t.check(err == nil && other.refused && other.status == http.StatusUnprocessableEntity, "another body over REST under a key of MCP is answered %d, want 422", other.status)
	key = newKey()
	first, err := rest.exchange(opUpdate, s.text("id"), obj{"line_items": t.lines(t.plain(3))}, withKey(key))
	t.check(err == nil && !first.refused, "the update over REST fails: %v", err)
	replay := t.do(opUpdate, s.text("id"), obj{"line_items": t.lines(t.plain(3))}, withKey(key))
	t.check(!replay.refused && same(replay.value, first.value), "the same update over MCP, with the key of REST, is answered otherwise: %s", difference(replay.value, first.value))
	gone := t.success(t.do(opCancel, s.text("id"), nil), http.StatusOK)
	t.check(gone.text("status") == "canceled", "cancel without a payload leaves the session %q", gone.text("status"))
	null := t.create(t.whole(t.plain(1)))
	a := t.do(opCancel, null.text("id"), rawJSON(jsontext.Value("{}")))
	t.success(a, http.StatusOK)
}
