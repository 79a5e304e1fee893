//go:build brokenseller

package broken

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Fault is one way in which a seller breaks the specification.
type Fault struct {
	// Name is the fault in words.
	Name string
	// Caught are the statements that must find it.
	Caught []string
	// Version and Transport are where it is looked for; empty is 2026-04-17 over REST.
	Version, Transport string

	before func(*exchange) // changes a call, or answers it
	after  func(*exchange) // changes an answer
	event  func(*exchange) // changes a delivery
}

// session makes a fault of every answer that is a session.
func session(change func(*exchange)) func(*exchange) {
	return func(x *exchange) {
		if x.isSession() {
			change(x)
		}
	}
}

// refusal makes a fault of every answer that is an error.
func refusal(change func(*exchange)) func(*exchange) {
	return func(x *exchange) {
		if x.isError() {
			change(x)
		}
	}
}

// Faults are all that can be planted.
func Faults() []Fault {
	return slices.Concat(generalFaults(), keyFaults(), sessionFaults(), moneyFaults(), surfaceFaults(), eventFaults())
}

func generalFaults() []Fault {
	return []Fault{
		{Name: "strangers are told 403", Caught: []string{"GEN-01"}, after: func(x *exchange) {
			if x.status == http.StatusUnauthorized {
				x.status = http.StatusForbidden
			}
		}},
		{Name: "errors stand in a wrapper", Caught: []string{"CMP-10", "GEN-02", "GEN-04", "GEN-05"}, after: refusal(func(x *exchange) {
			x.answer = object{"error": x.answer}
		})},
		{Name: "a param without its $", Caught: []string{"CMP-10", "GEN-02"}, after: refusal(func(x *exchange) {
			if p, ok := x.answer["param"].(string); ok {
				x.answer["param"] = strings.TrimPrefix(p, "$.")
			}
		})},
		{Name: "errors lose the Request-Id", Caught: []string{"GEN-03"}, after: refusal(func(x *exchange) { x.back.Del("Request-Id") })},
		{Name: "nobody is told which versions there are", Caught: []string{"GEN-04", "GEN-05"}, after: refusal(func(x *exchange) {
			delete(x.answer, "supported_versions")
		})},
		{Name: "one version is forgotten", Caught: []string{"GEN-05"}, after: refusal(func(x *exchange) {
			if list, ok := x.answer["supported_versions"].([]any); ok {
				x.answer["supported_versions"] = slices.DeleteFunc(list, func(v any) bool { return v == "2026-01-16" })
			}
		})},
		{Name: "unknown versions are taken for the newest", Caught: []string{"GEN-05"}, before: func(x *exchange) {
			if v := x.header.Get("Api-Version"); v != "" && !strings.HasPrefix(v, "202") || v == "2026-04-18" {
				x.header.Set("Api-Version", "2026-04-17")
			}
		}},
		{Name: "an error type of older dates", Caught: []string{"GEN-06"}, after: refusal(func(x *exchange) { x.answer["type"] = "request_not_idempotent" })},
		{Name: "broken JSON is a 422", Caught: []string{"GEN-07"}, after: func(x *exchange) {
			if x.isError() && x.call == nil && x.method == http.MethodPost {
				x.status = http.StatusUnprocessableEntity
			}
		}},
		{Name: "a member of a later date", Caught: []string{"GEN-08", "GEN-09"}, Version: "2025-09-29", after: session(func(x *exchange) {
			if x.header.Get("Api-Version") == "2025-09-29" {
				x.answer["expires_at"] = "2030-01-01T00:00:00Z"
			}
		})},
		{Name: "an amount is text", Caught: []string{"CRE-06", "GEN-08", "TOT-01"}, after: session(func(x *exchange) {
			for _, e := range objects(x.answer, "totals") {
				e["amount"] = fmt.Sprint(e["amount"])
			}
		})},
		{Name: "sessions belong to everybody", Caught: []string{"GEN-10"}, before: func(x *exchange) {
			if x.op() == create {
				return
			}
			id := strings.Split(x.path, "/")[2]
			if owner, ok := x.recall("owner " + id); ok {
				x.header["Authorization"], _ = owner.([]string)
			}
		}, after: session(func(x *exchange) {
			id, _ := x.answer["id"].(string)
			x.remember("owner "+id, x.header["Authorization"])
		})},
		{Name: "unknown members are refused", Caught: []string{"GEN-11"}, before: func(x *exchange) {
			for name := range x.call {
				if strings.HasPrefix(name, "a_member") || name == "another_one" {
					x.refuse(http.StatusBadRequest, "invalid")
				}
			}
		}},
		{Name: "nobody is told when to come again", Caught: []string{"GEN-12"}, after: refusal(func(x *exchange) { x.back.Del("Retry-After") })},
	}
}

