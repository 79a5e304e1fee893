package checkout_test

import (
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// TestS11_WhatTheShopHasNotedIsRead lets the shop note a payment and say something else, or nothing. What stands in its books decides: the
// payment is not noted twice, and an order that is paid there is neither given back nor left to a person.
func TestS11_WhatTheShopHasNotedIsRead(t *testing.T) {
	t.Parallel()
	no, away := commerce.Faultf(commerce.Rejected, "planted"), commerce.Faultf(commerce.Temporary, "planted")
	for name, c := range map[string]struct {
		answers []error
		reads   []error // failures of reading the order
		noted   int     // by which call
		state   commerce.PaymentState
		calls   int
	}{
		"the answer is lost":                  {[]error{errCut}, nil, 1, commerce.Captured, 1},
		"the answer is a refusal":             {[]error{no}, nil, 1, commerce.Captured, 1},
		"the money has gone back since":       {[]error{errCut}, nil, 1, commerce.Refunded, 1},
		"it cannot be read at first":          {[]error{errCut}, []error{errCut}, 1, commerce.Captured, 2},
		"noted by the second call":            {[]error{away, errCut, no, no, no}, nil, 2, commerce.Captured, 2},
		"noted by the last call that refuses": {[]error{no, no, no}, nil, 3, commerce.Captured, 3},
	} {
		for policy, refunds := range map[string]bool{"refund": true, "operator": false} {
			t.Run(name+"/"+policy, func(t *testing.T) {
				t.Parallel()
				bubble(t, func(t *testing.T, w *world) {
					w.shop.record = c.answers
					w.shop.afterRecord = func(o *commerce.Snapshot) {
						if len(w.shop.records) == c.noted {
							w.shop.get, o.Payment = c.reads, c.state
						}
					}
					cs := w.create()
					w.sold((<-w.begin("k1", cs.ID, w.token())).session(t))
					w.at(w.clock.Now().Add(time.Minute))
					w.sold(w.get(cs.ID))
					diff(t, []string{"closed"}, w.steps(cs.ID))
					diff(t, []string{"order_create"}, w.events(cs.ID))
					if n := len(w.shop.told().records); n != c.calls || len(w.memory.returns()) != 0 || w.alerts.has("payment_refused_by_shop") {
						t.Fatalf("noted %d times, want %d; alerts %v", n, c.calls, w.alerts.all())
					}
				}, func(w *world) { w.settings.RefundUnrecorded = refunds })
			})
		}
	}
}
