package conformance

import (
	"net/http"
	"slices"
)

func orderStatements() []Statement {
	return []Statement{
		{
			ID: "ORD-01", Profile: SinceV5, From: v5, Source: rfcOrders + " §4.2, §7.1", check: linesDeriveStatus,
			Text: "A line's status follows from its quantities",
		},
		{
			ID: "ORD-02", Profile: SinceV5, From: v5, Source: rfcOrders + " §4.6; " + schemaV5 + " OrderLineItem", check: refundsStandBeside,
			Text: "amount_refunded is the sum of the completed refunds; total and the lines' subtotals never change",
		},
		{
			ID: "ORD-03", Profile: SinceV5, From: v5, Source: rfcOrders + " §4.3, §5.1", check: fulfillmentsFit,
			Text: "A fulfillment's status fits its type; a partial shipment shows a partial line and a fulfillment with quantities",
		},
	}
}

// derive is a line's status by its quantities, in the order in which the rules count.
func derive(l node) string {
	current, fulfilled := l.amount("quantity", "current"), l.amount("quantity", "fulfilled")
	switch {
	case current == 0:
		return "removed"
	case fulfilled == current:
		return "fulfilled"
	case fulfilled > 0:
		return "partial"
	default:
		return "processing"
	}
}

// derives checks all lines of an order and returns the statuses.
func (t *trial) derives(o node) []string {
	var out []string
	lines := o.list("line_items")
	t.check(len(lines) > 0, "the order has no line_items")
	for i, l := range lines {
		ordered, current := l.amount("quantity", "ordered"), l.amount("quantity", "current")
		t.check(ordered >= 1 && current >= 0 && current <= ordered, "line %d has the quantities %s", i, brief(l.at("quantity").value))
		t.check(l.text("id") != "" && l.text("title") != "", "line %d has no id or no title", i)
		t.check(l.text("status") == derive(l), "line %d is %q, its quantities %s make it %s", i, l.text("status"), brief(l.at("quantity").value), derive(l))
		out = append(out, l.text("status"))
	}
	return out
}

// manyPaid buys three pieces of one article and one of another.
func (t *trial) manyPaid() string {
	t.need(OfferMoves, OfferTokens)
	id, _ := t.paidWith(t.whole(t.plain(3), wanted{t.item(ItemSecond), 1}))
	t.recorded(id)
	return id
}

// orderOf reads the order of a session until it is what is wanted: changes in the shop are told a little later.
func (t *trial) orderOf(id, what string, match func(node) bool) node {
	var o node
	if t.until(func() bool { o = t.get(id).at("order"); return match(o) }) {
		return o
	}
	t.failf("the order never shows %s: it is %s", what, brief(o.value))
	return o
}

func lineStatus(status string) func(node) bool {
	return func(o node) bool {
		return slices.ContainsFunc(o.list("line_items"), func(l node) bool { return l.text("status") == status })
	}
}

func linesDeriveStatus(t *trial) {
	id := t.manyPaid()
	t.check(!slices.Contains(t.derives(t.get(id).at("order")), "fulfilled"), "a new order has fulfilled lines")
	t.move(id, "ship", Move{Item: t.item(ItemPlain), Quantity: 1})
	t.derives(t.orderOf(id, "a partial line", lineStatus("partial")))
	t.move(id, "ship", Move{})
	all := t.derives(t.orderOf(id, "fulfilled lines", func(o node) bool { return lineStatus("fulfilled")(o) && !lineStatus("partial")(o) }))
	t.check(!slices.Contains(all, "processing"), "the order is shipped and its lines are %q", all)
	other := t.manyPaid()
	t.move(other, "cancel", Move{})
	gone := t.orderOf(other, "a canceled order", func(o node) bool { return o.text("status") == "canceled" })
	t.derives(gone)
}

