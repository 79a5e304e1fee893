package conformance

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"time"
)

func webhookStatements() []Statement {
	return []Statement{
		{
			ID: "WHK-01", Profile: AllDates, From: v1, Source: rfcCheckout + " §2.3", check: createComesFirst,
			Text: "There is one order_create for an order, before any order_update",
		},
		{
			ID: "WHK-02", Profile: SinceV5, From: v5, Source: "spec/2026-04-17/openapi/openapi.agentic_checkout_webhook.yaml", check: signsEvents,
			Text: "Merchant-Signature is t=<unix>,v1=<64 hex digits> and verifies over the time, a dot and the raw body",
		},
		{
			ID: "WHK-03", Profile: AllDates, From: v1, Source: eventsAPI + "; " + rfcOrders + " §6", check: validEvents,
			Text: "Events are valid in the subscription's version; from 2026-04-17 on they hold the whole order",
		},
		{
			ID: "WHK-04", Profile: Older, From: v1, To: v4, Source: "spec/2026-01-30/openapi/openapi.agentic_checkout_webhook.yaml", check: olderEvents,
			Text: "Up to 2026-01-30 events have refunds, nothing else that is not theirs, and one of six statuses",
		},
		{
			ID: "WHK-05", Profile: Quality, From: v1, check: retriesEvents,
			Text: "After 5xx, 429 or a lost answer events come again with a fresh signature and the same body, in order, and no change of secrets loses one",
		},
		{
			ID: "WHK-06", Profile: AllDates, From: v1, Source: rfcAffiliate + " §10", check: eventsHideSecrets,
			Text: "Events hold no attribution, token or payment secret",
		},
	}
}

func isType(kind string) func(delivery) bool {
	return func(d delivery) bool { return d.text("type") == kind && d.answer == http.StatusOK }
}

// hasStatus matches an update whose order has a status.
func hasStatus(statuses ...string) func(delivery) bool {
	return func(d delivery) bool {
		return d.answer == http.StatusOK && slices.Contains(statuses, d.text("data", "status"))
	}
}

// subscribed is the date in which the current agent hears of its orders.
func (t *trial) subscribed() Agent {
	t.need(OfferReceiver, OfferTokens)
	a := t.own()
	if a.Secret == "" || a.EventVersion == "" {
		t.skipf("the target's agent hears of no orders")
	}
	if since(a.EventVersion, v5) != since(t.date, v5) || !since(t.date, v5) && a.EventVersion != t.date {
		t.skipf("the target's agent hears of its orders in %s", a.EventVersion)
	}
	return a
}

// shipped buys something, and has it shipped.
func (t *trial) shipped() string {
	t.subscribed()
	t.need(OfferMoves)
	id, _ := t.paid()
	t.await(id, "order_create", isType("order_create"))
	t.recorded(id)
	t.move(id, "ship", Move{})
	t.await(id, "order_update of a shipped order", hasStatus("shipped"))
	return id
}

// recorded waits until the shop knows that an order is paid, which is told after the answer.
func (t *trial) recorded(id string) {
	paid := func(o Placed) bool { return o.Paid }
	if t.until(func() bool { return slices.ContainsFunc(t.placed(id), paid) }) {
		return
	}
	t.failf("the shop does not learn that its order is paid")
}

func createComesFirst(t *trial) {
	id := t.shipped()
	t.move(id, "deliver", Move{})
	t.await(id, "order_update of a delivered order", hasStatus("completed", "fulfilled"))
	events := accepted(t.events(id))
	for i, e := range events {
		want := "order_update"
		if i == 0 {
			want = "order_create"
		}
		t.check(e.text("type") == want, "event %d is %q, want %s", i+1, e.text("type"), want)
	}
	t.check(len(events) >= 3, "%d events came, want one for the order, one for the shipment and one for its arrival", len(events))
	open := t.ready()
	t.cancel(open.text("id"))
	t.check(len(t.events(open.text("id"))) == 0, "a session without an order has events")
}

func signsEvents(t *trial) {
	secret := t.subscribed().Secret
	id := t.shipped()
	for i, e := range t.events(id) {
		t.check(believes(e.header.Get("Merchant-Signature"), e.raw, secret, t.now()) == nil, "event %d: %v", i+1,
			believes(e.header.Get("Merchant-Signature"), e.raw, secret, t.now()))
		t.check(e.header.Get("Content-Type") != "" && e.header.Get("Request-Id") != "", "event %d has no Content-Type or no Request-Id", i+1)
		stamp := e.header.Get("Timestamp")
		_, err := time.Parse(time.RFC3339, stamp)
		t.check(err == nil, "event %d has the Timestamp %q, want RFC 3339", i+1, stamp)
	}
}

func validEvents(t *trial) {
	date := t.subscribed().EventVersion
	id := t.shipped()
	for i, e := range t.events(id) {
		if t.schemas != nil {
			t.notef("against the published schemas")
			if err := t.schemas.validate(date, "WebhookEvent", e.raw); err != nil {
				t.failf("event %d: %v", i+1, err)
			}
		} else {
			t.notef("without the published schemas, against our own assertions")
			t.holds(e.node, shape{[]string{"type", "data"}, nil}, "an event")
		}
		t.check(slices.Contains([]string{"order_create", "order_update"}, e.text("type")), "event %d is %q", i+1, e.text("type"))
		d := e.at("data")
		t.check(d.text("type") == "order" && d.text("checkout_session_id") == id && d.text("permalink_url") != "" && d.text("status") != "",
			"event %d has no order with type, checkout_session_id, permalink_url and status: %s", i+1, brief(d.value))
		if since(date, v5) {
			t.check(d.text("id") != "", "event %d has no order id", i+1)
			t.check(slices.Contains(orderStatuses, d.text("status")), "event %d has the status %q", i+1, d.text("status"))
			for _, name := range []string{"line_items", "fulfillments", "adjustments", "totals"} {
				t.check(d.isList(name), "event %d has no array %s", i+1, name)
			}
			t.check(!d.at("refunds").present, "event %d has refunds, which 2026-04-17 took away", i+1)
		}
	}
}

