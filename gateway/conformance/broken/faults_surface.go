//go:build brokenseller

package broken

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
)

func surfaceFaults() []Fault {
	discovery := func(change func(*exchange)) func(*exchange) {
		return func(x *exchange) {
			if strings.HasSuffix(x.path, "acp.json") {
				change(x)
			}
		}
	}
	return []Fault{
		{Name: "capabilities are told once", Caught: []string{"CAP-01", "GEN-08"}, after: session(func(x *exchange) {
			if x.op() != create {
				delete(x.answer, "capabilities")
			}
		})},
		{Name: "an empty extensions array", Caught: []string{"CAP-03"}, after: session(func(x *exchange) {
			if c := member(x.answer, "capabilities"); c["extensions"] == nil {
				c["extensions"] = []any{}
			}
		})},
		{Name: "a handler without its psp", Caught: []string{"PAY-01"}, after: session(func(x *exchange) {
			for _, h := range objects(member(x.answer, "capabilities", "payment"), "handlers") {
				delete(member(h, "config"), "psp")
			}
		})},
		{Name: "attributions are not looked at", Caught: []string{"ATT-01", "ATT-02"}, before: func(x *exchange) { delete(x.call, "affiliate_attribution") }},
		{Name: "consents are lost", Caught: []string{"MKT-02"}, before: func(x *exchange) { delete(x.call, "marketing_consents") }},
		{Name: "signatures are not looked at", Caught: []string{"SIG-01"}, after: func(x *exchange) {
			if x.status == http.StatusUnauthorized && x.header.Get("Timestamp") != "" {
				x.status = http.StatusOK
			}
		}},
		{Name: "3-D Secure is asked for without saying where", Caught: []string{"TDS-01"}, after: refusal(func(x *exchange) {
			if x.answer["code"] == "requires_3ds" {
				delete(x.answer, "param")
			}
		})},
		{Name: "an authentication without its metadata", Caught: []string{"STA-02"}, after: session(func(x *exchange) { delete(x.answer, "authentication_metadata") })},
		{Name: "a canceled cart is there", Caught: []string{"CRT-02"}, before: func(x *exchange) {
			if kept, ok := x.recall(x.path); ok && x.method == http.MethodGet {
				x.status = http.StatusOK
				x.answer, _ = kept.(object)
			}
		}, after: func(x *exchange) {
			if id, ok := strings.CutSuffix(x.path, "/cancel"); ok && strings.HasPrefix(x.path, "/carts/") && x.status == http.StatusOK {
				x.remember(id, copied(x.answer))
			}
		}},
		{Name: "the document tells the merchant", Caught: []string{"DIS-01"}, after: discovery(func(x *exchange) {
			member(x.answer, "capabilities")["merchant_id"] = "profile_1"
		})},
		{Name: "versions are not in order", Caught: []string{"DIS-02"}, after: discovery(func(x *exchange) {
			if list, ok := member(x.answer, "protocol")["supported_versions"].([]any); ok {
				slices.Reverse(list)
			}
		})},
		{Name: "a version is advertised and refused", Caught: []string{"DIS-03"}, before: func(x *exchange) {
			if x.header.Get("Api-Version") == "2026-01-16" {
				x.refuse(http.StatusBadRequest, "unsupported_api_version")
			}
		}},
		{Name: "the document is private", Caught: []string{"DIS-04"}, after: discovery(func(x *exchange) { x.back.Set("Cache-Control", "private, max-age=3600") })},
		{Name: "a tool is missing", Caught: []string{"MCP-01"}, Transport: "mcp", after: func(x *exchange) {
			x.answer, x.out = nil, bytes.ReplaceAll(x.out, []byte(`"cancel_checkout_session"`), []byte(`"cancel_session"`))
		}},
		{Name: "the mirror is another session", Caught: []string{"MCP-02"}, Transport: "mcp", after: func(x *exchange) {
			x.answer, x.out = nil, bytes.ReplaceAll(x.out, []byte(`{\"id\":\"cs_`), []byte(`{\"id\":\"cs-`))
		}},
		{Name: "ACP errors are bad envelopes", Caught: []string{"MCP-03"}, Transport: "mcp", after: func(x *exchange) {
			x.answer, x.out = nil, bytes.ReplaceAll(x.out, []byte(`"code":-32000`), []byte(`"code":-32602`))
		}},
		{Name: "a line's status does not fit its quantities", Caught: []string{"ORD-01"}, after: session(func(x *exchange) {
			for _, l := range objects(member(copied(x.answer), "order"), "line_items") {
				if l["status"] == "partial" {
					l["status"] = "processing"
				}
			}
		})},
		{Name: "a refund lowers the total", Caught: []string{"ORD-02"}, after: session(func(x *exchange) {
			o := member(copied(x.answer), "order")
			refunded := 0.0
			total(o, "amount_refunded", func(n float64) float64 { refunded = n; return n })
			total(o, "total", func(n float64) float64 { return n - refunded })
		})},
		{Name: "a parcel is ready for pickup", Caught: []string{"ORD-03"}, after: session(func(x *exchange) {
			for _, f := range objects(member(copied(x.answer), "order"), "fulfillments") {
				f["status"] = "ready_for_pickup"
			}
		})},
	}
}

func eventFaults() []Fault {
	return []Fault{
		{Name: "updates come before their order", Caught: []string{"WHK-01"}, event: func(x *exchange) {
			if x.call["type"] == "order_create" {
				x.call["type"] = "order_update"
			}
		}},
		{Name: "events are signed with another secret", Caught: []string{"WHK-02"}, event: func(x *exchange) {
			stamp, _, _ := strings.Cut(x.header.Get("Merchant-Signature"), ",")
			x.header.Set("Merchant-Signature", stamp+",v1="+strings.Repeat("ab", 32))
		}},
		{Name: "an event with a member of its own", Caught: []string{"WHK-03"}, event: func(x *exchange) { x.call["sent_by"] = "postern" }},
		{Name: "an older event without refunds", Caught: []string{"WHK-04"}, Version: "2026-01-30", event: func(x *exchange) {
			delete(member(x.call, "data"), "refunds")
		}},
		{Name: "an event that was not taken is gone", Caught: []string{"WHK-05"}, event: func(x *exchange) {
			if !x.once(x.header.Get("Request-Id")) {
				x.status = http.StatusOK
			}
		}},
		{Name: "an event tells the attribution", Caught: []string{"WHK-06"}, event: func(x *exchange) {
			member(x.call, "data")["campaign"] = "affiliate:summer"
		}},
	}
}
