package checkout_test

import (
	"slices"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
)

// TestFrozenShopDiffers moves a shop's address while a saga stands at each of the steps that speak to the shop. The saga asks the other
// shop nothing, moves no money, and tells the operator; when the address is restored it goes on to its end.
func TestFrozenShopDiffers(t *testing.T) {
	t.Parallel()
	away := func(n int) []error {
		return slices.Repeat([]error{commerce.Faultf(commerce.Temporary, "planted")}, n)
	}
	for step, c := range map[string]struct {
		plant func(*world)
		sold  bool
	}{
		"authorizing": {func(w *world) {
			n := 0
			w.memory.hold = func(make func() payment.Intent) (payment.Intent, error) {
				if n++; n == 1 {
					return payment.Intent{}, &payment.Error{Kind: payment.Unknown, Message: "planted"}
				}
				return make(), nil
			}
		}, true},
		"placing":   {func(w *world) { w.shop.place = append(w.shop.place, unheard) }, true},
		"recording": {func(w *world) { w.shop.record = away(1) }, true},
		"sweeping":  {func(w *world) { w.timing.Sweeps = []time.Duration{2 * time.Minute} }, true},
		"unplacing": {func(w *world) { w.shop.cancel, w.shop.alter = away(1), func(o *commerce.Snapshot) { o.Total++ } }, false},
		"releasing": {func(w *world) { w.shop.release, w.shop.always = away(1), refuse(commerce.OutOfStock) }, false},
		"returning": {func(w *world) {
			w.shop.refuseRecords, w.settings.RefundUnrecorded = true, true
			w.shop.cancel = away(1)
		}, false},
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				cs := w.create()
				answered := w.begin("", cs.ID, w.token())
				w.until("the saga rests at its step", func() bool {
					s := w.steps(cs.ID)
					return len(s) == 1 && s[0] == step && w.saga(cs.ID).Owner == ""
				})
				w.halt()
				<-answered
				w.shop.identity = "memory https://new.example"
				calls, held, taken := w.calls(), int64(0), int64(0)
				held, taken = w.memory.money()
				w.boot()
				w.at(w.clock.Now().Add(5 * time.Minute))
				if s := w.steps(cs.ID); s[0] != step || !w.alerts.has("frozen_shop_differs") {
					t.Fatalf("%v, alerts %v", s, w.alerts.all())
				}
				if got := w.calls(); got != calls {
					t.Fatalf("the other shop was asked: %v, then %v", calls, got)
				}
				if h, k := w.memory.money(); h != held || k != taken {
					t.Fatalf("money moved: held %d, taken %d, then %d, %d", held, taken, h, k)
				}
				w.shop.identity = "memory https://old.example"
				w.restart()
				w.at(w.clock.Now().Add(5 * time.Minute))
				if s := w.steps(cs.ID); s[0] != "closed" {
					t.Fatalf("%v afterwards\n%s", s, w.history(cs.ID))
				}
				if c.sold {
					w.sold(w.get(cs.ID))
				} else {
					w.unsold(cs.ID)
				}
			}, func(w *world) { w.shop.identity = "memory https://old.example" }, c.plant, seldom)
		})
	}
}

// TestNoFrozenShop lets a saga that froze no identity go on when its shop begins to have one.
func TestNoFrozenShop(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		cs := w.create()
		w.shop.place = append(w.shop.place, unheard)
		answered := w.begin("", cs.ID, w.token())
		w.at(w.clock.Now())
		w.halt()
		<-answered
		w.shop.identity = "memory https://shop.example"
		w.boot()
		w.at(w.clock.Now().Add(quarantine))
		w.sold(w.get(cs.ID))
		if w.alerts.has("frozen_shop_differs") {
			t.Fatalf("alerts %v", w.alerts.all())
		}
	})
}

// TestFrozenShopOfARelease moves a shop's address while the cart of a session that was canceled, or that expired, is to be given back. The
// other shop is asked for nothing: its cart of the same name may be anybody's.
func TestFrozenShopOfARelease(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*world, string){
		"canceled": func(w *world, id string) {
			if _, err := w.cancel(id); err != nil {
				w.t.Fatal(err)
			}
		},
		"expired": func(w *world, _ string) { w.at(w.clock.Now().Add(w.settings.SessionTTL + time.Second)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				w.shop.release = []error{commerce.Faultf(commerce.Temporary, "planted")}
				cs := w.create()
				end(w, cs.ID)
				w.until("the saga rests before the cart is given back", func() bool {
					s := w.steps(cs.ID)
					return len(s) == 1 && s[0] == "releasing" && w.saga(cs.ID).Owner == ""
				})
				w.halt()
				w.shop.identity = "memory https://new.example"
				calls := w.calls()
				w.boot()
				w.at(w.clock.Now().Add(5 * time.Minute))
				if got := w.calls(); got != calls || !w.alerts.has("frozen_shop_differs") || w.steps(cs.ID)[0] != "releasing" {
					t.Fatalf("the other shop was asked: %v, then %v; %v, alerts %v", calls, got, w.steps(cs.ID), w.alerts.all())
				}
				w.shop.identity = "memory https://old.example"
				w.restart()
				w.at(w.clock.Now().Add(5 * time.Minute))
				if !slices.Equal(w.shop.told().released, []string{cs.Quote.CartRef}) || w.steps(cs.ID)[0] != "closed" {
					t.Fatalf("released %v, want %s; %v", w.shop.told().released, cs.Quote.CartRef, w.steps(cs.ID))
				}
			}, func(w *world) { w.shop.identity, w.settings.SessionTTL = "memory https://old.example", 5*time.Second }, seldom)
		})
	}
}

// calls counts everything that the shop was asked for.
func (w *world) calls() (n [7]int) {
	w.shop.do(func() {
		m := w.shop
		n = [7]int{len(m.placed), m.finds, len(m.records), m.releases, m.quoted, m.gets, m.cancels}
	})
	return n
}
