package checkout_test

import (
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

func TestCompleteMakesOneOrderAndOneCharge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	a, err := w.complete("k1", cs.ID, w.token())
	done := session(t, a, err)
	if done.Status != commerce.Completed || done.Order == nil || done.Order.ID != "1001" {
		t.Fatalf("got %s with order %v", done.Status, done.Order)
	}
	w.until("the shop knows of the payment", func() bool { return w.shop.live()[0].Payment == commerce.Captured })
	w.until("the saga is closed", func() bool { return w.steps(cs.ID)[0] == "closed" })
	w.invariants(cs.ID)
	if got := w.stripe.Ledger().Captured("usd"); got != done.Quote.Total {
		t.Fatalf("captured %d, total %d", got, done.Quote.Total)
	}
	events, err := w.store.Deliveries(t.Context(), cs.ID)
	if err != nil || len(events) != 1 || events[0].Type != commerce.OrderCreate {
		t.Fatalf("events %v, %v", events, err)
	}
}

func TestDeclineReopensForAnotherToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	a, err := w.complete("k1", cs.ID, w.token(func(g *stripetest.Grant) { g.PaymentMethod = "pm_card_visa_chargeDeclined" }))
	got := session(t, a, err)
	wantMessage(t, got, commerce.CodePaymentDeclined)
	if got.Status != commerce.Ready || got.Order != nil {
		t.Fatalf("status %s, order %v", got.Status, got.Order)
	}
	w.invariants(cs.ID)
	a, err = w.complete("k2", cs.ID, w.token())
	if got := session(t, a, err); got.Status != commerce.Completed {
		t.Fatalf("second token: %s %v", got.Status, got.Messages)
	}
	w.invariants(cs.ID)
}
