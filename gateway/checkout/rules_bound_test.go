package checkout_test

import (
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
	"github.com/postern-gateway/postern/gateway/store"
)

func TestS01_BoundFromTheIntentOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.settings.SessionTTL = time.Hour
		w.upstream.Timeout = 10 * time.Second
	})
	cs, g := w.create(), w.gate()
	w.shop.place = append(w.shop.place, g.place)
	answered := w.begin("k1", cs.ID, w.token())
	g.wait()
	_, err := w.update(cs.ID, commerce.UpdateRequest{Codes: commerce.Set([]string{"SAVE"})})
	wantKind(t, err, commerce.Conflict)
	_, err = w.cancel(cs.ID)
	wantKind(t, err, commerce.Conflict)
	other := w.create()
	w.clock.advance(61 * time.Minute)
	w.until("the other session expires", func() bool { return w.row(other.ID).Status == commerce.Expired })
	if got := w.row(cs.ID); got.Status != commerce.CompleteInProgress || !got.Live {
		t.Fatalf("the bound session is %s", got.Status)
	}
	// Whoever writes by the version that was read before the intent is refused by the store itself.
	stale := w.row(cs.ID)
	stale.Status = commerce.Canceled
	err = w.store.Commit(t.Context(), store.Batch{Session: &store.SessionWrite{Session: stale, Expect: stale.Version, Idle: true}})
	if err == nil {
		t.Fatal("a conditional write went through a live saga")
	}
	g.open()
	r := <-answered
	if got := session(t, r.answer, r.err); got.Status != commerce.Completed {
		t.Fatalf("got %s", got.Status)
	}
	w.completed(cs.ID)
}

// TestS01_FrozenProcessCannotCommitLate lets a call to the shop outlive its lease. Somebody else takes the saga; what the first one comes
// back with is not committed, and its order, which nothing could prevent, is found by the sweep.
func TestS01_FrozenProcessCannotCommitLate(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		cs, g := w.create(), w.gate()
		w.shop.place = append(w.shop.place, g.place)
		answered := w.begin("k1", cs.ID, w.token())
		lease := w.clock.Now().Add(time.Minute)
		w.at(lease.Add(-time.Nanosecond))
		w.wantAsked(1, 0)
		w.at(lease)
		w.wantAsked(2, 1)
		w.sold((<-answered).session(t)) // from the run that took the saga over
		g.open()
		w.at(lease)
		if len(w.shop.live()) != 2 || w.saga(cs.ID).Step != "sweeping" {
			t.Fatalf("%d orders, %s", len(w.shop.live()), w.saga(cs.ID).Step)
		}
		w.at(lease.Add(2 * time.Minute))
		w.sold(w.get(cs.ID))
		if !w.alerts.has("second_order") {
			t.Fatalf("alerts %v", w.alerts.all())
		}
	}, func(w *world) { w.timing.Sweeps = []time.Duration{2 * time.Minute} })
}

func TestS02_ReopensOnlyWhenTheHoldIsReadBackCanceled(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]stripetest.Fault{
		"void refused by an outage": {Op: stripetest.OpCancel, Kind: stripetest.Unavailable},
		"void never sent":           {Op: stripetest.OpCancel, Kind: stripetest.CutRequest},
		"void stored as failed":     {Op: stripetest.OpCancel, Kind: stripetest.ServerError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.arm(fault)
			w.shop.always = refuse(commerce.OutOfStock)
			cs := w.create()
			w.leave("k1", cs.ID, w.token())
			w.until("the void is tried", func() bool { return w.stripe.Arrivals(stripetest.OpCancel) > 2 })
			if w.get(cs.ID).Status != commerce.CompleteInProgress || w.ledger(cs.ID).Held("usd") == 0 {
				t.Fatal("the session opened while the hold stood")
			}
			w.stripe.Disarm()
			w.untouched(cs.ID)
			if n := len(w.ledger(cs.ID).Intents); n != 1 {
				t.Fatalf("%d intents", n)
			}
		})
	}
}

func TestS02_VoidThatFindsTheMoneyTakenRefunds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	w.shop.place = append(w.shop.place, func(func() commerce.Snapshot) (commerce.Snapshot, error) {
		w.captureByHand(w.ledger(cs.ID).Intents[0].ID)
		return refuse(commerce.OutOfStock)(nil)
	})
	a, err := w.complete("k1", cs.ID, w.token())
	wantMessage(t, session(t, a, err), commerce.CodeOutOfStock)
	w.untouched(cs.ID)
	if l := w.ledger(cs.ID); len(l.Refunds) != 1 || !w.alerts.has("captured_and_refunded") {
		t.Fatalf("refunds %v, alerts %v", l.Refunds, w.alerts.all())
	}
}

func TestS02_RequiresActionAndProcessingAreCanceledFirst(t *testing.T) {
	t.Parallel()
	t.Run("requires_action", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cs := w.create()
		a, err := w.complete("k1", cs.ID, w.token(func(g *stripetest.Grant) { g.PaymentMethod = "pm_card_threeDSecure2Required" }))
		got := session(t, a, err)
		wantMessage(t, got, commerce.CodeRequires3DS)
		w.untouched(cs.ID)
		for _, i := range w.ledger(cs.ID).Intents {
			if i.Status != stripetest.StatusCanceled {
				t.Errorf("intent is %s", i.Status)
			}
		}
	})
	for name, accepted := range map[string]bool{"processing, declined": false, "processing, held after all": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.Process, Times: 1},
				stripetest.Fault{Op: stripetest.OpCancel, Kind: stripetest.Unavailable})
			cs := w.create()
			w.leave("k1", cs.ID, w.token())
			w.until("the void is tried", func() bool { return w.stripe.Arrivals(stripetest.OpCancel) > 2 })
			if err := w.stripe.Finish(w.ledger(cs.ID).Intents[0].ID, accepted); err != nil {
				t.Fatal(err)
			}
			w.stripe.Disarm()
			w.untouched(cs.ID)
			if got := w.ledger(cs.ID).Intents[0].Status; got != stripetest.StatusCanceled {
				t.Fatalf("intent is %s", got)
			}
			wantMessage(t, w.get(cs.ID), commerce.CodePaymentDeclined)
		})
	}
}
