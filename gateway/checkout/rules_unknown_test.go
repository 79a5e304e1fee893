package checkout_test

import (
	"context"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

func TestS05_UnknownOrderWaitsTheQuarantine(t *testing.T) {
	t.Parallel()
	t.Run("comes late", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cs := w.create()
		w.shop.place = append(w.shop.place, late(w.shop, 50*time.Millisecond))
		a, err := w.complete("k1", cs.ID, w.token())
		if got := session(t, a, err); got.Status != commerce.Completed {
			t.Fatalf("got %s", got.Status)
		}
		w.completed(cs.ID)
		if len(w.shop.placed) != 1 || len(w.shop.orders) != 1 {
			t.Fatalf("%d calls, %d orders", len(w.shop.placed), len(w.shop.orders))
		}
	})
	t.Run("never came, asked for all the time", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.deadline = 20 * time.Millisecond
		cs := w.create()
		var at []time.Time
		var mark time.Time
		w.shop.always = func(make func() commerce.Snapshot) (commerce.Snapshot, error) {
			if at = append(at, time.Now()); len(at) == 1 {
				sagas, err := w.store.Sagas(context.Background(), cs.ID)
				if err != nil || len(sagas) != 1 {
					t.Errorf("%d sagas, %v", len(sagas), err)
				} else {
					mark = sagas[0].Mark
				}
				return commerce.Snapshot{}, errCut
			}
			return make(), nil
		}
		w.leave("k0", cs.ID, w.token())
		a, _, err := w.insist("k1", cs.ID, w.token()) // a retry must not shorten the quarantine
		if got := session(t, a, err); got.Status != commerce.Completed {
			t.Fatalf("got %s", got.Status)
		}
		w.completed(cs.ID)
		if gap := at[1].Sub(mark); gap < 150*time.Millisecond+60*time.Millisecond {
			t.Fatalf("placed again %s after the mark", gap)
		}
	})
	t.Run("the shop cannot tell", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.shop.facts.ExactLookup = false })
		w.deadline = 300 * time.Millisecond
		cs := w.create()
		w.shop.place = append(w.shop.place, lost)
		w.leave("k1", cs.ID, w.token())
		w.stepIs(cs.ID, "needs_operator")
		w.deadline = time.Minute
		asked := time.Now()
		_, err := w.complete("k2", cs.ID, w.token())
		wantKind(t, err, commerce.Unavailable)
		if took := time.Since(asked); took > 10*time.Second {
			t.Errorf("told after %s what only a person can change", took)
		}
		if len(w.shop.placed) != 1 || !w.alerts.has("order_unknown") || w.ledger(cs.ID).Held("usd") == 0 {
			t.Fatalf("%d calls, alerts %v, held %d", len(w.shop.placed), w.alerts.seen, w.ledger(cs.ID).Held("usd"))
		}
		w.invariants(cs.ID)
	})
	t.Run("an idempotent shop is asked again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.shop.facts.Idempotent, w.shop.facts.ExactLookup = true, false })
		cs := w.create()
		w.shop.place = append(w.shop.place, lost)
		a, err := w.complete("k1", cs.ID, w.token())
		if got := session(t, a, err); got.Status != commerce.Completed {
			t.Fatalf("got %s", got.Status)
		}
		w.completed(cs.ID)
	})
	t.Run("an idempotent shop refuses the repeat while the first call runs", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.shop.facts.Idempotent, w.shop.facts.ExactLookup = true, false })
		cs := w.create()
		w.shop.place = append(w.shop.place, late(w.shop, 60*time.Millisecond), refuse(commerce.OutOfStock))
		a, err := w.complete("k1", cs.ID, w.token())
		if got := session(t, a, err); got.Status != commerce.Completed {
			t.Fatalf("got %s: the hold was let go under an order", got.Status)
		}
		w.completed(cs.ID)
	})
	t.Run("an idempotent shop refuses for good", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.shop.facts.Idempotent, w.shop.facts.ExactLookup = true, false })
		cs := w.create()
		w.shop.place = append(w.shop.place, func(func() commerce.Snapshot) (commerce.Snapshot, error) { return commerce.Snapshot{}, errCut })
		w.shop.always = refuse(commerce.OutOfStock)
		a, err := w.complete("k1", cs.ID, w.token())
		wantMessage(t, session(t, a, err), commerce.CodeOutOfStock)
		w.untouched(cs.ID)
	})
	t.Run("the shop says that the cart is an order", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cs := w.create()
		w.shop.place = append(w.shop.place, refuse(commerce.AlreadyPlaced))
		w.leave("k1", cs.ID, w.token())
		w.stepIs(cs.ID, "needs_operator") // never a second order beside one that exists
		if len(w.shop.placed) != 1 || !w.alerts.has("order_not_found") {
			t.Fatalf("%d calls, alerts %v", len(w.shop.placed), w.alerts.seen)
		}
		w.invariants(cs.ID)
	})
}