func refundsStandBeside(t *trial) {
	id := t.manyPaid()
	before := t.get(id).at("order")
	charged := of(before, "total")
	t.check(charged > 0, "the order has no total")
	subtotals := map[string]int64{}
	for i, l := range before.list("line_items") {
		subtotals[l.text("id")] = l.amount("subtotal")
		t.check(l.amount("subtotal") == l.amount("quantity", "ordered")*l.amount("unit_price"), "line %d: subtotal %d is not ordered × unit_price", i, l.amount("subtotal"))
	}
	var refunded int64
	for _, amount := range []int64{700, 300} {
		refunded += amount
		t.move(id, "refund", Move{Amount: amount})
		o := t.orderOf(id, "the refund", func(o node) bool { return of(o, "amount_refunded") == refunded })
		var sum int64
		for i, a := range o.list("adjustments") {
			n, ok := a.whole("amount")
			t.check(ok && n >= 0, "adjustment %d is of %s", i, brief(a.at("amount").value))
			t.check(a.text("id") != "" && a.text("type") != "" && a.text("occurred_at") != "" && a.text("status") != "", "adjustment %d lacks id, type, occurred_at or status", i)
			if a.text("type") == "refund" && a.text("status") == "completed" {
				sum += n
			}
		}
		t.check(sum == refunded, "the completed refunds are %d, amount_refunded is %d", sum, refunded)
		t.check(of(o, "total") == charged, "the order's total was %d and is %d after a refund", charged, of(o, "total"))
		for i, l := range o.list("line_items") {
			t.check(l.amount("subtotal") == subtotals[l.text("id")], "the subtotal of line %d was %d and is %d", i, subtotals[l.text("id")], l.amount("subtotal"))
		}
	}
	if t.harness.offers[OfferCharges] {
		for _, c := range t.charges(id) {
			t.check(c.Captured == 0 || c.Refunded == refunded, "the payment gave back %d, the order tells %d", c.Refunded, refunded)
		}
	}
}

// fits are the statuses that a fulfillment may have by its type (rfc.orders section 4.3).
var fits = map[string][]string{
	"shipping": {"pending", "processing", "shipped", "in_transit", "out_for_delivery", "delivered", "failed", "canceled"},
	"pickup":   {"pending", "processing", "ready_for_pickup", "delivered", "failed", "canceled"},
	"digital":  {"pending", "processing", "delivered", "failed", "canceled"},
}

func (t *trial) fits(o node) {
	for i, f := range o.list("fulfillments") {
		allowed, ok := fits[f.text("type")]
		t.check(f.text("id") != "" && ok, "fulfillment %d has no id, or the type %q", i, f.text("type"))
		t.check(!f.has("status") || slices.Contains(allowed, f.text("status")), "fulfillment %d of type %s is %q", i, f.text("type"), f.text("status"))
		for j, l := range f.list("line_items") {
			n, ok := l.whole("quantity")
			t.check(ok && n >= 1 && l.text("id") != "", "line %d of fulfillment %d is %s", j, i, brief(l.value))
		}
		for j, e := range f.list("events") {
			t.check(e.text("id") != "" && e.text("type") != "" && e.text("occurred_at") != "", "event %d of fulfillment %d lacks id, type or occurred_at", j, i)
		}
	}
}

func fulfillmentsFit(t *trial) {
	id := t.manyPaid()
	t.move(id, "ship", Move{Item: t.item(ItemPlain), Quantity: 1})
	o := t.orderOf(id, "a partial line", lineStatus("partial"))
	t.fits(o)
	var part node
	for _, l := range o.list("line_items") {
		if l.text("status") == "partial" {
			part = l
		}
	}
	t.check(part.amount("quantity", "fulfilled") == 1 && part.amount("quantity", "ordered") == 3, "the partial line has the quantities %s, want 1 of 3", brief(part.at("quantity").value))
	found := false
	for _, f := range o.list("fulfillments") {
		for _, l := range f.list("line_items") {
			found = found || l.text("id") == part.text("id") && l.amount("quantity") == 1
		}
	}
	t.check(found, "no fulfillment has one piece of the partial line: %s", brief(o.at("fulfillments").value))
	t.move(id, "ship", Move{})
	t.fits(t.orderOf(id, "a shipped order", func(o node) bool { return o.text("status") == "shipped" }))
	t.move(id, "deliver", Move{})
	t.fits(t.orderOf(id, "a completed order", func(o node) bool { return o.text("status") == "completed" }))
	if item := t.seller.Items[ItemDigital]; item != "" {
		s := t.create(t.whole(wanted{item, 1}))
		done := t.success(t.do(opComplete, s.text("id"), t.pay(s, t.enough(s))), http.StatusOK)
		t.check(done.text("status") == "completed", "a digital purchase is %q", done.text("status"))
		t.fits(t.get(s.text("id")).at("order"))
	}
}
