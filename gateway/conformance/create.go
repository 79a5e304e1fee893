package conformance

import (
	"net/http"
	"strings"
)

func createStatements() []Statement {
	return []Statement{
		{
			ID: "CRE-01", Profile: AllDates, From: v1, Source: rfcCheckout + " §4.1; " + schemaSession + " CheckoutSessionBase", check: createsWhole,
			Text: "Create answers 201 with all required members; arrays are there even when they are empty",
		},
		{
			ID: "CRE-02", Profile: Older, From: v1, To: v3, Source: schemaV1, check: readsItems,
			Text: "Up to 2026-01-16 items of id and quantity are read, and lines come back with flat amounts",
		},
		{
			ID: "CRE-03", Profile: SinceV4, From: v4, Source: "examples/2026-01-30/examples.agentic_checkout.json", check: readsLineItems,
			Text: "From 2026-01-30 on line_items of an id (quantity 1), of id and quantity, of a nested item, and items are read",
		},
		{
			ID: "CRE-04", Profile: AllDates, From: v1, Source: schemaSession + " Item", check: refusesBadLines,
			Text: "No items, and quantities of 0, below 0 or of 1.5, are refused with 400 and a param",
		},
		{
			ID: "CRE-05", Profile: AllDates, From: v1, Source: "examples/2026-04-17/examples.agentic_checkout.json error_400_invalid_item", check: refusesUnknownItem,
			Text: "An item that is not sold is refused with 400 and the JSONPath of its line",
		},
		{
			ID: "CRE-06", Profile: AllDates, From: v1, Source: schemaSession + " Item; changelog/unreleased/suggested-pricing.md", check: ignoresSentPrices,
			Text: "Prices that the agent sends do not move the totals",
		},
		{
			ID: "CRE-07", Profile: SinceV4, From: v4, Source: schemaSession + " CheckoutSessionCreateRequest", check: refusesOtherCurrency,
			Text: "A currency that the seller does not sell in is refused and never converted in silence",
		},
		{
			ID: "CRE-08", Profile: AllDates, From: v1, Source: "examples/2026-04-17/examples.agentic_checkout.json checkout_session_with_out_of_stock", check: showsSoldOut,
			Text: "A line that is out of stock is answered 201, not_ready_for_payment, with an out_of_stock error that names it",
		},
		{
			ID: "CRE-09", Profile: Quality, From: v1, Source: "issue #194", check: preselects,
			Text: "With an address a fulfillment option is selected already and is part of the totals",
		},
	}
}

func createsWhole(t *trial) {
	for _, body := range []obj{t.bare(t.plain(1)), t.whole(t.plain(1))} {
		s := t.success(t.do(opCreate, "", body), http.StatusCreated)
		for _, name := range sessionShapes[t.date].required {
			t.check(s.at(name).present, "the session has no %s", name)
		}
		for _, name := range []string{"line_items", "totals", "fulfillment_options", "messages", "links"} {
			t.check(s.isList(name), "%s is no array", name)
		}
		t.check(s.text("id") != "" && s.text("status") != "", "the session has no id or no status")
		t.check(strings.EqualFold(s.text("currency"), t.seller.Currency) && s.text("currency") == strings.ToLower(s.text("currency")),
			"the currency is %q, want %q in lower case", s.text("currency"), t.seller.Currency)
		t.check(len(s.list("line_items")) == 1, "%d lines came back, want 1", len(s.list("line_items")))
	}
}

func readsItems(t *trial) {
	s := t.create(obj{"items": t.lines(t.plain(2), wanted{t.item(ItemSecond), 1})})
	lines := s.list("line_items")
	t.check(len(lines) == 2, "%d lines came back, want 2", len(lines))
	for i, want := range []wanted{t.plain(2), {t.item(ItemSecond), 1}} {
		l := lines[i]
		t.check(l.text("item", "id") == want.item && l.amount("item", "quantity") == int64(want.quantity), "line %d is %s, want %d of %s", i, brief(l.at("item").value), want.quantity, want.item)
		for _, name := range []string{"base_amount", "discount", "subtotal", "tax", "total"} {
			_, ok := l.whole(name)
			t.check(ok, "line %d has no integer %s", i, name)
		}
	}
}

func readsLineItems(t *trial) {
	item := t.item(ItemPlain)
	for _, form := range []struct {
		member   string
		line     obj
		quantity int64
	}{
		{"line_items", obj{"id": item}, 1},
		{"line_items", obj{"id": item, "quantity": 2}, 2},
		{"line_items", obj{"item": obj{"id": item}, "quantity": 2}, 2},
		{"line_items", obj{"item": obj{"id": item}}, 1},
		{"items", obj{"id": item, "quantity": 3}, 3},
	} {
		body := t.bare(t.plain(1))
		delete(body, "line_items")
		body[form.member] = list{form.line}
		lines := viewLines(t.create(body))
		t.check(len(lines) == 1 && lines[0].item == item && lines[0].quantity == form.quantity,
			"%s of %v is read as %+v, want %d of %s", form.member, form.line, lines, form.quantity, item)
	}
}

