package conformance

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

func completeStatements() []Statement {
	return []Statement{
		{
			ID: "CMP-01", Profile: AllDates, From: v1, Source: rfcCheckout + " §4.4", check: completes,
			Text: "A paid complete answers 200, completed, with an order that has an id of its own, the session's id and an absolute permalink",
		},
		{
			ID: "CMP-02", Profile: Older, From: v1, To: v3, Source: schemaV1 + " PaymentData", check: redeemsToken,
			Text: "Up to 2026-01-16 payment_data of token and provider redeems the token",
		},
		{
			ID: "CMP-03", Profile: SinceV4, From: v4, Source: "spec/2026-01-30/json-schema/schema.agentic_checkout.json PaymentData", check: redeemsInstrument,
			Text: "From 2026-01-30 on handler_id and the instrument's credential redeem the token",
		},
		{
			ID: "CMP-04", Profile: SinceV4, From: v4, Source: rfcNegotiation + " §10", check: refusesUnknownHandler,
			Text: "A handler_id that was not advertised is refused, and nothing is charged",
		},
		{
			ID: "CMP-05", Profile: AllDates, From: v1, Source: schemaSession + " CheckoutSessionCompleteRequest", check: wantsPaymentData,
			Text: "A complete without payment_data is refused with 400",
		},
		{
			ID: "CMP-06", Profile: AllDates, From: v1, Source: "examples/2026-04-17/examples.agentic_checkout.json checkout_session_with_payment_declined", check: tellsDecline,
			Text: "A declined payment answers 200, ready_for_payment, with payment_declined and without an order",
		},
		{
			ID: "CMP-07", Profile: AllDates, From: v1, Source: rfcDelegate + " §3.5", check: keepsTokenLimits,
			Text: "A token whose amount, currency or time does not reach makes no order and is not used up",
		},
		{
			ID: "CMP-08", Profile: AllDates, From: v1, Source: rfcCheckout + " §2.2", check: explainsNotReady,
			Text: "A complete of a session that is not ready charges nothing and says why",
		},
		{
			ID: "CMP-09", Profile: AllDates, From: v1, Source: rfcCheckout + " §6.8", check: voidsRefusedOrder,
			Text: "When the shop refuses the order after the payment was authorized, the authorization is given back and nothing is completed",
		},
		{
			ID: "CMP-10", Profile: SinceV4, From: v4, Source: schemaSession + " PaymentData; issue #291", check: refusesPurchaseOrder,
			Text: "A purchase order number without an instrument places no order, unless the seller has enabled that",
		},
		{
			ID: "CMP-11", Profile: Preview, From: preview, Source: "changelog/unreleased/fulfillment-details-on-complete.md", check: takesContactOnComplete,
			Text: "Contact details on complete are applied before the charge; another address is refused with 409 and nothing is charged",
		},
		{
			ID: "CMP-12", Profile: Quality, From: v1, check: tellsMovedPrice,
			Text: "When the price has moved since the last answer nothing is charged, and the new price is told",
		},
	}
}

func completes(t *trial) {
	open := t.ready()
	id := open.text("id")
	s := t.success(t.do(opComplete, id, t.pay(open, t.enough(open))), http.StatusOK)
	t.check(s.text("status") == "completed", "the session is %q, want completed", s.text("status"))
	o := s.at("order")
	t.check(o.text("id") != "", "the order has no id")
	t.check(o.text("id") != id, "the order has the session's id for its own")
	t.check(o.text("checkout_session_id") == id, "the order names the session %q, want %s", o.text("checkout_session_id"), id)
	u, err := url.Parse(o.text("permalink_url"))
	t.check(err == nil && u.IsAbs() && u.Host != "", "permalink_url is %q, want an absolute URL", o.text("permalink_url"))
}

func redeemsToken(t *trial) {
	s := t.ready()
	token := t.enough(s)
	done := t.success(t.do(opComplete, s.text("id"), obj{"payment_data": obj{"token": token, "provider": "stripe"}}), http.StatusOK)
	t.check(done.text("status") == "completed", "the session is %q, want completed", done.text("status"))
	t.check(t.consumed(token), "the token was not redeemed")
	t.oneCharge(s.text("id"), of(done, "total"))
}

