package conformance

import (
	"net/http"
	"slices"
	"strings"
)

func updateStatements() []Statement {
	return []Statement{
		{
			ID: "UPD-01", Profile: AllDates, From: v1, Source: rfcCheckout + " §4.2, §6.2", check: updatesWhole,
			Text: "Update answers 200 with the whole session; what was not sent stays",
		},
		{
			ID: "UPD-02", Profile: AllDates, From: v1, Source: rfcCheckout + " §6.2", check: nullClears,
			Text: "null clears what can be cleared: buyer, address, selection",
		},
		{
			ID: "UPD-03", Profile: AllDates, From: v1, Source: rfcCheckout + " §4.2", check: replacesLines,
			Text: "The items that are sent replace the old ones; lines that stay keep their ids",
		},
		{
			ID: "UPD-04", Profile: AllDates, From: v1, Source: rfcCheckout + " §4.2", check: optionMovesTotals,
			Text: "Another option moves fulfillment, tax and total",
		},
		{
			ID: "UPD-05", Profile: AllDates, From: v1, Source: rfcCheckout + " §8", check: refusesUnofferedOption,
			Text: "An option that is not offered is never stored: 400, or a message that names it",
		},
		{
			ID: "UPD-06", Profile: SinceV2, From: v2, Source: schemaSession + " SelectedFulfillmentOption", check: readsBothSelections,
			Text: "Nested and flat selections are both read; the answer has the form of its version",
		},
		{
			ID: "UPD-07", Profile: Quality, From: v1, Source: rfcCheckout + " §2.2", check: terminalStays,
			Text: "An update of a completed or canceled session is refused with 409 and changes nothing",
		},
	}
}

func updatesWhole(t *trial) {
	before := t.ready()
	id := before.text("id")
	after := t.success(t.do(opUpdate, id, obj{t.lineKey(): t.lines(t.plain(2))}), http.StatusOK)
	for _, name := range sessionShapes[t.date].required {
		t.check(after.at(name).present, "after an update the session has no %s", name)
	}
	t.check(after.text("id") == id, "the id has changed from %s to %s", id, after.text("id"))
	member, _ := t.delivery(nil)
	for _, name := range []string{"buyer", member, "currency"} {
		t.check(same(before.at(name).value, after.at(name).value), "%s was not sent and has changed: %s", name, difference(before.at(name).value, after.at(name).value))
	}
	t.check(slices.Equal(selected(before), selected(after)), "the selection was not sent and has changed from %q to %q", selected(before), selected(after))
	lines := viewLines(after)
	t.check(len(lines) == 1 && lines[0].quantity == 2, "the lines are %+v, want two pieces", lines)
	t.check(of(after, "total") > of(before, "total"), "the total does not rise with a second piece")
}

func nullClears(t *trial) {
	s := t.ready()
	id := s.text("id")
	member, value := t.delivery(t.address("home"))
	without := t.update(id, obj{"buyer": nil})
	t.check(!without.has("buyer"), "the buyer stays after null")
	without = t.update(id, obj{"buyer": buyer()})
	t.check(without.has("buyer") && without.text("status") == "ready_for_payment", "the buyer does not come back, or the session stays %q", without.text("status"))
	without = t.update(id, obj{member: nil})
	t.check(!without.has(member), "%s stays after null", member)
	t.check(without.text("status") != "ready_for_payment", "without an address a session with goods to ship is ready_for_payment")
	back := t.update(id, obj{member: value})
	options := viewOptions(back)
	if len(options) < 2 {
		t.notef("only one option is offered: clearing a selection was not looked at")
		return
	}
	dear := options[0]
	for _, o := range options {
		if o.total > dear.total {
			dear = o
		}
	}
	chosen := t.update(id, t.choose(dear, lineIDs(back)...))
	t.check(slices.Equal(selected(chosen), []string{dear.id}), "the selection is %q, want %s", selected(chosen), dear.id)
	name := "selected_fulfillment_options"
	if t.date == v1 {
		name = "fulfillment_option_id"
	}
	cleared := t.update(id, obj{name: nil})
	t.check(!slices.Contains(selected(cleared), dear.id), "the selection stays %q after null", selected(cleared))
}

