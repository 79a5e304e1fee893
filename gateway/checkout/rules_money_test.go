package checkout_test

import (
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

func TestS10_AbandonedBeforeTheOrderIsUndone(t *testing.T) {
	t.Parallel()
	holds := func(e *payment.Error) func(*world) {
		return func(w *world) {
			w.memory.hold = func(func() payment.Intent) (payment.Intent, error) { return payment.Intent{}, e }
		}
	}
	for name, plant := range map[string]func(*world){
		"the shop is away":         func(w *world) { w.shop.always = refuse(commerce.Temporary) },
		"our credentials are bad":  func(w *world) { w.shop.always = refuse(commerce.Unauthorized) },
		"the processor is away":    holds(&payment.Error{Kind: payment.Unreachable, Message: "planted"}),
		"the hold is under way":    holds(&payment.Error{Kind: payment.Busy, Message: "planted"}),
		"the order never appeared": func(w *world) { w.shop.always = unheard },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				plant(w)
				cs := w.create()
				first := w.begin("k1", cs.ID, w.token())
				w.at(w.clock.Now().Add(9 * time.Minute))
				wantKind(t, (<-first).err, commerce.Unavailable)
				asked := w.clock.Now()
				retry := w.begin("k1", cs.ID, w.token()) // keeps it
				w.at(asked.Add(10*time.Minute - time.Nanosecond))
				wantKind(t, (<-retry).err, commerce.Unavailable)
				if row := w.row(cs.ID); !row.Live {
					t.Fatalf("given up %s after a retry:\n%s", row.Status, w.history(cs.ID))
				}
				w.memory.do(func() { w.memory.hold = nil })
				w.at(asked.Add(12 * time.Minute))
				w.unsold(cs.ID)
				w.shop.do(func() { w.shop.always = nil })
				w.sold((<-w.begin("k2", cs.ID, w.token())).session(t))
			}, seldom)
		})
	}
}

func TestS10_AfterPlacingAlwaysForward(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.arm(stripetest.Fault{Op: stripetest.OpCapture, Kind: stripetest.Unavailable})
	cs := w.create()
	w.leave("k1", cs.ID, w.token())
	w.stepIs(cs.ID, "capturing")
	w.clock.advance(time.Hour)
	time.Sleep(50 * time.Millisecond)
	w.stepIs(cs.ID, "capturing")
	w.stripe.Disarm()
	w.completed(cs.ID)
}

func TestS11_CaptureRefusedForGood(t *testing.T) {
	t.Parallel()
	for name, plant := range map[string]func(*world, string){
		"the hold ran out": func(w *world, intent string) {
			if err := w.stripe.ExpireHold(intent); err != nil {
				w.t.Error(err)
			}
		},
		"the processor will not": func(w *world, _ string) {
			w.arm(stripetest.Fault{Op: stripetest.OpCapture, Kind: stripetest.Refuse, Status: 400})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cs := w.create()
			w.shop.place = append(w.shop.place, func(make func() commerce.Snapshot) (commerce.Snapshot, error) {
				plant(w, w.ledger(cs.ID).Intents[0].ID)
				return make(), nil
			})
			a, err := w.complete("k1", cs.ID, w.token())
			wantMessage(t, session(t, a, err), commerce.CodePaymentDeclined)
			w.untouched(cs.ID)
			if len(w.shop.told().orders) != 1 || !w.alerts.has("capture_refused") {
				t.Fatalf("%d orders, alerts %v", len(w.shop.told().orders), w.alerts.all())
			}
		})
	}
}