func refusesBadLines(t *trial) {
	item := t.item(ItemPlain)
	key := t.lineKey()
	for _, lines := range []any{
		list{},
		nil, "text",
		list{obj{"id": item, "quantity": 0}},
		list{obj{"id": item, "quantity": -1}},
		list{obj{"id": item, "quantity": 1.5}},
		list{obj{"quantity": 1}},
		list{obj{"id": item, "quantity": "2"}},
	} {
		body := t.bare(t.plain(1))
		body[key] = lines
		e := t.refusal(t.do(opCreate, "", body), "", http.StatusBadRequest)
		t.check(strings.HasPrefix(e.text("param"), "$"), "lines of %v are refused without a param", lines)
	}
	body := t.bare(t.plain(1))
	delete(body, key)
	e := t.refusal(t.do(opCreate, "", body), "", http.StatusBadRequest)
	t.check(strings.HasPrefix(e.text("param"), "$"), "a body without lines is refused without a param")
}

func refusesUnknownItem(t *trial) {
	body := t.bare(wanted{"no-such-item-anywhere", 1})
	e := t.refusal(t.do(opCreate, "", body), "", http.StatusBadRequest)
	t.check(strings.HasPrefix(e.text("param"), "$."+t.lineKey()+"[0]"), "the param is %q, want a path below $.%s[0]", e.text("param"), t.lineKey())
}

func ignoresSentPrices(t *trial) {
	item := t.item(ItemPlain)
	honest := t.create(t.whole(t.plain(2)))
	body := t.whole(t.plain(2))
	body[t.lineKey()] = list{obj{"id": item, "quantity": 2, "name": "Cheap", "unit_amount": 1, "base_amount": 2, "total": 2, "price": 1}}
	sly := t.create(body)
	t.check(of(sly, "total") == of(honest, "total") && of(sly, "total") > 2, "with prices of the agent's own the total is %d, without them %d", of(sly, "total"), of(honest, "total"))
	t.check(viewLines(sly)[0].base == viewLines(honest)[0].base, "the line's base amount follows the agent's price")
}

func refusesOtherCurrency(t *trial) {
	other := "jpy"
	if t.seller.Currency == other {
		other = "usd"
	}
	body := t.whole(t.plain(1))
	body["currency"] = other
	a := t.do(opCreate, "", body)
	if a.refused {
		e := t.refusal(a, "", http.StatusBadRequest, http.StatusUnprocessableEntity)
		t.check(e.text("param") == "$.currency", "the param is %q, want $.currency", e.text("param"))
		return
	}
	t.check(a.text("currency") == t.seller.Currency && a.text("presentment_currency") == other,
		"a currency that is not sold in is answered in %q with presentment_currency %q", a.text("currency"), a.text("presentment_currency"))
}

// soldOut is an item out of stock, by its nature or by a fault.
func (t *trial) soldOut() string {
	if id := t.seller.Items[ItemSoldOut]; id != "" {
		return id
	}
	id := t.item(ItemSecond)
	t.fault(Fault{Kind: FaultStock, Item: id})
	return id
}

func showsSoldOut(t *trial) {
	gone := t.soldOut()
	s := t.success(t.do(opCreate, "", t.whole(t.plain(1), wanted{gone, 1})), http.StatusCreated)
	t.check(s.text("status") == "not_ready_for_payment", "with a line out of stock the session is %q", s.text("status"))
	m, ok := hasMessage(s, "error", "out_of_stock")
	t.check(ok, "there is no error message out_of_stock: %s", brief(s.at("messages").value))
	t.check(strings.HasPrefix(m.text("param"), "$.line_items[1]"), "its param is %q, want a path below $.line_items[1]", m.text("param"))
	t.check(len(s.list("line_items")) == 2, "%d lines came back, want 2: none may vanish", len(s.list("line_items")))
}

func preselects(t *trial) {
	s := t.create(t.whole(t.plain(1)))
	chosen := selected(s)
	t.check(len(chosen) == 1, "the options %q are selected, want one", chosen)
	for _, o := range viewOptions(s) {
		if o.id == chosen[0] {
			f, ok := sum(s.list("totals"), "fulfillment")
			t.check(ok && f == o.subtotal, "totals have %d for fulfillment, the selected option costs %d", f, o.subtotal)
			return
		}
	}
	t.failf("the selected option %q is not offered", chosen[0])
}