func TestS06_UnknownHoldIsAskedAgainUnderItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.CutReply, Times: 2})
	cs := w.create()
	a, err := w.complete("k1", cs.ID, w.token())
	if got := session(t, a, err); got.Status != commerce.Completed {
		t.Fatalf("got %s", got.Status)
	}
	w.completed(cs.ID)
	var first *stripetest.Request
	n := 0
	for _, r := range w.stripe.Requests() {
		if r.Op != stripetest.OpCreate {
			continue
		}
		n++
		if first == nil {
			first = &r
		}
		if r.Key != first.Key || r.Form.Encode() != first.Form.Encode() || r.Version != first.Version {
			t.Fatalf("a repeat differs: %+v, %+v", r, *first)
		}
	}
	if n != 3 || len(w.ledger(cs.ID).Intents) != 1 {
		t.Fatalf("%d requests, %d intents", n, len(w.ledger(cs.ID).Intents))
	}
}

// TestS06_KeyOlderThanItsLife is row 21.
func TestS06_KeyOlderThanItsLife(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]stripetest.Kind{"the hold exists": stripetest.CutReply, "there is none": stripetest.CutRequest} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world) { w.settings.AbandonAfter = 100 * time.Hour })
			w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: kind})
			cs := w.create()
			w.leave("k1", cs.ID, w.token())
			w.until("the hold is asked for", func() bool { return w.stripe.Arrivals(stripetest.OpCreate) > 1 })
			w.process.kill() // it sleeps over the key's life
			w.halt()
			w.stripe.Disarm()
			sent := w.stripe.Arrivals(stripetest.OpCreate)
			w.clock.advance(23*time.Hour + time.Minute)
			w.boot()
			if kind == stripetest.CutReply {
				w.completed(cs.ID)
			} else {
				w.stepIs(cs.ID, "needs_operator")
				if w.get(cs.ID).Status != commerce.CompleteInProgress || len(w.shop.placed) != 0 {
					t.Error("the session did not stay bound")
				}
				w.invariants(cs.ID)
			}
			if now := w.stripe.Arrivals(stripetest.OpCreate); now != sent {
				t.Fatalf("the old key was sent again: %d, %d", sent, now)
			}
		})
	}
}

func TestS06_FrozenAccountDiffers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deadline = 300 * time.Millisecond
	w.arm(stripetest.Fault{Op: stripetest.OpCapture, Kind: stripetest.Unavailable})
	cs := w.create()
	w.leave("k1", cs.ID, w.token())
	w.stepIs(cs.ID, "capturing")
	w.halt()
	w.stripe.Disarm()
	before := len(w.stripe.Requests())
	w.account = "acct_other"
	w.boot()
	w.until("the operator is told", func() bool { return w.alerts.has("frozen_account_differs") })
	_, err := w.complete("k2", cs.ID, w.token())
	wantKind(t, err, commerce.Unavailable)
	if got := len(w.stripe.Requests()); got != before {
		t.Fatalf("%d requests to the wrong account", got-before)
	}
	w.account = ""
	w.restart()
	a, _, err := w.insist("k1", cs.ID, w.token())
	if got := session(t, a, err); got.Status != commerce.Completed {
		t.Fatalf("got %s", got.Status)
	}
	w.completed(cs.ID)
}
