package reader

import (
	"strconv"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// lineList is the list of wished lines, under the name of any date.
func (d Dialect) lineList(root wire.Value) wire.Value {
	native, other := "items", "line_items"
	if d.LineItems {
		native, other = other, native
	}
	list := root.OneOf(native, other)
	return only(list, list.Called(native), LinesName)
}

// linesOrCart reads the lines of a create: at least one, unless the metadata
// names a saved cart whose lines are meant.
func (d Dialect) linesOrCart(root wire.Value) []commerce.CartLine {
	list := d.lineList(root)
	if empty(list) && cartID(root.Get("metadata")) != "" {
		list.Deviate(LinesMissing)
		return nil
	}
	return d.lines(list, wire.Missing)
}

// linesChange reads the lines of an update. Absence changes nothing; null and
// the empty array are refused, because a session without lines can neither be
// shown nor paid, and cancel exists.
func (d Dialect) linesChange(root wire.Value) commerce.Change[[]commerce.CartLine] {
	list := d.lineList(root)
	if list.IsAbsent() {
		return commerce.Change[[]commerce.CartLine]{}
	}
	return commerce.Set(d.lines(list, wire.Missing))
}

func empty(v wire.Value) bool {
	return v.Len() == 0 && (v.Kind() == wire.KindArray || !v.HasValue())
}

// lines reads at least one line and at most [commerce.MaxLines]. An element
// has one of the shapes that agents of any date send: {id}, {id, quantity},
// {item: {id}, quantity}, {item: {id, quantity}}; the quantity defaults to 1.
// In the last two shapes an outer id is the id of a line that the agent was
// shown, and is ignored: lines find their id again by their item.
func (d Dialect) lines(v wire.Value, none wire.Reason) []commerce.CartLine {
	if empty(v) {
		v.Refuse(none, "at least one item is needed")
		return nil
	}
	return wire.ListMax(v, commerce.MaxLines, d.line)
}

func (d Dialect) line(v wire.Value) commerce.CartLine {
	item, quantity := v, v.Get("quantity")
	if nested := v.Get("item"); nested.HasValue() {
		nested.Deviate(ItemNested)
		v.Known("id")
		item = nested
		switch inner := nested.Get("quantity"); {
		case !quantity.HasValue():
			quantity = inner
		case inner.HasValue() && inner.Integer() != quantity.Integer():
			inner.Refuse(wire.Unsupported, "it differs from the quantity of its line")
		}
	}
	if d.LineItems {
		only(quantity, false, QuantitySent)
		item.Known("name", "unit_amount") // the shop knows both better
	} else {
		needed(quantity, true, QuantityMissing)
	}
	suggested := only(item.Get("suggested_price"), d.SuggestedPrice, SuggestedPrice)
	return commerce.CartLine{
		ItemID: item.Require("id").Word(), Quantity: units(quantity), Suggested: wire.Optional(suggested, suggestedPrice),
	}
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

// suggestedPrice reads the price that the agent showed and where it comes
// from (schema SuggestedPrice of the unreleased version, read 2026-11-22).
func suggestedPrice(v wire.Value) commerce.SuggestedPrice {
	amount, source := v.Require("amount"), v.Require("source")
	price := commerce.SuggestedPrice{
		Amount:       amount.Integer(),
		FeedID:       source.Require("feed_id").Word(),
		Channel:      source.Get("channel").Text(),
		FeedUpdateID: source.Get("feed_update_id").Text(),
		UpdatedAt:    moment(source.Get("updated_at")),
		ObservedAt:   moment(v.Require("observed_at")),
	}
	if price.Amount < 0 {
		amount.Refuse(wire.NumberRange, "it must not be negative")
	}
	return price
}