func replacesLines(t *trial) {
	second := t.item(ItemSecond)
	s := t.create(t.whole(t.plain(1), wanted{second, 2}))
	before := viewLines(s)
	t.check(len(before) == 2 && before[0].id != "" && before[0].id != before[1].id, "the lines are %+v, want two with ids of their own", before)
	after := viewLines(t.update(s.text("id"), obj{t.lineKey(): t.lines(wanted{second, 3})}))
	t.check(len(after) == 1 && after[0].item == second && after[0].quantity == 3, "the lines are %+v, want three of %s alone", after, second)
	t.check(after[0].id == before[1].id, "the line that stays had the id %s and has %s", before[1].id, after[0].id)
	again := viewLines(t.update(s.text("id"), obj{t.lineKey(): t.lines(t.plain(1), wanted{second, 3})}))
	t.check(len(again) == 2 && again[0].item == t.item(ItemPlain) && again[1].id == before[1].id, "the lines are %+v, want the new one first", again)
}

func optionMovesTotals(t *trial) {
	s := t.ready()
	options := viewOptions(s)
	if len(options) < 2 {
		t.skipf("the seller offers one option for the plain item, so that none can be changed")
	}
	seen := map[int64]bool{}
	for _, o := range options {
		after := t.update(s.text("id"), t.choose(o, lineIDs(s)...))
		t.check(slices.Equal(selected(after), []string{o.id}), "the selection is %q, want %s", selected(after), o.id)
		t.check(of(after, "fulfillment") == o.subtotal, "totals have %d for fulfillment, the option costs %d", of(after, "fulfillment"), o.subtotal)
		seen[of(after, "total")] = true
	}
	t.check(len(seen) > 1, "all options have the same total %v", seen)
	tax := map[int64]bool{}
	for _, o := range options {
		tax[o.tax] = true
	}
	if len(tax) > 1 {
		one := of(t.update(s.text("id"), t.choose(options[0], lineIDs(s)...)), "tax")
		two := of(t.update(s.text("id"), t.choose(options[1], lineIDs(s)...)), "tax")
		t.check(one-options[0].tax == two-options[1].tax, "the tax does not follow the option: %d with %+v, %d with %+v", one, options[0], two, options[1])
	}
}

func refusesUnofferedOption(t *trial) {
	s := t.ready()
	before := selected(s)
	a := t.do(opUpdate, s.text("id"), t.choose(optionView{id: "no_such_option", kind: "shipping"}, lineIDs(s)...))
	if a.refused {
		e := t.refusal(a, "", http.StatusBadRequest)
		t.check(e.text("param") != "", "the refusal has no param")
	} else {
		m, ok := hasMessage(a.node, "error", "invalid")
		t.check(ok && strings.HasPrefix(m.text("param"), "$"), "there is no message invalid with a param: %s", brief(a.at("messages").value))
	}
	after := t.get(s.text("id"))
	t.check(!slices.Contains(selected(after), "no_such_option"), "an option that is not offered is stored")
	t.check(!a.refused || slices.Equal(selected(after), before), "a refused selection has changed the session")
}

func readsBothSelections(t *trial) {
	s := t.ready()
	options := viewOptions(s)
	o := options[len(options)-1]
	ids := list{}
	for _, id := range lineIDs(s) {
		ids = append(ids, id)
	}
	for _, selection := range []obj{
		{"type": o.kind, o.kind: obj{"option_id": o.id, "item_ids": ids}},
		{"type": o.kind, "option_id": o.id, "item_ids": ids},
		{"type": o.kind, "option_id": o.id},
	} {
		after := t.update(s.text("id"), obj{"selected_fulfillment_options": list{selection}})
		t.check(slices.Equal(selected(after), []string{o.id}), "%v is read as %q, want %s", selection, selected(after), o.id)
		first := after.at("selected_fulfillment_options", 0)
		nested := first.has(o.kind, "option_id")
		t.check(nested == !since(t.date, v4), "the answer's selection is nested: %v, want the form of %s", nested, t.date)
	}
}

func terminalStays(t *trial) {
	s := t.ready()
	t.cancel(s.text("id"))
	e := t.refusal(t.do(opUpdate, s.text("id"), obj{t.lineKey(): t.lines(t.plain(3))}), "", http.StatusConflict)
	t.check(e.text("type") == "invalid_request", "the type is %q, want invalid_request", e.text("type"))
	after := t.get(s.text("id"))
	t.check(after.text("status") == "canceled" && viewLines(after)[0].quantity == 1, "the refused update has changed the session")
	if t.harness == nil {
		t.notef("without a harness only a canceled session was looked at")
		return
	}
	id, done := t.paid()
	t.refusal(t.do(opUpdate, id, obj{"buyer": nil}), "", http.StatusConflict)
	again := t.get(id)
	t.check(again.text("status") == "completed" && of(again, "total") == of(done, "total") && again.has("buyer") == done.has("buyer"), "the refused update has changed a completed session")
}
