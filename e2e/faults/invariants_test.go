package faults_test

import (
	"strings"
	"time"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
)

// sku is the n-th item of the shop.
func (w *world) sku(n int) string { return shop.Catalogue()[n].SKU }

// orders are the live orders of a session in the shop.
func (w *world) orders(session string) []shop.Order {
	var live []shop.Order
	for _, o := range w.shop.Orders() {
		if o.State != "canceled" && strings.Contains(o.ExternalRef, session) {
			live = append(live, o)
		}
	}
	return live
}

// settled waits until the session has come to rest and checks the invariants I1 to I4 of it: at most one intent that holds or took
// money, at most one live order, captured means ordered for the same total, and no hold is left.
func (w *world) settled(session string) {
	w.t.Helper()
	var wrong string
	for range 1500 {
		if wrong = w.violation(session); wrong == "" {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.t.Errorf("session %s: %s", session, wrong)
}

func (w *world) violation(session string) string {
	orders := w.orders(session)
	if len(orders) > 1 {
		return "I2: two live orders"
	}
	moved, taken := 0, int64(0)
	for _, i := range w.stripe.Ledger().With(stripepay.MetadataSession, session).Intents {
		if i.Held > 0 {
			return "I4: a hold is left"
		}
		if i.Captured > i.Refunded {
			moved++
			taken += i.Captured
		}
	}
	switch {
	case moved > 1:
		return "I1: two charges"
	case taken > 0 && len(orders) == 0:
		return "I3: a charge without an order"
	case taken == 0 && len(orders) > 0:
		return "I3: an order without a charge"
	case taken > 0 && orders[0].Sheet.TotalMinor() != taken:
		return "I3: order and charge differ"
	case taken > 0 && orders[0].Payment.State != "paid":
		return "the shop does not know of the payment"
	default:
		return ""
	}
}