func keyFaults() []Fault {
	return []Fault{
		{Name: "a missing key is made up", Caught: []string{"IDM-01"}, before: func(x *exchange) {
			if _, ok := x.header["Idempotency-Key"]; !ok && x.method == http.MethodPost {
				x.header.Set("Idempotency-Key", rand.Text())
			}
		}},
		{Name: "a long key is cut", Caught: []string{"IDM-03"}, before: func(x *exchange) {
			if len(x.key()) > 255 {
				x.header.Set("Idempotency-Key", x.key()[:255])
			}
		}},
		{Name: "a replay differs", Caught: []string{"IDM-04"}, after: session(func(x *exchange) {
			if x.back.Get("Idempotent-Replayed") != "" {
				x.answer["status"] = "incomplete"
			}
		})},
		{Name: "replays are not marked", Caught: []string{"IDM-05"}, after: func(x *exchange) { x.back.Del("Idempotent-Replayed") }},
		{Name: "every answer is marked as a replay", Caught: []string{"IDM-05"}, after: func(x *exchange) { x.back.Set("Idempotent-Replayed", "true") }},
		{Name: "a mismatch has the status of older dates", Caught: []string{"IDM-06"}, after: func(x *exchange) {
			if x.status == http.StatusUnprocessableEntity {
				x.status = http.StatusConflict
			}
		}},
		{Name: "a mismatch has the status of newer dates", Caught: []string{"IDM-07"}, Version: "2026-01-30", after: func(x *exchange) {
			if x.status == http.StatusConflict && x.answer["code"] == "idempotency_conflict" {
				x.status = http.StatusUnprocessableEntity
			}
		}},
		{Name: "keys do nothing", Caught: []string{"IDM-04", "IDM-05", "IDM-06", "IDM-08"}, before: func(x *exchange) {
			if x.key() != "" && len(x.key()) < 256 {
				x.header.Set("Idempotency-Key", rand.Text())
			}
		}},
		{Name: "bodies are compared as bytes", Caught: []string{"IDM-09"}, before: func(x *exchange) {
			if first, seen := x.remember(x.key()+x.path, string(x.in)); x.key() != "" && seen && first != string(x.in) {
				x.refuse(http.StatusUnprocessableEntity, "idempotency_conflict")
			}
		}},
		{Name: "null is taken for absent", Caught: []string{"IDM-10"}, before: func(x *exchange) {
			for name, v := range x.call {
				if v == nil && strings.HasPrefix(name, "x_") {
					delete(x.call, name)
				}
			}
		}},
		{Name: "a key is shared between sessions", Caught: []string{"IDM-11"}, before: func(x *exchange) {
			if kept, ok := x.recall("answer " + x.key()); ok && x.key() != "" && x.op() != create {
				x.status = http.StatusOK
				x.answer, _ = kept.(object)
			}
		}, after: session(func(x *exchange) {
			if x.op() == update {
				x.remember("answer "+x.key(), copied(x.answer))
			}
		})},
		{Name: "failures are remembered", Caught: []string{"IDM-12"}, before: func(x *exchange) {
			if kept, ok := x.recall("failure " + x.key()); ok && x.key() != "" {
				x.status = http.StatusServiceUnavailable
				x.answer, _ = kept.(object)
			}
		}, after: func(x *exchange) {
			if x.status >= http.StatusInternalServerError {
				x.remember("failure "+x.key(), copied(x.answer))
			}
		}},
		{Name: "the key is not echoed", Caught: []string{"IDM-15"}, after: func(x *exchange) { x.back.Del("Idempotency-Key") }},
	}
}

