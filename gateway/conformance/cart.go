package conformance

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

func cartStatements() []Statement {
	return []Statement{
		{
			ID: "CRT-01", Profile: SinceV5, From: v5, Source: rfcCart + " §4.1, §9", check: createsCart, OnlyREST: noCartTools,
			Text: "POST /carts answers 201 with id, line_items, currency and totals; without a key it is refused with 400",
		},
		{
			ID: "CRT-02", Profile: SinceV5, From: v5, Source: rfcCart + " §4.3, §4.5", check: cancelsCart, OnlyREST: noCartTools,
			Text: "Cancel answers 200 with the last state; afterwards, and after its time, the cart is gone: 404",
		},
		{
			ID: "CRT-03", Profile: SinceV5, From: v5, Source: rfcCart + " §4.4", check: replacesCart, OnlyREST: noCartTools,
			Text: "PUT replaces all lines and moves expires_at on",
		},
		{
			ID: "CRT-04", Profile: SinceV5, From: v5, Source: rfcCart + " §4.2", check: keepsMissingLines, OnlyREST: noCartTools,
			Text: "Lines that cannot be had never vanish without a message; where all are gone the answer is 422 out_of_stock or a cart that says so",
		},
	}
}

func (t *trial) cartLines(lines ...wanted) obj { return obj{"line_items": t.lines(lines...)} }

// cart makes a cart, or ends the statement where the seller keeps none.
func (t *trial) cart(lines ...wanted) node {
	a := t.fetch(http.MethodPost, "/carts", t.cartLines(lines...))
	if a.status == http.StatusNotFound || a.status == http.StatusNotImplemented {
		t.skipf("the seller keeps no carts")
	}
	c := t.success(a, http.StatusCreated)
	if t.schemas != nil {
		t.notef("against the published schemas")
		if err := t.schemas.validate(t.date, "Cart", a.raw); err != nil {
			t.failf("%v", err)
		}
	}
	return c
}

func createsCart(t *trial) {
	c := t.cart(t.plain(2), wanted{t.item(ItemSecond), 1})
	for _, name := range []string{"id", "line_items", "currency", "totals"} {
		t.check(c.has(name), "the cart has no %s", name)
	}
	allowed := []string{"id", "line_items", "buyer", "currency", "totals", "messages", "continue_url", "expires_at"}
	for name := range c.members() {
		t.check(slices.Contains(allowed, name), "the cart has the member %s, which carts do not have", name)
	}
	lines := viewLines(c)
	t.check(len(lines) == 2 && lines[0].quantity == 2 && lines[1].quantity == 1, "the cart's lines are %+v", lines)
	t.check(of(c, "total") > 0, "the cart has no total")
	t.refusal(t.fetch(http.MethodPost, "/carts", t.cartLines(t.plain(1)), withoutKey()), "idempotency_key_required", http.StatusBadRequest)
	for _, body := range []obj{{}, {"line_items": list{}}} {
		e := t.refusal(t.fetch(http.MethodPost, "/carts", body), "", http.StatusBadRequest)
		t.check(strings.HasPrefix(e.text("param"), "$.line_items"), "the param is %q, want $.line_items", e.text("param"))
	}
	key := newKey()
	first := t.fetch(http.MethodPost, "/carts", t.cartLines(t.plain(1)), withKey(key))
	t.success(first, http.StatusCreated)
	t.repeated(first, t.fetch(http.MethodPost, "/carts", t.cartLines(t.plain(1)), withKey(key)), "a cart")
	if other, ok := t.agent(AgentOther); ok {
		t.refusal(t.fetch(http.MethodGet, "/carts/"+c.text("id"), nil, withToken(other.Token)), "", http.StatusNotFound)
	}
}

func cancelsCart(t *trial) {
	c := t.cart(t.plain(2))
	path := "/carts/" + c.text("id")
	got := t.success(t.fetch(http.MethodGet, path, nil), http.StatusOK)
	t.check(got.text("id") == c.text("id") && of(got, "total") == of(c, "total"), "get shows another cart")
	last := t.success(t.fetch(http.MethodPost, path+"/cancel", obj{}), http.StatusOK)
	t.check(last.text("id") == c.text("id") && len(last.list("line_items")) == 1, "cancel does not answer the last state: %s", brief(last.value))
	t.refusal(t.fetch(http.MethodGet, path, nil), "", http.StatusNotFound)
	t.refusal(t.fetch(http.MethodPut, path, t.cartLines(t.plain(1))), "", http.StatusNotFound)
	t.refusal(t.fetch(http.MethodPost, path+"/cancel", obj{}), "", http.StatusNotFound)
	t.refusal(t.fetch(http.MethodGet, "/carts/cart_nobody_has_this_one", nil), "", http.StatusNotFound)
	if t.harness == nil || !t.harness.offers[OfferClock] {
		t.notef("without a clock no cart was left to lapse")
		return
	}
	old := t.cart(t.plain(1))
	at, err := time.Parse(time.RFC3339, old.text("expires_at"))
	if err != nil {
		t.notef("carts of this seller tell no time of their end")
		return
	}
	t.advance(at.Sub(t.now()) + time.Minute)
	t.refusal(t.fetch(http.MethodGet, "/carts/"+old.text("id"), nil), "", http.StatusNotFound)
}

func replacesCart(t *trial) {
	second := t.item(ItemSecond)
	c := t.cart(t.plain(1), wanted{second, 1})
	path := "/carts/" + c.text("id")
	if t.harness != nil && t.harness.offers[OfferClock] {
		t.advance(2 * time.Minute)
	}
	after := t.success(t.fetch(http.MethodPut, path, t.cartLines(wanted{second, 4})), http.StatusOK)
	lines := viewLines(after)
	t.check(len(lines) == 1 && lines[0].item == second && lines[0].quantity == 4, "after PUT the lines are %+v, want four of %s alone", lines, second)
	got := t.success(t.fetch(http.MethodGet, path, nil), http.StatusOK)
	t.check(len(got.list("line_items")) == 1 && of(got, "total") == of(after, "total"), "get shows something else than PUT answered")
	before, err1 := time.Parse(time.RFC3339, c.text("expires_at"))
	now, err2 := time.Parse(time.RFC3339, after.text("expires_at"))
	if err1 == nil && t.harness != nil && t.harness.offers[OfferClock] {
		t.check(err2 == nil && now.After(before), "expires_at was %s and is %s after PUT, want it later", c.text("expires_at"), after.text("expires_at"))
	}
}

func keepsMissingLines(t *trial) {
	gone := t.soldOut()
	c := t.cart(t.plain(1), wanted{gone, 1})
	t.check(len(c.list("messages")) > 0, "a line that cannot be had is in a cart without a message")
	found := false
	for _, l := range viewLines(c) {
		found = found || l.item == gone
	}
	if !found {
		t.check(len(c.list("messages")) > 0, "a line has vanished without a message")
	}
	a := t.fetch(http.MethodPost, "/carts", t.cartLines(wanted{gone, 1}))
	if a.refused {
		t.refusal(a, "out_of_stock", http.StatusUnprocessableEntity)
		return
	}
	t.check(len(a.list("messages")) > 0, "a cart of nothing that can be had says nothing")
}
