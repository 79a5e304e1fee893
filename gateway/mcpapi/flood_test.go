package mcpapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/limits"
	"github.com/postern-gateway/postern/gateway/mcpapi"
)

// TestAFloodOfMessages holds that what never becomes a call is counted too: a flood of lists and of broken envelopes is told when to come
// again, and others notice nothing.
func TestAFloodOfMessages(t *testing.T) {
	t.Parallel()
	const (
		list   = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
		broken = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_checkout_session","arguments":{}}}`
	)
	agents := []config.Agent{{Name: "agent"}, {Name: "other"}}
	rates := config.Limits{RequestsPerSecond: 1, Burst: 4, CompletesPerMinute: 1, RejectedCodesPerMinute: 1}
	w := newWorld(t, func(o *mcpapi.Options) { o.Limits = limits.New(agents, rates, o.Clock) })
	for i, body := range []string{list, broken, ping, list} {
		if m := w.message(w.post(token, body)); m.Error != nil && m.Error.Code == -32000 {
			t.Fatalf("%d: %+v", i, m.Error)
		}
	}
	for _, body := range []string{list, broken, ping} {
		m := w.message(w.post(token, body))
		if m.Error == nil || m.Error.Code != -32000 || codeOf(t, answer{body: string(m.Error.Data)}) != "rate_limited" || !strings.Contains(m.Error.Message, "retry after 1 s") {
			t.Errorf("%s: %+v", body, m)
		}
		if m := w.message(w.post(tokenOther, body)); m.Error != nil && m.Error.Code == -32000 {
			t.Errorf("%s of another agent: %+v", body, m.Error)
		}
	}
	if !strings.Contains(w.log.String(), `"fault":"too_many_requests"`) {
		t.Errorf("the log does not tell: %s", w.log)
	}
}

// TestCartToolsOfTheShop holds that an agent is shown the tools of carts only where its shop keeps carts.
func TestCartToolsOfTheShop(t *testing.T) {
	t.Parallel()
	for _, keeps := range []bool{true, false} {
		w := newWorld(t, func(o *mcpapi.Options) { o.CartsAt = func(shop string) bool { return keeps && shop == "main" } })
		session := connect(t, w.serve().URL+"/mcp", token)
		list, err := session.ListTools(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, tool := range list.Tools {
			names = append(names, tool.Name)
		}
		if slices.Contains(names, "create_cart") != keeps || len(names) < 5 {
			t.Errorf("carts %v: %v", keeps, names)
		}
		if a := w.tool(call{operation: acp.Create, payload: create, key: "k"}); a.failed {
			t.Errorf("carts %v: %s", keeps, a.body)
		}
	}
}

// TestNoErrorRepeatsTheCall holds that a call in a wrong shape is refused without what it carries: tokens and buyers.
func TestNoErrorRepeatsTheCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arguments := `"arguments":{"meta":{},"id":"cs_1","payload":` + complete + `}`
	for name, params := range map[string]string{
		"meta":      `{"_meta":5,"name":"complete_checkout_session",` + arguments + `}`,
		"name":      `{"name":{},` + arguments + `}`,
		"responses": `{"name":"complete_checkout_session","inputResponses":{"a":5},` + arguments + `}`,
		"state":     `{"name":"complete_checkout_session","requestState":5,` + arguments + `}`,
		"list":      `[{` + arguments + `}]`,
		"text":      `"spt_canary"`,
	} {
		for _, protocol := range []string{"2025-11-25", "2025-03-26", ""} {
			rec := w.post(token, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":`+params+`}`, func(r *http.Request) {
				if r.Header.Set("Mcp-Protocol-Version", protocol); protocol == "" {
					r.Header.Del("Mcp-Protocol-Version")
				}
			})
			if strings.Contains(rec.Body.String(), "canary") {
				t.Errorf("%s in %q: %d %s", name, protocol, rec.Code, rec.Body)
			}
			if m := w.message(rec); m.Error == nil || m.Error.Code != -32602 {
				t.Errorf("%s in %q: %s", name, protocol, rec.Body)
			}
		}
	}
	if w.desk.calls != 0 {
		t.Errorf("%d things were done", w.desk.calls)
	}
}
