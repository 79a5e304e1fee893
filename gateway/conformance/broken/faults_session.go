//go:build brokenseller

package broken

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
)

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
