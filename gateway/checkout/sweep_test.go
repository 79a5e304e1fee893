package checkout_test

import (
	"slices"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// sweeping makes a bubble's sagas search twice for orders that must not be.
func sweeping(w *world) { w.timing.Sweeps = []time.Duration{2 * time.Minute, 30 * time.Minute} }

// TestS16_AnOrderOfAnUndoneAttemptIsGivenUp undoes an attempt whose call to place was in doubt, and lets its order appear afterwards. An
// unpaid one is canceled, a paid one is left to a person, and the cart is released when nothing can appear from it any more.
func TestS16_AnOrderOfAnUndoneAttemptIsGivenUp(t *testing.T) {
	t.Parallel()
	type hook = func(func() commerce.Snapshot) (commerce.Snapshot, error)
	pay := func(w *world) {
		w.shop.alter = func(o *commerce.Snapshot) { o.Payment = commerce.Captured }
	}
	for name, c := range map[string]struct {
		change func(*world)
		place  func(*world) []hook
		left   int // orders that stand in the end
	}{
		"it was held up for longer than the quarantine": {
			func(*world) {}, func(w *world) []hook {
				return []hook{late(w.shop, quarantine+10*time.Second), refuse(commerce.OutOfStock)}
			}, 0,
		},
		"and somebody has paid for it": {
			pay, func(w *world) []hook {
				return []hook{late(w.shop, quarantine+10*time.Second), refuse(commerce.OutOfStock)}
			}, 1,
		},
		"the answer was one that nobody can explain": {
			func(*world) {}, func(*world) []hook {
				return []hook{func(make func() commerce.Snapshot) (commerce.Snapshot, error) {
					make()
					return refuse(commerce.Unexplained)(nil)
				}}
			}, 0,
		},
		"it appears after the first search": {
			func(*world) {}, func(w *world) []hook { return []hook{late(w.shop, 20*time.Minute), refuse(commerce.OutOfStock)} }, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				c.change(w)
				cs := w.create()
				w.shop.place = c.place(w)
				if got := (<-w.begin("k1", cs.ID, w.token())).session(t); got.Order != nil || w.row(cs.ID).Live {
					t.Fatalf("the attempt was not undone: %s", got.Status)
				}
				end := w.clock.Now().Add(30 * time.Minute)
				w.at(end.Add(-time.Second))
				if s := w.saga(cs.ID); s.Step != "sweeping" || len(w.shop.told().released) != 0 {
					t.Fatalf("%s, released %v", s.Step, w.shop.told().released)
				}
				w.at(end.Add(5 * time.Second))
				if s := w.saga(cs.ID); s.Step != "closed" || len(w.shop.told().released) != 1 {
					t.Fatalf("%s, released %v", s.Step, w.shop.told().released)
				}
				if live := w.shop.live(); len(live) != c.left || len(w.shop.told().orders) != 1 || !w.alerts.has("order_of_an_undone_attempt") {
					t.Fatalf("orders %v, alerts %v", w.shop.told().orders, w.alerts.all())
				}
				if e := w.events(cs.ID); len(e) != 0 {
					t.Errorf("S13: %v", e)
				}
			}, sweeping, seldom)
		})
	}
}

// TestS16_AnOrderThatCannotBeCanceledIsTold: nobody may believe that an order which must not be is gone.
func TestS16_AnOrderThatCannotBeCanceledIsTold(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		cs := w.create()
		w.shop.cancel = slices.Repeat([]error{commerce.Faultf(commerce.Rejected, "planted")}, 9)
		w.shop.place = append(w.shop.place, func(make func() commerce.Snapshot) (commerce.Snapshot, error) {
			make()
			return refuse(commerce.Unexplained)(nil)
		})
		(<-w.begin("k1", cs.ID, w.token())).session(t)
		w.at(w.clock.Now().Add(3 * time.Minute))
		if !w.alerts.has("order_not_cancelable") || len(w.shop.live()) != 1 {
			t.Fatalf("alerts %v, orders %v", w.alerts.all(), w.shop.live())
		}
	}, sweeping, seldom)
}

// TestARefusedAttemptIsNotSwept releases the cart at once where every answer was definite: no order can appear.
func TestARefusedAttemptIsNotSwept(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		cs := w.create()
		w.shop.place = append(w.shop.place, refuse(commerce.OutOfStock))
		(<-w.begin("k1", cs.ID, w.token())).session(t)
		w.at(w.clock.Now().Add(5 * time.Second))
		if s := w.saga(cs.ID); s.Step != "closed" || len(w.shop.told().released) != 1 || w.shop.told().finds != 0 {
			t.Fatalf("%s, released %v, searched %d times", s.Step, w.shop.told().released, w.shop.told().finds)
		}
	}, sweeping, seldom)
}

// TestAnOrderOfAnotherSessionIsLeftToAPerson lets the shop answer with an order that another session has bought. Nothing is taken for it,
// and it is not canceled.
func TestAnOrderOfAnotherSessionIsLeftToAPerson(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		first := w.create()
		w.sold((<-w.begin("k1", first.ID, w.token())).session(t))
		_, taken := w.memory.money()
		second := w.create()
		w.shop.place = append(w.shop.place, func(func() commerce.Snapshot) (commerce.Snapshot, error) { return w.shop.live()[0], nil })
		wantKind(t, (<-w.begin("k2", second.ID, w.token())).err, commerce.Unavailable)
		if g := w.saga(second.ID); g.Step != "needs_operator" || !g.Live || !w.alerts.has("order_of_another_session") {
			t.Fatalf("%s, alerts %v", g.Step, w.alerts.all())
		}
		if held, now := w.memory.money(); now != taken || held != second.Quote.Total || len(w.shop.live()) != 1 {
			t.Fatalf("held %d, taken %d, was %d", held, now, taken)
		}
	})
}
