package checkout_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// settle ends the session's pending refund, and lets the time pass after which it is looked at again at the latest.
func (w *world) settle(id, status string) {
	w.t.Helper()
	l := w.ledger(id)
	if len(l.Refunds) != 1 || l.Refunds[0].Status != "pending" {
		w.t.Fatalf("refunds %+v, want a pending one", l.Refunds)
	}
	if err := w.stripe.SettleRefund(l.Refunds[0].ID, status); err != nil {
		w.t.Fatal(err)
	}
	w.clock.advance(2 * time.Hour)
}

// returns tells what the agent heard of the session's refunds, event by event.
func (w *world) returns(id string) (heard []string) {
	w.t.Helper()
	lane, err := w.store.Deliveries(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range lane {
		var e commerce.Event
		if err := json.Unmarshal(d.Body, &e); err != nil {
			w.t.Fatal(err)
		}
		for _, a := range e.Order.Adjustments {
			heard = append(heard, string(d.Type)+" "+string(a.Status))
		}
		if d.Type == commerce.OrderUpdate && e.Order.Status != commerce.OrderCanceled {
			w.t.Errorf("an update tells of an order that is %s", e.Order.Status)
		}
	}
	return heard
}

// TestS14ReturnThatTakesTime gives money back that was taken although no order is possible, and lets the refund pend. The session stays
// bound, across a restart, until the money is back; a refund that fails goes to a person; and nothing is ever sent twice.
func TestS14ReturnThatTakesTime(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"succeeded", "failed", "canceled"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world) { w.deadline = 400 * time.Millisecond })
			w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.Succeed, Times: 1},
				stripetest.Fault{Op: stripetest.OpRefund, Kind: stripetest.Process, Times: 1})
			w.shop.always = refuse(commerce.OutOfStock)
			cs := w.create()
			w.leave("k1", cs.ID, w.token())
			w.until("the refund is looked at", func() bool { return w.stripe.Arrivals(stripetest.OpRefundList) > 2 })
			w.restart()
			if row := w.row(cs.ID); !row.Live || w.alerts.has("captured_and_refunded") {
				t.Fatalf("live %v, alerts %v", row.Live, w.alerts.all())
			}
			w.settle(cs.ID, end)
			if end == "succeeded" {
				w.until("the session opens", func() bool { return !w.row(cs.ID).Live })
				w.rest(cs.ID)
				if !w.alerts.has("captured_and_refunded") {
					t.Errorf("alerts %v", w.alerts.all())
				}
				w.untouched(cs.ID)
			} else {
				w.stepIs(cs.ID, "needs_operator")
				if !w.row(cs.ID).Live || !w.alerts.has("refund_failed") {
					t.Errorf("live %v, alerts %v", w.row(cs.ID).Live, w.alerts.all())
				}
			}
			if n := w.stripe.Arrivals(stripetest.OpRefund); n != 1 {
				t.Errorf("sent %d times", n)
			}
		})
	}
}

// TestS14ReturnOfACompletedOrder is the same for an order that the shop will not note as paid: the agent hears pending, and completed or
// failed when it is known.
func TestS14ReturnOfACompletedOrder(t *testing.T) {
	t.Parallel()
	for end, want := range map[string]string{"succeeded": "completed", "failed": "failed"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world) { w.settings.RefundUnrecorded, w.shop.refuseRecords = true, true })
			w.arm(stripetest.Fault{Op: stripetest.OpRefund, Kind: stripetest.Process, Times: 1})
			cs := w.create()
			a, err := w.complete("k1", cs.ID, w.token())
			if got := session(t, a, err); got.Status != commerce.Completed {
				t.Fatalf("got %s", got.Status)
			}
			w.until("the refund is looked at", func() bool { return w.stripe.Arrivals(stripetest.OpRefundList) > 2 })
			if d := cmp.Diff([]string{"order_update pending"}, w.returns(cs.ID)); d != "" {
				t.Fatalf("(-want +got)\n%s", d)
			}
			w.settle(cs.ID, end)
			w.until("the end is told", func() bool { return len(w.returns(cs.ID)) == 2 })
			w.rest(cs.ID)
			if d := cmp.Diff([]string{"order_update pending", "order_update " + want}, w.returns(cs.ID)); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if n := w.stripe.Arrivals(stripetest.OpRefund); n != 1 || w.alerts.has("refund_failed") != (end == "failed") {
				t.Errorf("sent %d times, alerts %v", n, w.alerts.all())
			}
		})
	}
}