func sessionFaults() []Fault {
	return []Fault{
		{Name: "create answers 200", Caught: []string{"CRE-01"}, after: func(x *exchange) {
			if x.op() == create && x.status == http.StatusCreated {
				x.status = http.StatusOK
			}
		}},
		{Name: "empty arrays are left out", Caught: []string{"CRE-01", "GEN-08"}, after: session(func(x *exchange) {
			for _, name := range []string{"messages", "fulfillment_options", "links"} {
				if list, ok := x.answer[name].([]any); ok && len(list) == 0 {
					delete(x.answer, name)
				}
			}
		})},
		{Name: "a missing quantity is refused", Caught: []string{"CRE-03"}, before: func(x *exchange) {
			for _, l := range objects(x.call, "line_items") {
				if l["quantity"] == nil && l["id"] != nil {
					x.refuse(http.StatusBadRequest, "missing")
				}
			}
		}},
		{Name: "refusals have no param", Caught: []string{"CRE-04", "CRE-05"}, after: refusal(func(x *exchange) { delete(x.answer, "param") })},
		{Name: "other currencies are taken in silence", Caught: []string{"CRE-07"}, before: func(x *exchange) {
			if x.op() == create && x.call["currency"] != nil {
				x.call["currency"] = "usd"
			}
		}},
		{Name: "what is sold out can be paid", Caught: []string{"CRE-08"}, after: session(func(x *exchange) {
			if x.answer["status"] == "not_ready_for_payment" {
				x.answer["status"] = "ready_for_payment"
			}
		})},
		{Name: "no option is selected", Caught: []string{"CRE-09"}, after: session(func(x *exchange) { delete(x.answer, "selected_fulfillment_options") })},
		{Name: "an update forgets the buyer", Caught: []string{"UPD-01"}, after: session(func(x *exchange) {
			if x.op() == update && x.call["buyer"] == nil {
				delete(x.answer, "buyer")
			}
		})},
		{Name: "null does not clear", Caught: []string{"UPD-02"}, before: func(x *exchange) {
			for name, v := range x.call {
				if v == nil {
					delete(x.call, name)
				}
			}
		}},
		{Name: "lines get new ids", Caught: []string{"UPD-03"}, after: session(func(x *exchange) {
			for i, l := range objects(x.answer, "line_items") {
				l["id"] = fmt.Sprintf("line_%d_%s", i, rand.Text())
			}
		})},
		{Name: "a stale option stays selected", Caught: []string{"UPD-04", "UPD-06"}, before: func(x *exchange) { delete(x.call, "selected_fulfillment_options") }},
		{Name: "an option that is not offered is stored", Caught: []string{"UPD-05"}, after: session(func(x *exchange) {
			if raw := string(x.in); strings.Contains(raw, "no_such_option") || !x.once("unoffered") {
				x.once("unoffered")
				for _, o := range objects(x.answer, "selected_fulfillment_options") {
					o["option_id"] = "no_such_option"
				}
			}
		}), before: func(x *exchange) {
			if strings.Contains(string(x.in), "no_such_option") {
				x.call = object{}
			}
		}},
		{Name: "a canceled session can be changed", Caught: []string{"UPD-07"}, after: func(x *exchange) {
			if x.op() == update && x.status == http.StatusConflict {
				x.status = http.StatusBadRequest
			}
		}},
		{Name: "get is a change behind", Caught: []string{"CAN-01", "GET-01"}, before: func(x *exchange) {
			if kept, ok := x.recall(x.path); ok && x.op() == get {
				x.status = http.StatusOK
				x.answer, _ = kept.(object)
			}
		}, after: session(func(x *exchange) {
			id, _ := x.answer["id"].(string)
			x.remember("/checkout_sessions/"+id, copied(x.answer))
		})},
		{Name: "an unknown session is a 400", Caught: []string{"GET-02"}, after: func(x *exchange) {
			if x.status == http.StatusNotFound {
				x.status = http.StatusBadRequest
			}
		}},
		{Name: "the attribution leaks", Caught: []string{"GET-03"}, before: func(x *exchange) {
			if a := x.call["affiliate_attribution"]; a != nil {
				x.remember("claim", a)
			}
		}, after: session(func(x *exchange) {
			if a, ok := x.recall("claim"); ok && x.op() == get {
				x.answer["metadata"] = object{"affiliate": a}
			}
		})},
		{Name: "the order is shown once", Caught: []string{"GET-04"}, after: session(func(x *exchange) {
			if x.op() == get {
				delete(x.answer, "order")
			}
		})},
		{Name: "a permalink without a host", Caught: []string{"CMP-01"}, after: session(func(x *exchange) {
			if o, ok := x.answer["order"].(object); ok {
				o["permalink_url"] = "/my-order/1"
			}
		})},
		{Name: "a complete without payment is a 422", Caught: []string{"CMP-05"}, after: func(x *exchange) {
			if x.op() == complete && x.status == http.StatusBadRequest {
				x.status = http.StatusUnprocessableEntity
			}
		}},
		{Name: "a decline is a 402", Caught: []string{"CMP-06"}, after: session(func(x *exchange) {
			if x.op() == complete && x.answer["status"] != "completed" {
				x.status = http.StatusPaymentRequired
			}
		})},
		{Name: "a second cancel succeeds", Caught: []string{"CAN-02"}, after: func(x *exchange) {
			if x.op() == cancel && x.status == http.StatusMethodNotAllowed {
				x.status = http.StatusConflict
			}
		}},
		{Name: "a cancel wants a body", Caught: []string{"CAN-03"}, before: func(x *exchange) {
			if x.op() == cancel && len(x.in) == 0 {
				x.refuse(http.StatusBadRequest, "missing")
			}
		}},
		{Name: "a status of its own", Caught: []string{"STA-01"}, after: session(func(x *exchange) {
			if x.answer["status"] == "not_ready_for_payment" {
				x.answer["status"] = "waiting"
			}
		})},
		{Name: "errors without a resolution", Caught: []string{"MSG-02"}, after: session(func(x *exchange) {
			for _, m := range objects(x.answer, "messages") {
				delete(m, "resolution")
			}
		})},
		{Name: "a warning before there were any", Caught: []string{"MSG-01"}, Version: "2025-12-12", after: session(func(x *exchange) {
			for _, m := range objects(x.answer, "messages") {
				m["type"] = "warning"
			}
		})},
		{Name: "markup in a description", Caught: []string{"MSG-03"}, after: session(func(x *exchange) {
			for _, l := range objects(x.answer, "line_items") {
				l["description"] = "<p>Two thrown cups</p>"
			}
		})},
	}
}

