package faults_test

import (
	"context"
	"slices"
	"testing"

	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// poll lets the gateway look at the shop's changed orders and make the refunds that it finds.
func (w *world) poll() {
	w.t.Helper()
	if err := w.gateway.Poll(context.WithoutCancel(w.t.Context())); err != nil {
		w.t.Fatal(err)
	}
}

// last waits until the newest event of a session satisfies ok, and returns it.
func (w *world) last(session, what string, ok func(event) bool) event {
	w.t.Helper()
	var e event
	w.until(what, func() bool {
		all := w.receiver.events(session)
		if len(all) == 0 {
			return false
		}
		e = all[len(all)-1]
		return ok(e)
	})
	return e
}

// given is how much an event says was given back, and whether it says that the money has moved.
func (e event) given() (sum int64, completed bool) {
	completed = true
	for _, r := range e.Data.Refunds {
		amount, _ := r["amount"].(float64)
		sum += int64(amount)
	}
	for _, a := range e.Data.Adjustments {
		sum += a.Amount
		completed = completed && a.Status == "completed"
	}
	return sum, completed
}

func TestOrderEvents(t *testing.T) {
	t.Parallel()
	for version, status := range map[string]struct{ shipped, delivered string }{
		newest: {"shipped", "completed"}, oldest: {"shipped", "fulfilled"},
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world) { w.settings.webhookVersion = version })
			a := w.agent(newest) // the date of the events is the subscription's, not the request's
			s := a.ready("c", w.sku(0), 2, w.sku(1), 1)
			done := w.bought(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token())), s.total())
			number := done.Order.ID
			first := w.last(s.ID, "order_create", func(event) bool { return true })
			if first.Type != "order_create" || first.Data.Permalink == "" {
				t.Errorf("the first event is %s", first.body)
			}
			if version == newest && first.Data.ID != number {
				t.Errorf("the event is about order %s, not %s", first.Data.ID, number)
			}

			if err := w.shop.Ship(number, "UPS", "1Z999"); err != nil {
				t.Fatal(err)
			}
			w.poll()
			e := w.last(s.ID, "the shipment", func(e event) bool { return e.Data.Status == status.shipped })
			if version == newest && len(e.Data.Fulfillments) != 1 {
				t.Errorf("the shipment is not told: %s", e.body)
			}
			if err := w.shop.Deliver(number); err != nil {
				t.Fatal(err)
			}
			w.poll()
			w.last(s.ID, "the delivery", func(e event) bool { return e.Data.Status == status.delivered })

			for i, refund := range []struct {
				sum   string
				total int64
			}{{"20.00", 2000}, {"5.50", 2550}} {
				id, err := w.shop.Refund(number, refund.sum, "dented lid")
				if err != nil {
					t.Fatal(err)
				}
				w.poll()
				w.last(s.ID, "the refund", func(e event) bool {
					sum, completed := e.given()
					return sum == refund.total && completed
				})
				if made := w.stripe.Ledger(); len(made.Refunds) != i+1 || made.Refunded("usd") != refund.total {
					t.Errorf("refund %s: the money did not move once: %+v", id, made.Refunds)
				}
			}
			if n := len(w.receiver.events(s.ID)); n > 0 {
				w.poll() // nothing changed: nothing is told
				w.poll()
				if more := len(w.receiver.events(s.ID)); more != n {
					t.Errorf("%d events came although nothing changed", more-n)
				}
			}
			distinct(t, w.receiver.events(s.ID))
			if got := a.get(s.ID).Order; version == newest && (got == nil || got.Status != status.delivered) {
				t.Errorf("get shows the order as %+v", got)
			}
		})
	}
}

// distinct asserts that no event tells what another told, and that each has its own id.
func distinct(t *testing.T, events []event) {
	t.Helper()
	var bodies, ids []string
	for _, e := range events {
		id := e.header.Get("Request-Id")
		if slices.Contains(bodies, string(e.body)) || slices.Contains(ids, id) || id == "" {
			t.Errorf("event %q was told before: %s", id, e.body)
		}
		if e.header.Get("Timestamp") == "" || e.header.Get("Content-Type") != "application/json" {
			t.Errorf("event %q has the headers %v", id, e.header)
		}
		bodies, ids = append(bodies, string(e.body)), append(ids, id)
	}
}

// TestRefundIsMadeOnceThroughARestart: a refund of the shop whose reply from Stripe is lost is made once, also by the next process.
func TestRefundIsMadeOnceThroughARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(newest)
	s := a.ready("c", w.sku(0), 1)
	done := w.bought(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token())), s.total())
	w.last(s.ID, "order_create", func(event) bool { return true })
	if _, err := w.shop.Refund(done.Order.ID, "12.00", "late"); err != nil {
		t.Fatal(err)
	}
	w.arm(stripetest.Fault{Op: stripetest.OpRefund, Kind: stripetest.CutReply, Times: 1})
	w.poll()
	w.until("the refund is sent", func() bool { return w.stripe.Arrivals(stripetest.OpRefund) > 0 })
	if e := w.last(s.ID, "the refund", func(e event) bool { sum, _ := e.given(); return sum == 1200 }); e.Type != "order_update" {
		t.Errorf("told as %s", e.Type)
	}
	w.restart()
	w.last(s.ID, "the refund is made", func(e event) bool { sum, completed := e.given(); return sum == 1200 && completed })
	if made := w.stripe.Ledger(); len(made.Refunds) != 1 || made.Refunded("usd") != 1200 {
		t.Errorf("the money did not move once: %+v", made.Refunds)
	}
	w.oneKey(stripetest.OpRefund)
}

// TestFailedDeliveryIsRepeated: what a receiver did not take comes again, as the same event, before anything newer.
func TestFailedDeliveryIsRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(newest)
	s := a.ready("c", w.sku(0), 1)
	w.receiver.refuse(1)
	done := w.bought(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token())), s.total())
	w.until("a delivery is refused", func() bool { return len(w.receiver.refused()) == 1 })
	if err := w.shop.Ship(done.Order.ID, "UPS", "1Z999"); err != nil {
		t.Fatal(err)
	}
	w.poll()
	w.last(s.ID, "the shipment", func(e event) bool { return e.Data.Status == "shipped" })
	lost, events := w.receiver.refused()[0], w.receiver.events(s.ID)
	if events[0].Type != "order_create" || events[0].header.Get("Request-Id") != lost.header.Get("Request-Id") || string(events[0].body) != string(lost.body) {
		t.Errorf("the lost event did not come again: %v", events[0].header)
	}
}
