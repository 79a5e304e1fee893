package conformance

import (
	"net/http"
	"slices"
	"strings"
)

func totalStatements() []Statement {
	return []Statement{
		{
			ID: "TOT-01", Profile: AllDates, From: v1, Source: rfcCheckout + " §3.1; " + rfcDiscount + " §8.2", check: amountsAreMinorUnits,
			Text: "All amounts are integers of minor units and not negative",
		},
		{
			ID: "TOT-02", Profile: AllDates, From: v1, Source: rfcCheckout + " §8; " + schemaSession + " Total", check: totalsAreNamed,
			Text: "A priced session has one total; every entry has display_text and a type of the version's set",
		},
		{
			ID: "TOT-03", Profile: AllDates, From: v1, Source: "examples/2025-09-29; OpenAI's checkout page", check: sessionAddsUp,
			Text: "The session's totals add up",
		},
		{
			ID: "TOT-04", Profile: Older, From: v1, To: v3, Source: schemaV1 + " LineItem; OpenAI's checkout page", check: linesAddUp,
			Text: "Up to 2026-01-16 the amounts of lines and options add up",
		},
		{
			ID: "TOT-05", Profile: AllDates, From: v1, Source: rfcDiscount + " §8.2", check: itemsDiscountIsSum,
			Text: "items_discount is the sum of the lines' discounts",
		},
		{
			ID: "TOT-06", Profile: AllDates, From: v1, check: chargesTotal,
			Text: "What the payment provider takes is the total",
		},
	}
}

// priced are sessions with prices: lines, options, and discounts where the date has them.
func priced(t *trial) []node {
	second := t.item(ItemSecond)
	one := t.create(t.whole(t.plain(3), wanted{second, 2}))
	out := []node{t.create(t.bare(t.plain(1))), one}
	for _, o := range viewOptions(one) {
		out = append(out, t.update(one.text("id"), t.choose(o, lineIDs(one)...)))
	}
	member, value := t.delivery(t.address("away"))
	out = append(out, t.update(one.text("id"), obj{member: value}))
	if code := t.seller.Codes[CodePercent]; code != "" && since(t.date, v4) {
		out = append(out, t.update(one.text("id"), obj{"discounts": obj{"codes": list{code}}}))
		if other := t.seller.Codes[CodeAmount]; other != "" {
			out = append(out, t.update(one.text("id"), obj{"discounts": obj{"codes": list{code, other}}}))
		}
	} else if code != "" {
		// A session of a later date, read in this one: discounts show in the totals of every date.
		if t.transport == REST {
			t.success(t.do(opUpdate, one.text("id"), obj{"discounts": obj{"codes": list{code}}}, withVersion(v5)), http.StatusOK)
			out = append(out, t.get(one.text("id")))
		}
	}
	if auto := t.seller.Items[ItemAutomatic]; auto != "" {
		out = append(out, t.create(t.whole(wanted{auto, 1})))
	}
	return out
}

// isAmount reports whether a member holds money.
func isAmount(path string) bool {
	name := path[strings.LastIndexByte(path, '.')+1:]
	for _, prefix := range []string{"$.capabilities", "$.metadata"} {
		if strings.HasPrefix(path, prefix) {
			return false
		}
	}
	switch name {
	case "amount", "base_amount", "unit_amount", "presentment_amount", "amount_off", "unit_price":
		return true
	case "discount", "subtotal", "tax", "total":
		return true
	}
	return false
}

func amountsAreMinorUnits(t *trial) {
	if !slices.Contains([]string{"jpy", "krw", "vnd", "clp"}, t.seller.Currency) {
		t.notef("the seller sells in %s: no currency without minor units was looked at", t.seller.Currency)
	}
	seen := 0
	for _, s := range priced(t) {
		s.walk(func(path string, v node) {
			if _, isNumber := v.value.(number); !isAmount(path) || !isNumber && v.isNested() {
				return
			}
			if !v.present || v.value == nil {
				return
			}
			seen++
			n, ok := v.whole()
			t.check(ok, "%s is %s, want an integer", path, brief(v.value))
			t.check(n >= 0, "%s is %d, below zero", path, n)
		})
	}
	t.check(seen > 10, "only %d amounts were found", seen)
}