func TestS11_RecordRefusedForGood(t *testing.T) {
	t.Parallel()
	t.Run("refund", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.settings.RefundUnrecorded, w.shop.refuseRecords = true, true })
		cs := w.create()
		a, err := w.complete("k1", cs.ID, w.token())
		if got := session(t, a, err); got.Status != commerce.Completed {
			t.Fatalf("got %s", got.Status)
		}
		w.rest(cs.ID)
		l := w.ledger(cs.ID)
		if len(w.shop.live()) != 0 || len(l.Refunds) != 1 || l.Refunded("usd") != l.Captured("usd") {
			t.Fatalf("orders %v, refunds %v", w.shop.live(), l.Refunds)
		}
		if n := w.shop.notes; len(n) != 1 || n[0].RefundID != l.Refunds[0].ID || n[0].Amount.Minor != l.Refunded("usd") {
			t.Fatalf("the shop's books were told %+v of %v", n, l.Refunds)
		}
		diff(t, []string{"order_create", "order_update"}, w.events(cs.ID))
		o := w.get(cs.ID).Order
		if o.Status != commerce.OrderCanceled || len(o.Adjustments) != 1 || o.Adjustments[0].Status != commerce.AdjustmentCompleted {
			t.Fatalf("the agent reads %s %+v", o.Status, o.Adjustments)
		}
		w.invariants(cs.ID)
	})
	t.Run("operator", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.shop.refuseRecords = true })
		cs := w.create()
		_, err := w.complete("k1", cs.ID, w.token())
		if err != nil {
			t.Fatal(err)
		}
		w.stepIs(cs.ID, "needs_operator")
		diff(t, []string{"order_create", "order_update"}, w.events(cs.ID))
		if o := w.get(cs.ID).Order; o.Status != commerce.OrderManualReview || !w.alerts.has("payment_refused_by_shop") {
			t.Fatalf("the agent reads %s, alerts %v", o.Status, w.alerts.all())
		}
		if w.row(cs.ID).Live || len(w.shop.live()) != 1 || w.ledger(cs.ID).Refunded("usd") != 0 {
			t.Fatal("more was done than to ask")
		}
		w.invariants(cs.ID)
	})
	t.Run("noted although the answer was a refusal", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cs := w.create()
		no := commerce.Faultf(commerce.Rejected, "planted")
		w.shop.record = []error{no, no, no}
		w.shop.afterRecord = func(o *commerce.Snapshot) { o.Payment = commerce.Captured }
		_, err := w.complete("k1", cs.ID, w.token())
		if err != nil {
			t.Fatal(err)
		}
		w.completed(cs.ID)
		if len(w.shop.told().records) != 1 {
			t.Fatalf("%d records: a repeat was not preceded by a read", len(w.shop.told().records))
		}
	})
	t.Run("away for a while", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cs := w.create()
		away := commerce.Faultf(commerce.Temporary, "planted")
		w.shop.record = []error{away, errCut, away, errCut, away}
		_, err := w.complete("k1", cs.ID, w.token())
		if err != nil {
			t.Fatal(err)
		}
		w.completed(cs.ID)
	})
}

func TestS15_ZeroTotals(t *testing.T) {
	t.Parallel()
	free := func(w *world) commerce.Session {
		w.shop.freeShipping = true
		a, err := w.service.Create(t.Context(), w.call(""), commerce.CreateRequest{
			Lines:  []commerce.CartLine{{ItemID: "free", Quantity: 1}},
			Buyer:  &commerce.Buyer{Email: "ada@example.com"},
			ShipTo: &commerce.Contact{Address: &commerce.Address{LineOne: "1 Main St", City: "Reno", PostalCode: "89501", Country: "US"}},
		})
		return session(t, a, err)
	}
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cs := free(w)
		a, err := w.complete("k1", cs.ID, w.token())
		got := session(t, a, err)
		wantMessage(t, got, commerce.CodeUnsupported)
		if got.Status != commerce.NotReady {
			t.Fatalf("got %s", got.Status)
		}
		w.untouched(cs.ID)
	})
	t.Run("placed without payment", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.settings.FreeOrders = true })
		cs := free(w)
		a, err := w.complete("k1", cs.ID, w.token())
		if got := session(t, a, err); got.Status != commerce.Completed || got.Order == nil {
			t.Fatalf("got %s", got.Status)
		}
		w.rest(cs.ID)
		w.invariants(cs.ID)
		if o := w.shop.live(); len(o) != 1 || o[0].Payment != commerce.Unpaid || len(w.ledger(cs.ID).Intents) != 0 {
			t.Fatalf("orders %v, intents %v", o, w.ledger(cs.ID).Intents)
		}
		diff(t, []string{"order_create"}, w.events(cs.ID))
	})
	t.Run("refused by the shop", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.settings.FreeOrders = true })
		cs := free(w)
		w.shop.place = append(w.shop.place, refuse(commerce.OutOfStock))
		a, err := w.complete("k1", cs.ID, w.token())
		wantMessage(t, session(t, a, err), commerce.CodeOutOfStock)
		w.untouched(cs.ID)
		if len(w.shop.told().placed) != 1 {
			t.Fatalf("%d calls", len(w.shop.told().placed))
		}
	})
}

// TestS10_NothingWasEverSent gives an attempt up while the processor cannot be reached: there is nothing to void, and nothing to wait for.
func TestS10_NothingWasEverSent(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		cs, token := w.create(), w.token()
		w.memory.hold = func(func() payment.Intent) (payment.Intent, error) {
			return payment.Intent{}, &payment.Error{Kind: payment.Unreachable, Message: "planted"}
		}
		answered := w.begin("k1", cs.ID, token)
		w.at(w.clock.Now().Add(11 * time.Minute))
		wantKind(t, (<-answered).err, commerce.Unavailable)
		w.unsold(cs.ID)
		if n := len(w.memory.intents); n != 0 || len(w.memory.holds()) < 2 || len(w.shop.told().placed) != 0 {
			t.Fatalf("%d intents of %d calls, %d orders", n, len(w.memory.holds()), len(w.shop.told().placed))
		}
		w.memory.do(func() { w.memory.hold = nil })
		w.sold((<-w.begin("k1", cs.ID, token)).session(t))
	}, seldom)
}