// orderStatuses are those of 2026-04-17; eventStatuses those of the events before.
var (
	orderStatuses = []string{"created", "confirmed", "manual_review", "processing", "shipped", "completed", "canceled"}
	eventStatuses = []string{"created", "manual_review", "confirmed", "canceled", "shipped", "fulfilled"}
)

func olderEvents(t *trial) {
	t.subscribed()
	id := t.shipped()
	t.move(id, "refund", Move{Amount: 500})
	t.await(id, "order_update with a refund", func(d delivery) bool { return len(d.list("data", "refunds")) > 0 })
	for i, e := range t.events(id) {
		d := e.at("data")
		t.check(d.isList("refunds"), "event %d has no array refunds", i+1)
		t.holds(d, shape{[]string{"type", "checkout_session_id", "permalink_url", "status", "refunds"}, nil}, "the order of an event")
		t.check(slices.Contains(eventStatuses, d.text("status")), "event %d has the status %q", i+1, d.text("status"))
		for j, r := range d.list("refunds") {
			n, ok := r.whole("amount")
			t.check(ok && n == 500 && slices.Contains([]string{"original_payment", "store_credit"}, r.text("type")), "refund %d of event %d is %s", j, i+1, brief(r.value))
		}
	}
}

func retriesEvents(t *trial) {
	t.subscribed()
	t.need(OfferClock, OfferMoves)
	s := t.ready()
	id := s.text("id")
	t.receiver.answerWith(id, http.StatusServiceUnavailable, http.StatusTooManyRequests, 0, http.StatusInternalServerError)
	t.fine(t.do(opComplete, id, t.pay(s, t.enough(s))))
	t.comes(id, isType("order_create"))
	tries := t.events(id)
	t.check(len(tries) >= 5, "the event came %d times, want 5: after 503, 429, a lost answer and 500", len(tries))
	for i, e := range tries {
		t.check(bytes.Equal(e.raw, tries[0].raw), "try %d has another body", i+1)
		t.check(e.header.Get("Request-Id") == tries[0].header.Get("Request-Id"), "try %d has another Request-Id", i+1)
		if since(t.date, v5) {
			err := believes(e.header.Get("Merchant-Signature"), e.raw, t.own().Secret, t.now())
			t.check(err == nil || i < len(tries)-1, "the last try: %v", err)
		}
	}
	if since(t.date, v5) {
		t.check(tries[0].header.Get("Merchant-Signature") != tries[len(tries)-1].header.Get("Merchant-Signature"), "the last try bears the signature of the first")
	}
	// While one event of an order waits, no later one overtakes it.
	t.recorded(id)
	t.receiver.answerWith(id, http.StatusServiceUnavailable)
	t.move(id, "ship", Move{})
	t.comes(id, hasStatus("shipped"))
	order := accepted(t.events(id))
	t.check(order[0].text("type") == "order_create", "the first event that was taken is %q", order[0].text("type"))
	if !t.harness.offers[OfferRestart] {
		t.notef("the harness cannot change secrets")
		return
	}
	t.receiver.answerWith(id, slices.Repeat([]int{http.StatusServiceUnavailable}, 3)...)
	t.move(id, "deliver", Move{})
	t.comes(id, func(d delivery) bool { return d.text("type") == "order_update" && d.answer != http.StatusOK })
	t.restart(true)
	last := t.comes(id, hasStatus("completed", "fulfilled"))
	if since(t.date, v5) {
		err := believes(last.header.Get("Merchant-Signature"), last.raw, t.own().Secret, t.now())
		t.check(err == nil, "after the change of secrets: %v", err)
	}
}

// comes waits for a delivery that may be tried again only after a time, and lets that time pass.
func (t *trial) comes(id string, match func(delivery) bool) delivery {
	var found delivery
	looks := 0
	if t.until(func() bool {
		all := t.events(id)
		i := slices.IndexFunc(all, match)
		if i >= 0 {
			found = all[i]
			return true
		}
		if looks++; looks%4 == 0 { // what comes at once needs no time to pass
			t.advance(2 * time.Minute)
		}
		return false
	}) {
		return found
	}
	return t.await(id, "after its retries", match)
}

func eventsHideSecrets(t *trial) {
	t.subscribed()
	body := t.whole(t.plain(1))
	if since(t.date, v2) {
		body["affiliate_attribution"] = affiliate("first")
	}
	s := t.readyWith(body)
	id, token := s.text("id"), t.enough(s)
	pay := t.pay(s, token)
	if since(t.date, v2) {
		pay["affiliate_attribution"] = affiliate("last")
	}
	t.success(t.do(opComplete, id, pay), http.StatusOK)
	t.await(id, "order_create", isType("order_create"))
	if t.harness.offers[OfferMoves] {
		t.recorded(id)
		t.move(id, "ship", Move{})
		t.await(id, "order_update", isType("order_update"))
	}
	for i, e := range t.events(id) {
		for _, secret := range []string{token, "aff-tok-first-5c0ffee", "aff-tok-last-5c0ffee", "impact.com", t.token(), "affiliate", "spt_", "payment_data"} {
			t.check(!strings.Contains(string(e.raw), secret), "event %d holds %q", i+1, secret)
		}
	}
}
