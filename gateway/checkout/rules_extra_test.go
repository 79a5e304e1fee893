package checkout_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// paid changes what the shop knows of the money for some of its orders.
func (w *world) paid(states map[string]commerce.PaymentState) {
	w.shop.do(func() {
		for i := range w.shop.orders {
			if s, ok := states[w.shop.orders[i].Number]; ok {
				w.shop.orders[i].Payment = s
			}
		}
	})
}

// placedAgain lets the next call that places an order be carried out once more, whenever the test says.
func (w *world) placedAgain() (again func()) {
	var order func() commerce.Snapshot
	w.shop.place = append(w.shop.place, func(make func() commerce.Snapshot) (commerce.Snapshot, error) {
		order = make
		return make(), nil
	})
	return func() { order() }
}

// standing are the numbers of the shop's live orders.
func (w *world) standing() (numbers []string) {
	for _, o := range w.shop.live() {
		numbers = append(numbers, o.Number)
	}
	return numbers
}

// TestS16_APaidExtraIsLeftToAPerson finds, beside the order that is kept, others under its exact key. The unpaid are canceled. One that
// somebody has paid, or paid and got the money back for, is nothing that a gateway may cancel.
func TestS16_APaidExtraIsLeftToAPerson(t *testing.T) {
	t.Parallel()
	t.Run("found before capture", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, w *world) {
			cs := w.create()
			w.shop.place = append(w.shop.place, func(make func() commerce.Snapshot) (commerce.Snapshot, error) {
				for range 5 {
					make()
				}
				w.paid(map[string]commerce.PaymentState{
					"1002": commerce.Captured, "1003": commerce.Captured, "1004": commerce.Refunded,
				})
				return commerce.Snapshot{}, errCut
			})
			got := (<-w.begin("k1", cs.ID, w.token())).session(t)
			if got.Order == nil || got.Order.Number != "1002" {
				t.Fatalf("kept %v, want the first paid one", got.Order)
			}
			if n := w.standing(); !slices.Equal(n, []string{"1002", "1003", "1004"}) || w.alerts.count("second_order") != 4 {
				t.Fatalf("orders %v stand, alerts %v", n, w.alerts.all())
			}
		})
	})
	t.Run("found by the sweep", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, w *world) {
			cs, again := w.create(), w.placedAgain()
			w.sold((<-w.begin("k1", cs.ID, w.token())).session(t))
			for range 3 {
				again()
			}
			w.paid(map[string]commerce.PaymentState{"1002": commerce.Captured, "1004": commerce.Refunded})
			w.at(w.clock.Now().Add(2 * time.Minute))
			if n := w.standing(); !slices.Equal(n, []string{"1001", "1002", "1004"}) || w.alerts.count("second_order") != 3 {
				t.Fatalf("orders %v stand, alerts %v", n, w.alerts.all())
			}
		}, func(w *world) { w.timing.Sweeps = []time.Duration{2 * time.Minute} })
	})
}

// TestS16_AWeakMatchIsNeverAdopted loses the answer of a placing call at a shop that then finds orders by something else than our key.
// None of them is taken for ours, none is canceled, and no money moves: they may be anybody's.
func TestS16_AWeakMatchIsNeverAdopted(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 2; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				w.shop.weak = true
				cs := w.create()
				w.shop.place = append(w.shop.place, func(make func() commerce.Snapshot) (commerce.Snapshot, error) {
					for range n {
						make()
					}
					return commerce.Snapshot{}, errCut
				})
				answered := w.begin("k1", cs.ID, w.token())
				w.at(w.clock.Now().Add(time.Minute))
				if g := w.saga(cs.ID); g.Step != "needs_operator" || !g.Live || !w.alerts.has("order_found_by_a_weak_match") {
					t.Fatalf("%s, alerts %v", g.Step, w.alerts.all())
				}
				wantKind(t, (<-answered).err, commerce.Unavailable)
				if held, taken := w.memory.money(); held != cs.Quote.Total || taken != 0 || len(w.shop.live()) != n || w.shop.told().cancels != 0 {
					t.Fatalf("held %d, taken %d, orders %v, %d cancels", held, taken, w.shop.live(), w.shop.told().cancels)
				}
			})
		})
	}
}
