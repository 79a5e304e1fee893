//go:build brokenseller

package broken

import (
	"maps"
	"net/http"
	"strings"
)

// What a call is.
const (
	create   = "create"
	get      = "get"
	update   = "update"
	complete = "complete"
	cancel   = "cancel"
)

// op names the operation of a session that a call is, empty for anything else.
func (x *exchange) op() string {
	parts := strings.Split(strings.Trim(x.path, "/"), "/")
	switch {
	case parts[0] != "checkout_sessions":
		return ""
	case len(parts) == 1:
		return create
	case len(parts) == 3:
		return parts[2]
	case x.method == http.MethodGet:
		return get
	default:
		return update
	}
}

// isSession reports whether the answer is a session.
func (x *exchange) isSession() bool {
	return x.status < http.StatusBadRequest && x.op() != "" && x.answer["line_items"] != nil
}

// isError reports whether the answer is a refusal.
func (x *exchange) isError() bool {
	return x.status >= http.StatusBadRequest && x.answer != nil
}

// key is the call's idempotency key.
func (x *exchange) key() string { return x.header.Get("Idempotency-Key") }

// refuse answers without the seller.
func (x *exchange) refuse(status int, code string) {
	x.status = status
	x.answer = object{"type": "invalid_request", "code": code, "message": "refused by the broken seller"}
}

// objects are the objects of an array member.
func objects(o object, name string) []object {
	list, _ := o[name].([]any)
	var out []object
	for _, v := range list {
		if m, ok := v.(object); ok {
			out = append(out, m)
		}
	}
	return out
}

// member is an object within an object, made where there is none.
func member(o object, path ...string) object {
	if o == nil {
		return object{}
	}
	for _, name := range path {
		next, ok := o[name].(object)
		if !ok {
			next = object{}
			o[name] = next
		}
		o = next
	}
	return o
}

// total changes the amounts of a kind in an array of totals.
func total(o object, kind string, change func(float64) float64) {
	for _, e := range objects(o, "totals") {
		if n, ok := e["amount"].(float64); ok && e["type"] == kind {
			e["amount"] = change(n)
		}
	}
}

// copied is a deep enough copy to keep an answer.
func copied(o object) object { return maps.Clone(o) }
