package checkout_test

import (
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// TestS06_RotatedKey changes the key between the hold and the capture. A saga goes on under another key of the account that the
// settings name; without the name, or under the name of another account, it waits and touches nothing.
func TestS06_RotatedKey(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, after string // the account that the settings name
		goesOn        bool
	}{
		"the account is named":     {stripetest.SellerAccount, stripetest.SellerAccount, true},
		"no account is named":      {"", "", false},
		"another account is named": {stripetest.SellerAccount, stripetest.AgentAccount, false},
		"it is named only now":     {"", stripetest.SellerAccount, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world) { w.keyAccount, w.deadline = c.before, 300*time.Millisecond })
			w.arm(stripetest.Fault{Op: stripetest.OpCapture, Kind: stripetest.Unavailable})
			cs := w.create()
			w.leave("k1", cs.ID, w.token())
			w.stepIs(cs.ID, "capturing")
			w.halt()
			w.stripe.Disarm()
			w.key, w.keyAccount = "rk_test_rotated", c.after
			w.stripe.AddSellerKey(w.key)
			before := len(w.stripe.Requests())
			w.boot()
			if c.goesOn {
				w.until("the money is taken", func() bool { return w.ledger(cs.ID).Captured("usd") == cs.Quote.Total })
			} else {
				w.until("the operator is told", func() bool { return w.alerts.has("frozen_account_differs") })
				if got := len(w.stripe.Requests()); got != before {
					t.Fatalf("%d requests under the new key", got-before)
				}
				w.key, w.keyAccount = "", c.before
				w.restart()
			}
			w.deadline = w.patience
			a, _, err := w.insist("k1", cs.ID, w.token())
			if got := session(t, a, err); got.Status != commerce.Completed {
				t.Fatalf("got %s", got.Status)
			}
			w.completed(cs.ID)
			if w.alerts.has("frozen_account_differs") == c.goesOn {
				t.Errorf("alerts %v", w.alerts.all())
			}
		})
	}
}
