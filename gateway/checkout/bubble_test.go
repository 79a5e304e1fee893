package checkout_test

import (
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/upstream"
)

// bubble runs f in a world whose time is fake: it stands still while anybody works and leaps to the next moment at which anybody wants
// to act, so that instants can be asserted to the nanosecond on any machine. The database is a real one.
func bubble(t *testing.T, f func(*testing.T, *world), change ...func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			t: t, shop: newMemoryShop(), memory: &memoryProcessor{}, clock: &skewed{}, alerts: &alerts{}, seq: &atomic.Int64{},
			deadline: 2 * time.Minute, patience: time.Minute, path: filepath.Join(t.TempDir(), "postern.db"),
			upstream: upstream.Options{Timeout: 8 * time.Second, BreakerFailures: 1000},
			timing:   checkout.Timing{Sweeps: []time.Duration{}},
		}
		w.shop.facts.MaxProcessing = 30 * time.Second
		w.open(change)
		f(t, w)
		w.shop.late.Wait()
	})
}

// seldom is for bubbles that last: due work is looked for every few seconds, not four times in each, which is all that such a test would do.
func seldom(w *world) { w.timing.Poll = 5 * time.Second }

// quarantine is what the timings of a bubble add up to: the call's time limit, the shop's processing and the margin.
const quarantine = 8*time.Second + 30*time.Second + 2*time.Second

// saga is the last saga of a session.
func (w *world) saga(id string) store.Saga {
	w.t.Helper()
	sagas, err := w.store.Sagas(w.t.Context(), id)
	if err != nil || len(sagas) == 0 {
		w.t.Fatalf("%d sagas of %s, %v", len(sagas), id, err)
	}
	return sagas[len(sagas)-1]
}

// at sleeps until the moment and lets everybody else finish what they do then.
func (w *world) at(moment time.Time) {
	w.t.Helper()
	left := moment.Sub(w.clock.Now())
	if left < 0 {
		w.t.Fatalf("%s is past by %s", moment, -left)
	}
	time.Sleep(left)
	synctest.Wait()
}

// asked is how often the shop was asked to place an order and to look for one.
func (w *world) asked() (placed, finds int) {
	w.shop.do(func() { placed, finds = len(w.shop.placed), w.shop.finds })
	return placed, finds
}

// wantAsked asserts how often the shop was asked by now.
func (w *world) wantAsked(placed, finds int) {
	w.t.Helper()
	if p, f := w.asked(); p != placed || f != finds {
		w.t.Fatalf("placed %d times and looked up %d times, want %d and %d; alerts %v", p, f, placed, finds, w.alerts.all())
	}
}

// sold asserts one order and one charge for it, in a bubble.
func (w *world) sold(cs commerce.Session) {
	w.t.Helper()
	held, taken := w.memory.money()
	orders := w.shop.live()
	if cs.Status != commerce.Completed || len(orders) != 1 || orders[0].Total != taken || held != 0 {
		w.t.Fatalf("%s, orders %v, held %d, taken %d\n%s", cs.Status, orders, held, taken, w.history(cs.ID))
	}
}

// unsold asserts that nothing is held, taken or ordered, in a bubble.
func (w *world) unsold(id string) {
	w.t.Helper()
	held, taken := w.memory.money()
	if orders := w.shop.live(); len(orders) != 0 || held != 0 || taken != 0 || w.row(id).Live {
		w.t.Fatalf("orders %v, held %d, taken %d, live %v\n%s", orders, held, taken, w.row(id).Live, w.history(id))
	}
}