func moneyFaults() []Fault {
	minus := func(n float64) float64 { return -n }
	more := func(n float64) float64 { return n + 1 }
	return []Fault{
		{Name: "discounts are negative", Caught: []string{"TOT-01", "TOT-05"}, after: session(func(x *exchange) { total(x.answer, "items_discount", minus) })},
		{Name: "the total is a unit too high", Caught: []string{"TOT-03", "TOT-06"}, after: session(func(x *exchange) { total(x.answer, "total", more) })},
		{Name: "a total without its text", Caught: []string{"TOT-02"}, after: session(func(x *exchange) {
			for _, e := range objects(x.answer, "totals") {
				delete(e, "display_text")
			}
		})},
		{Name: "a line of an older date does not add up", Caught: []string{"TOT-04"}, Version: "2025-09-29", after: session(func(x *exchange) {
			for _, l := range objects(x.answer, "line_items") {
				if n, ok := l["total"].(float64); ok {
					l["total"] = n + 1
				}
			}
		})},
		{Name: "codes are never cleared", Caught: []string{"DSC-01"}, before: func(x *exchange) {
			if codes, ok := member(copied(x.call), "discounts")["codes"].([]any); ok && len(codes) == 0 {
				delete(x.call, "discounts")
			}
		}},
		{Name: "rejected codes are not told", Caught: []string{"DSC-03"}, after: session(func(x *exchange) {
			if d, ok := x.answer["discounts"].(object); ok {
				delete(d, "rejected")
			}
		})},
		{Name: "allocations are a unit short", Caught: []string{"DSC-04"}, after: session(func(x *exchange) {
			for _, a := range objects(member(copied(x.answer), "discounts"), "applied") {
				for _, part := range objects(a, "allocations") {
					if n, ok := part["amount"].(float64); ok {
						part["amount"] = n - 1
					}
				}
			}
		})},
		{Name: "guessing is free", Caught: []string{"DSC-05"}, after: func(x *exchange) {
			if x.status == http.StatusTooManyRequests {
				x.status, x.answer = http.StatusOK, object{"id": "cs_free"}
			}
		}},
	}
}

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
