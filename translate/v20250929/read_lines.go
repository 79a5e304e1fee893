package v20250929

import (
	"strconv"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// Lines reads the wished lines of a create request, at least one. An element
// has one of the shapes that agents of any date send: {id}, {id, quantity},
// {item: {id}, quantity}, {item: {id, quantity}}; the quantity defaults to 1.
// In the last two shapes an outer id is the id of a line that the agent was
// shown, and is ignored: lines find their id again by their item.
func Lines(v wire.Value, r *wire.Reader) []commerce.CartLine {
	if v.Len() == 0 && (v.Kind() == wire.KindArray || !v.HasValue()) {
		r.Refuse(v, wire.Missing, "at least one item is needed")
		return nil
	}
	return wire.ListMax(v, commerce.MaxLines, line)
}

// LinesChange is [Lines] for an update. Absence changes nothing; null and the
// empty array are refused, because a session without lines can neither be
// shown nor paid, and cancel exists.
func LinesChange(v wire.Value, r *wire.Reader) commerce.Change[[]commerce.CartLine] {
	if v.IsAbsent() {
		return commerce.Change[[]commerce.CartLine]{}
	}
	return commerce.Set(Lines(v, r))
}

func line(v wire.Value) commerce.CartLine {
	item, outer := v, v.Get("quantity")
	if nested := v.Get("item"); nested.HasValue() {
		item = nested
	}
	quantity := outer
	if inner := item.Get("quantity"); !outer.HasValue() {
		quantity = inner
	} else if inner.HasValue() && inner.Integer() != outer.Integer() {
		inner.Refuse(wire.Unsupported, "it differs from the quantity of its line")
	}
	return commerce.CartLine{ItemID: item.Require("id").Word(), Quantity: units(quantity)}
}

func units(v wire.Value) int64 {
	if !v.HasValue() {
		return 1
	}
	n := v.Integer()
	if !commerce.ValidQuantity(n) {
		v.Refuse(wire.NumberRange, "a whole number from 1 to "+strconv.Itoa(commerce.MaxQuantity)+" is expected")
	}
	return n
}