func redeemsInstrument(t *trial) {
	s := t.ready()
	token := t.enough(s)
	done := t.success(t.do(opComplete, s.text("id"), obj{"payment_data": obj{
		"handler_id": t.handler(s).text("id"), "instrument": obj{"type": "card", "credential": obj{"type": "spt", "token": token}},
	}}), http.StatusOK)
	t.check(done.text("status") == "completed", "the session is %q, want completed", done.text("status"))
	t.check(t.consumed(token), "the token was not redeemed")
	t.oneCharge(s.text("id"), of(done, "total"))
}

func refusesUnknownHandler(t *trial) {
	s := t.ready()
	token := notNeeded
	if t.harness != nil {
		token = t.enough(s)
	}
	e := t.refusal(t.do(opComplete, s.text("id"), obj{"payment_data": obj{
		"handler_id": "a_handler_that_nobody_advertised", "instrument": obj{"type": "card", "credential": obj{"type": "spt", "token": token}},
	}}), "", http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity)
	t.check(strings.HasPrefix(e.text("param"), "$.payment_data"), "the param is %q, want a path below $.payment_data", e.text("param"))
	t.nothingMoved(s.text("id"))
	t.check(t.get(s.text("id")).text("status") == "ready_for_payment", "the session does not stay ready_for_payment")
}

func wantsPaymentData(t *trial) {
	s := t.ready()
	for _, body := range []obj{{}, {"buyer": buyer()}, {"payment_data": nil}, {"payment_data": obj{}}, {"payment_data": "spt_1"}} {
		e := t.refusal(t.do(opComplete, s.text("id"), body), "", http.StatusBadRequest)
		t.check(strings.HasPrefix(e.text("param"), "$.payment_data"), "the param is %q, want $.payment_data", e.text("param"))
	}
	t.nothingMoved(s.text("id"))
}

func tellsDecline(t *trial) {
	s := t.ready()
	id := s.text("id")
	token := t.mint(Mint{Amount: of(s, "total"), SessionID: id, Outcome: "decline"})
	after := t.success(t.do(opComplete, id, t.pay(s, token)), http.StatusOK)
	t.check(after.text("status") == "ready_for_payment", "after a decline the session is %q, want ready_for_payment", after.text("status"))
	_, ok := hasMessage(after, "error", "payment_declined")
	t.check(ok, "there is no error message payment_declined: %s", brief(after.at("messages").value))
	t.check(!after.has("order"), "a declined payment has an order")
	t.nothingMoved(id)
	done := t.success(t.do(opComplete, id, t.pay(s, t.enough(s))), http.StatusOK)
	t.check(done.text("status") == "completed", "with another token the session is %q, want completed", done.text("status"))
	_, ok = hasMessage(done, "error")
	t.check(!ok, "the completed session still has errors: %s", brief(done.at("messages").value))
	t.oneCharge(id, of(done, "total"))
}

func keepsTokenLimits(t *trial) {
	for _, bad := range []struct {
		what string
		mint func(total int64) Mint
		wait time.Duration
	}{
		{"a token of too small an amount", func(total int64) Mint { return Mint{Amount: total - 1} }, 0},
		{"a token of another currency", func(total int64) Mint { return Mint{Amount: total * 2, Currency: otherCurrency(t.seller.Currency)} }, 0},
		{"a token whose time is over", func(total int64) Mint { return Mint{Amount: total, ExpiresIn: 60} }, 2 * time.Minute},
	} {
		s := t.ready()
		id := s.text("id")
		m := bad.mint(of(s, "total"))
		m.SessionID = id
		token := t.mint(m)
		if bad.wait > 0 {
			if !t.harness.offers[OfferClock] {
				t.notef("the harness cannot move time: no expired token was tried")
				continue
			}
			t.advance(bad.wait)
		}
		a := t.do(opComplete, id, t.pay(s, token))
		if a.refused {
			t.refusal(a, "", http.StatusBadRequest, http.StatusConflict, http.StatusPaymentRequired, http.StatusUnprocessableEntity)
		} else {
			t.check(a.text("status") == "ready_for_payment", "with %s the session is %q, want ready_for_payment", bad.what, a.text("status"))
			t.check(len(errorMessages(a.node)) > 0, "with %s there is no error message", bad.what)
		}
		t.check(!a.has("order"), "with %s there is an order", bad.what)
		t.check(!t.consumed(token), "%s was used up", bad.what)
		t.nothingMoved(id)
		t.check(t.get(id).text("status") == "ready_for_payment", "with %s the session does not stay ready_for_payment", bad.what)
	}
}

func otherCurrency(c string) string {
	if c == "eur" {
		return "usd"
	}
	return "eur"
}

