package checkout_test

import (
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

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
				if w.get(cs.ID).Status != commerce.CompleteInProgress || len(w.shop.told().placed) != 0 {
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
