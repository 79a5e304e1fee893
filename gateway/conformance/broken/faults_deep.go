//go:build brokenseller

package broken

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
)

// bookFaults are those that only the books show: money, orders, logs, and what was kept.
func bookFaults() []Fault {
	twice := func(x *exchange) {
		if strings.HasSuffix(x.path, "/charges") {
			list, _ := x.answer["charges"].([]any)
			x.answer["charges"] = append(list, list...)
		}
	}
	return []Fault{
		{Name: "the log tells payment tokens", Caught: []string{"SEC-01"}, harness: func(x *exchange) {
			if token, ok := x.answer["token"].(string); ok {
				x.remember("token", token)
			}
			if lines, ok := x.answer["lines"].([]any); ok {
				token, _ := x.recall("token")
				x.answer["lines"] = append(lines, token)
			}
		}},
		{Name: "money is taken twice", Caught: []string{"CMP-03", "IDM-13", "IDM-16", "TOT-06"}, harness: twice},
		{Name: "money is taken twice in an older date", Caught: []string{"CMP-02"}, Version: "2025-09-29", harness: twice},
		{Name: "a hold is never given back", Caught: []string{"CMP-09"}, harness: func(x *exchange) {
			for _, c := range objects(x.answer, "charges") {
				c["held"] = c["amount"]
			}
		}},
		{Name: "a refusal uses up the token", Caught: []string{"CMP-07", "CMP-08"}, harness: func(x *exchange) {
			if _, ok := x.answer["consumed"]; ok {
				x.answer["consumed"] = true
			}
		}},
		{Name: "a trace is kept twice", Caught: []string{"CAN-04"}, harness: func(x *exchange) {
			if _, ok := x.answer["traces"]; ok {
				x.answer["traces"] = 2
			}
		}},
		{Name: "silence is taken for consent", Caught: []string{"MKT-01"}, harness: func(x *exchange) {
			if _, ok := x.answer["channels"]; ok {
				x.answer["channels"] = object{"email": true}
			}
		}},
		{
			Name: "a restart forgets the keys", Caught: []string{"IDM-14"},
			harness: func(x *exchange) {
				if strings.HasSuffix(x.path, "/restart") {
					x.remember("restarted", true)
				}
			},
			before: func(x *exchange) {
				if _, ok := x.recall("restarted"); ok && x.key() != "" {
					x.header.Set("Idempotency-Key", x.key()+"-again")
				}
			},
		},
	}
}

// completeFaults are those of the last step.
func completeFaults() []Fault {
	result := func(change func(result object)) func(*exchange) {
		return func(x *exchange) {
			if r, ok := x.call["authentication_result"].(object); ok {
				change(r)
			}
		}
	}
	good := func() object {
		return object{"three_ds_cryptogram": rand.Text(), "electronic_commerce_indicator": "05", "transaction_id": rand.Text(), "version": "2.2.0"}
	}
	return []Fault{
		{Name: "an unknown handler is taken for the card", Caught: []string{"CMP-04"}, before: func(x *exchange) {
			if p, ok := x.call["payment_data"].(object); ok && strings.HasPrefix(textOf(p["handler_id"]), "a_handler") {
				p["handler_id"] = "card_tokenized"
			}
		}},
		{Name: "a purchase order number is enough", Caught: []string{"CMP-10"}, before: func(x *exchange) {
			if p, ok := x.call["payment_data"].(object); ok && p["purchase_order_number"] != nil {
				x.status, x.answer = http.StatusOK, object{"id": "cs_1", "status": "completed", "order": object{"id": "1"}}
			}
		}},
		{
			Name: "contact details on complete are not looked at", Caught: []string{"CMP-11"}, Version: "unreleased",
			before: func(x *exchange) {
				if x.op() == complete {
					delete(x.call, "fulfillment_details")
				}
			},
		},
		{Name: "a moved price is not told", Caught: []string{"CMP-12"}, after: session(func(x *exchange) {
			if x.op() == complete {
				x.answer["messages"] = []any{}
			}
		})},
		{Name: "a denied authentication is taken for a good one", Caught: []string{"TDS-02"}, before: result(func(r object) {
			if r["outcome"] == "denied" || r["outcome"] == "rejected" {
				r["outcome"], r["outcome_details"] = "authenticated", good()
			}
		})},
		{Name: "an authentication needs no details", Caught: []string{"TDS-03"}, before: result(func(r object) {
			if details, _ := r["outcome_details"].(object); r["outcome"] == "authenticated" && len(details) == 0 {
				r["outcome_details"] = good()
			}
		})},
		{Name: "an authentication is good for ever", Caught: []string{"TDS-04"}, before: result(func(r object) {
			if details, ok := r["outcome_details"].(object); ok {
				details["transaction_id"] = rand.Text()
			}
		})},
	}
}