func explainsNotReady(t *trial) {
	bare := t.create(t.bare(t.plain(1)))
	id := bare.text("id")
	t.check(bare.text("status") != "ready_for_payment", "a session with goods to ship and no address is ready_for_payment")
	token := notNeeded
	if t.harness != nil {
		token = t.mint(Mint{Amount: 1_000_000, SessionID: id})
	}
	body := t.pay(bare, token)
	delete(body, "buyer")
	a := t.do(opComplete, id, body)
	if a.refused {
		t.refusal(a, "", http.StatusBadRequest, http.StatusConflict)
	} else {
		t.check(a.text("status") != "completed" && !a.has("order"), "a session without an address is completed")
		t.check(len(errorMessages(a.node)) > 0, "nothing says why the session cannot be completed")
	}
	if t.harness != nil {
		t.check(!t.consumed(token), "the token was used up")
	}
	t.nothingMoved(id)
}

func voidsRefusedOrder(t *trial) {
	t.need(OfferFaults, OfferTokens, OfferCharges, OfferOrders)
	s := t.ready()
	id := s.text("id")
	t.fault(Fault{Kind: FaultRefuse, Item: t.item(ItemPlain)})
	body := t.pay(s, t.enough(s))
	a := t.awaitSuccess(func() answer {
		return t.whileTimePasses(func() (answer, error) { return t.exchange(opComplete, id, body) })
	})
	t.check(!a.refused || a.status == http.StatusConflict, "the refused order is no answer that an agent can show")
	t.check(a.text("status") != "completed" && !a.has("order"), "the session is completed although the shop refused the order")
	t.nothingMoved(id)
	after := t.get(id)
	t.check(after.text("status") == "ready_for_payment" || after.text("status") == "not_ready_for_payment", "the session is %q, want it open", after.text("status"))
}

func refusesPurchaseOrder(t *trial) {
	s := t.ready()
	a := t.do(opComplete, s.text("id"), obj{"payment_data": obj{"purchase_order_number": "PO-1", "payment_terms": "net_30"}})
	if a.refused {
		t.refusal(a, "", http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity)
	} else {
		t.check(len(errorMessages(a.node)) > 0, "nothing says why a purchase order is not taken")
	}
	t.check(a.text("status") != "completed" && !a.has("order"), "a purchase order number alone has placed an order")
	t.nothingMoved(s.text("id"))
}

func takesContactOnComplete(t *trial) {
	s := t.ready()
	id := s.text("id")
	moved := t.pay(s, t.enough(s))
	moved["fulfillment_details"] = obj{"address": t.address("away")}
	t.refusal(t.do(opComplete, id, moved), "", http.StatusConflict)
	t.nothingMoved(id)
	contact := t.pay(s, t.enough(s))
	contact["fulfillment_details"] = obj{"phone_number": "+15595550199"}
	done := t.success(t.do(opComplete, id, contact), http.StatusOK)
	t.check(done.text("status") == "completed", "with another phone number the session is %q, want completed", done.text("status"))
	t.check(done.text("fulfillment_details", "phone_number") == "+15595550199", "the contact of the complete was not applied")
	t.oneCharge(id, of(done, "total"))
}

func tellsMovedPrice(t *trial) {
	t.need(OfferFaults, OfferTokens, OfferCharges)
	s := t.ready()
	id := s.text("id")
	before := of(s, "total")
	t.fault(Fault{Kind: FaultPrice, Item: t.item(ItemPlain), Amount: viewLines(s)[0].base + 500})
	a := t.do(opComplete, id, t.pay(s, t.mint(Mint{Amount: before * 2, SessionID: id})))
	after := t.success(a, http.StatusOK)
	t.check(after.text("status") != "completed" && !after.has("order"), "a price that moved was charged")
	t.check(of(after, "total") > before, "the answer's total is %d, want more than %d", of(after, "total"), before)
	if since(t.date, v4) {
		_, ok := hasMessage(after, "warning", "price_change")
		t.check(ok, "there is no warning price_change: %s", brief(after.at("messages").value))
	} else {
		t.check(len(after.list("messages")) > 0, "nothing says that the price has moved")
	}
	t.nothingMoved(id)
	done := t.success(t.do(opComplete, id, t.pay(after, t.mint(Mint{Amount: of(after, "total"), SessionID: id}))), http.StatusOK)
	t.check(done.text("status") == "completed", "at the price that was told the session is %q, want completed", done.text("status"))
	t.oneCharge(id, of(after, "total"))
}