// isNested reports whether there are members or elements here.
func (n node) isNested() bool {
	switch n.value.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

func totalsAreNamed(t *trial) {
	for _, s := range priced(t) {
		count := 0
		for i, e := range s.list("totals") {
			t.check(slices.Contains(totalTypes[t.date], e.text("type")), "totals[%d] has the type %q", i, e.text("type"))
			t.check(e.text("display_text") != "", "totals[%d] has no display_text", i)
			if e.text("type") == "total" {
				count++
			}
		}
		t.check(count == 1, "there are %d entries of type total, want 1", count)
	}
}

func sessionAddsUp(t *trial) {
	for _, s := range priced(t) {
		var base int64
		for _, l := range viewLines(s) {
			base += l.base
		}
		t.check(of(s, "items_base_amount") == base, "items_base_amount is %d, the lines' are %d in sum", of(s, "items_base_amount"), base)
		items := of(s, "items_base_amount") - of(s, "items_discount")
		if sub, ok := sum(s.list("totals"), "subtotal"); ok {
			t.check(sub == items, "subtotal is %d, want items_base_amount - items_discount = %d", sub, items)
		}
		want := items - of(s, "discount") + of(s, "fulfillment") + of(s, "tax") + of(s, "fee") + of(s, "gift_wrap") + of(s, "tip") - of(s, "store_credit")
		t.check(of(s, "total") == want, "total is %d, its parts are %d: %s", of(s, "total"), want, brief(s.at("totals").value))
		if chosen := selected(s); len(chosen) > 0 {
			var options int64
			for _, o := range viewOptions(s) {
				if slices.Contains(chosen, o.id) {
					options += o.subtotal
				}
			}
			t.check(of(s, "fulfillment") == options, "fulfillment is %d, the selected options are %d", of(s, "fulfillment"), options)
		}
	}
}

func linesAddUp(t *trial) {
	for _, s := range priced(t) {
		for i, l := range viewLines(s) {
			t.check(l.subtotal == l.base-l.discount && l.total == l.base-l.discount+l.tax, "line %d does not add up: %+v", i, l)
		}
		for i, o := range viewOptions(s) {
			t.check(o.total == o.subtotal+o.tax, "option %d does not add up: %+v", i, o)
		}
	}
}

func itemsDiscountIsSum(t *trial) {
	discounted := false
	for _, s := range priced(t) {
		var lines int64
		for _, l := range viewLines(s) {
			lines += l.discount
		}
		discounted = discounted || lines > 0
		t.check(of(s, "items_discount") == lines, "items_discount is %d, the lines' discounts are %d", of(s, "items_discount"), lines)
	}
	if !discounted {
		t.notef("no line of this seller had a discount")
	}
}

func chargesTotal(t *trial) {
	t.need(OfferTokens, OfferCharges, OfferOrders)
	s := t.ready()
	options := viewOptions(s)
	shown := t.update(s.text("id"), t.choose(options[len(options)-1], lineIDs(s)...))
	done := t.success(t.do(opComplete, s.text("id"), t.pay(shown, t.mint(Mint{Amount: of(shown, "total") + 5000}))), http.StatusOK)
	t.check(done.text("status") == "completed", "the session is %q, want completed", done.text("status"))
	t.check(of(done, "total") == of(shown, "total"), "the total was %d and is %d after the payment", of(shown, "total"), of(done, "total"))
	t.oneCharge(s.text("id"), of(shown, "total"))
	for _, o := range t.placed(s.text("id")) {
		t.check(o.Total == of(shown, "total"), "the shop's order is of %d, the session's total is %d", o.Total, of(shown, "total"))
	}
}
