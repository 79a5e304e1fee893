package checkout_test

import (
	"slices"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// TestS11_OutagesAreNoRefusals lets the shop be away for long and then refuse once, at each step that gives up after some refusals: a
// refusal is for good when it was heard again and again, whatever was heard before.
func TestS11_OutagesAreNoRefusals(t *testing.T) {
	t.Parallel()
	outage := append(slices.Repeat([]error{commerce.Faultf(commerce.Temporary, "planted")}, 6), commerce.Faultf(commerce.Rejected, "planted"))
	t.Run("canceling", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, w *world) {
			cs := w.create()
			w.shop.alter = func(o *commerce.Snapshot) { o.Total++ } // S4: the order must go
			w.shop.cancel = outage
			wantMessage(t, (<-w.begin("k1", cs.ID, w.token())).session(t), commerce.CodePriceChange)
			w.unsold(cs.ID)
			if len(w.shop.cancel) != 0 || w.alerts.has("order_not_cancelable") {
				t.Fatalf("%d tries left, alerts %v", len(w.shop.cancel), w.alerts.all())
			}
		})
	})
	t.Run("recording", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, w *world) {
			cs := w.create()
			w.shop.record = outage
			got := (<-w.begin("k1", cs.ID, w.token())).session(t)
			w.at(w.clock.Now().Add(2 * time.Minute))
			w.sold(got)
			if o := w.shop.live(); o[0].Payment != commerce.Captured || w.alerts.has("payment_refused_by_shop") {
				t.Fatalf("the shop believes %s, alerts %v", o[0].Payment, w.alerts.all())
			}
		})
	})
	t.Run("returning", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, w *world) {
			cs := w.create()
			w.shop.do(func() { w.shop.refuseRecords, w.shop.cancel = true, outage })
			(<-w.begin("k1", cs.ID, w.token())).session(t)
			w.at(w.clock.Now().Add(5 * time.Minute))
			if len(w.shop.live()) != 0 || w.alerts.has("order_not_cancelable") || w.saga(cs.ID).Step != "closed" {
				t.Fatalf("%s, orders %v, alerts %v", w.saga(cs.ID).Step, w.shop.live(), w.alerts.all())
			}
		}, func(w *world) { w.settings.RefundUnrecorded = true })
	})
}
