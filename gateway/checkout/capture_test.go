package checkout_test

import (
	"slices"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// TestNoMoneyIsTakenForAnOrderThatCannotBeSeen holds the capture up and then hides the order. The hold stands until the order is read
// again, and the operator hears of a shop that will not show it.
func TestNoMoneyIsTakenForAnOrderThatCannotBeSeen(t *testing.T) {
	t.Parallel()
	for kind, alerted := range map[commerce.Kind]bool{
		commerce.Temporary: false, commerce.Unauthorized: false, commerce.Indeterminate: false, commerce.Rejected: true,
	} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.arm(stripetest.Fault{Op: stripetest.OpCapture, Kind: stripetest.Unavailable, Times: 1})
			w.shop.get = slices.Repeat([]error{commerce.Faultf(kind, "planted")}, 4)
			cs := w.create()
			a, err := w.complete("k1", cs.ID, w.token())
			if got := session(t, a, err); got.Status != commerce.Completed {
				t.Fatalf("got %s", got.Status)
			}
			w.completed(cs.ID)
			if n := w.stripe.Arrivals(stripetest.OpCapture); n != 2 || w.shop.told().gets < 5 {
				t.Fatalf("captured %d times, read %d times", n, w.shop.told().gets)
			}
			if want := map[bool]int{true: 1}[alerted]; w.alerts.count("order_unreadable") != want {
				t.Fatalf("alerts %v", w.alerts.all())
			}
		})
	}
}

// TestAnOrderThatWasCanceledWhileWeWereAwayIsNotPaid stops the process in good order between placing and capture, when no capture is in
// doubt, and lets the shop cancel the order before the next process starts.
func TestAnOrderThatWasCanceledWhileWeWereAwayIsNotPaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.upstream.Timeout = slow * 20 * time.Second })
	g := w.gate()
	w.shop.place = append(w.shop.place, g.place)
	cs := w.create()
	answered := w.begin("k1", cs.ID, w.token())
	g.wait()
	stopped := make(chan struct{})
	service := w.service
	go func() { defer close(stopped); service.Stop() }()
	wantKind(t, (<-answered).err, commerce.Unavailable) // it knows of the stop
	g.open()
	<-stopped
	w.stepIs(cs.ID, "capturing")
	w.shop.do(func() {
		w.shop.orders[0].Status, w.shop.stock["tea"], w.shop.stock["cup"] = commerce.OrderCanceled, 50, 50
	})
	w.halt()
	w.boot()
	w.until("the session opens", func() bool { return !w.row(cs.ID).Live })
	w.untouched(cs.ID)
	if n := w.stripe.Arrivals(stripetest.OpCapture); n != 0 {
		t.Fatalf("captured %d times", n)
	}
}
