//go:build e2e

package medusa_test

import (
	"net/http"
	"testing"

	"github.com/postern-gateway/postern/e2e/medusa"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// TestDeclinedCard is told in the session, in both dates; the shop hears of no order, and a good card then buys.
func TestDeclinedCard(t *testing.T) {
	w := newWorld(t)
	for _, version := range []string{oldest, newest} {
		t.Run(version, func(t *testing.T) {
			a := w.in(t, version)
			s := a.create(a.cart(medusa.ServedCountry, nil, medusa.TowelSKU, 1))
			s = a.completeWith(s, a.payWith("pm_card_chargeDeclined"))
			if m, ok := s.says("error", "payment_declined"); !ok || s.Status != "ready_for_payment" || s.Order != nil {
				t.Errorf("declined %+v with %+v", s, m)
			}
			a.w.unsold(s.ID)
			if s = a.complete(s); s.Status != "completed" {
				t.Fatalf("with a good card: %+v", s)
			}
			a.w.sold(s.ID)
		})
	}
}

// TestHoldLostBeforeCapture lets the hold run out in the moment between order and capture: the shop's order is canceled, its stock is
// free again, no event leaves, and the session can be paid anew with an order of its own.
func TestHoldLostBeforeCapture(t *testing.T) {
	w := newWorld(t)
	a := w.agents[newest]
	before := w.stock(medusa.TowelSKU).Available
	s := a.create(a.cart(medusa.ServedCountry, []string{medusa.Code}, medusa.TowelSKU, 1, medusa.TeapotSKU, 1))
	x := w.proxy.set(http.MethodPost, completePath, trap{after: func() {
		for _, i := range w.money(s.ID).Holds() {
			if err := w.stripe.ExpireHold(i.ID); err != nil {
				t.Error(err)
			}
		}
	}})
	s = a.complete(s)
	x.wait(t)
	if m, ok := s.says("error", "payment_declined"); !ok || s.Status != "ready_for_payment" || s.Order != nil {
		t.Errorf("without a hold: %+v with %+v", s, m)
	}
	undone := w.orders(s.ID)
	if len(undone) != 1 {
		t.Fatalf("orders %v", undone)
	}
	if o := readOrder(t, w.shop, undone[0]); o.Status != "canceled" || o.PaymentStatus == "captured" {
		t.Errorf("the order is %s with payment %s", o.Status, o.PaymentStatus)
	}
	if now := w.stock(medusa.TowelSKU).Available; now != before {
		t.Errorf("%d towels are free, were %d", now, before)
	}
	w.poll()
	if events := a.events.of(s.ID); len(events) != 0 {
		t.Errorf("an order that was undone is told: %s", events[0].body)
	}
	if l := w.money(s.ID); l.Captured("usd") != 0 || l.Held("usd") != 0 {
		t.Errorf("money of an order that was undone: %+v", l.Intents)
	}

	if s = a.complete(s); s.Status != "completed" {
		t.Fatalf("with a new hold: %+v", s)
	}
	order, intent := w.sold(s.ID, undone...)
	if intent.Captured != 4923 || intent.Status != stripetest.StatusSucceeded {
		t.Errorf("the intent is %+v", intent)
	}
	a.events.await(t, s.ID, "creates the order", func(e event) bool { return e.Type == "order_create" })
	a.events.check(t, w.schemas, s.ID)
	w.narrate("hold lost after placing: order %s was canceled; %s then bought %s", undone[0], intent.ID, order.ID)
}