// stateFaults are those of what a session is, and of what it was asked for.
func stateFaults() []Fault {
	return []Fault{
		{Name: "an older date wants a key", Caught: []string{"IDM-02"}, Version: "2026-01-30", before: func(x *exchange) {
			if x.key() == "" && x.method == http.MethodPost {
				x.refuse(http.StatusBadRequest, "idempotency_key_required")
			}
		}},
		{Name: "lines of an older date without a base", Caught: []string{"CRE-02"}, Version: "2026-01-16", after: session(func(x *exchange) {
			for _, l := range objects(x.answer, "line_items") {
				delete(l, "base_amount")
			}
		})},
		{Name: "the agent's price counts", Caught: []string{"CRE-06"}, before: func(x *exchange) {
			for _, l := range objects(x.call, "line_items") {
				if l["unit_amount"] != nil {
					l["id"] = "FLT-0100"
				}
			}
		}},
		{Name: "a bad trace stops the cancel", Caught: []string{"CAN-05"}, before: func(x *exchange) {
			if trace, sent := x.call["intent_trace"]; x.op() == cancel && sent {
				if o, ok := trace.(object); !ok || textOf(o["reason_code"]) == "" {
					x.refuse(http.StatusUnprocessableEntity, "invalid_type")
				}
			}
		}},
		{Name: "a cancel is answered before it is done", Caught: []string{"CAN-01"}, after: session(func(x *exchange) {
			if x.op() == cancel {
				x.answer["status"] = "ready_for_payment"
			}
		})},
		{Name: "a canceled session comes back", Caught: []string{"CAN-01", "STA-03"}, after: session(func(x *exchange) {
			if x.op() == get && x.answer["status"] == "canceled" {
				x.answer["status"] = "ready_for_payment"
			}
		})},
		{Name: "a session lives for ever", Caught: []string{"STA-04"}, after: session(func(x *exchange) {
			if x.answer["status"] == "expired" {
				x.answer["status"] = "ready_for_payment"
			}
		})},
		{Name: "codes are case-sensitive", Caught: []string{"DSC-02"}, before: func(x *exchange) {
			if d, ok := x.call["discounts"].(object); ok {
				list, _ := d["codes"].([]any)
				d["codes"] = slices.DeleteFunc(list, func(v any) bool { return textOf(v) != strings.ToUpper(textOf(v)) })
			}
		}},
		{Name: "a missing intervention is not told", Caught: []string{"CAP-02"}, after: session(func(x *exchange) {
			list, _ := x.answer["messages"].([]any)
			x.answer["messages"] = slices.DeleteFunc(list, func(v any) bool {
				m, _ := v.(object)
				return m["code"] == "intervention_required"
			})
		})},
		{Name: "a provider without its merchant", Caught: []string{"PAY-02"}, Version: "2026-01-16", after: session(func(x *exchange) {
			if p, ok := x.answer["payment_provider"].(object); ok {
				delete(p, "merchant_id")
			}
		})},
		{Name: "everybody is shown a stored card", Caught: []string{"PAY-03"}, after: session(func(x *exchange) {
			p := member(x.answer, "capabilities", "payment")
			list, _ := p["handlers"].([]any)
			p["handlers"] = append(list, object{"id": "saved", "name": "dev.acp.seller_backed.saved_card", "psp": "seller_managed"})
		})},
		{Name: "a cart without totals", Caught: []string{"CRT-01"}, after: func(x *exchange) {
			if x.path == "/carts" {
				delete(x.answer, "totals")
			}
		}},
		{Name: "a cart keeps its lines", Caught: []string{"CRT-03"}, before: func(x *exchange) {
			if lines, ok := x.call["line_items"].([]any); ok && x.method == http.MethodPut {
				x.call["line_items"] = append(lines, object{"id": "CUP-0002", "quantity": 1})
			}
		}},
		{Name: "a cart says nothing", Caught: []string{"CRT-04"}, after: func(x *exchange) {
			if strings.HasPrefix(x.path, "/carts") {
				delete(x.answer, "messages")
			}
		}},
		{Name: "keys mean something else over REST", Caught: []string{"MCP-04"}, Transport: "mcp", before: func(x *exchange) {
			if x.path != "/mcp" && x.key() != "" {
				x.header.Set("Idempotency-Key", x.key()+"-rest")
			}
		}},
	}
}

// textOf is a value as text, empty where it is none.
func textOf(v any) string {
	s, _ := v.(string)
	return s
}
