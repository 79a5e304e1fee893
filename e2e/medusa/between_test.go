//go:build e2e

package medusa_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/postern-gateway/postern/e2e/medusa"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// TestStockGoneBeforeComplete sells the last piece elsewhere after the session was ready: nothing is held.
func TestStockGoneBeforeComplete(t *testing.T) {
	w := newWorld(t)
	w.scarce()
	for _, version := range []string{oldest, newest} {
		a := w.agents[version]
		w.setStock(medusa.ScarceSKU, 1)
		s := a.create(a.cart(medusa.ServedCountry, nil, medusa.ScarceSKU, 1))
		if s.Status != "ready_for_payment" {
			t.Fatalf("created %+v", s)
		}
		w.setStock(medusa.ScarceSKU, 0)
		s = a.complete(s)
		if m, ok := s.says("error", "out_of_stock"); !ok || m.Param != "$.line_items[0]" || s.Status != "not_ready_for_payment" || s.Order != nil {
			t.Errorf("completed %+v", s)
		}
		w.untouched(s.ID)
	}
}

// TestStockGoneWhilePaying sells the last piece in the moment between the hold and the order: the shop refuses, and the hold is let go
// before the agent is answered.
func TestStockGoneWhilePaying(t *testing.T) {
	w := newWorld(t)
	w.scarce()
	a := w.agents[newest]
	s := a.create(a.cart(medusa.ServedCountry, nil, medusa.TowelSKU, 1, medusa.ScarceSKU, 1))
	x := w.proxy.set(http.MethodPost, completePath, trap{before: func() { w.setStock(medusa.ScarceSKU, 0) }})
	s = a.complete(s)
	x.wait(t)
	if m, ok := s.says("error", "out_of_stock"); !ok || m.Param != "$.line_items[1]" || s.Status != "not_ready_for_payment" || s.Order != nil {
		t.Errorf("completed %+v", s)
	}
	w.unsold(s.ID)
	intents := w.money(s.ID).Intents
	if len(intents) != 1 || intents[0].Status != stripetest.StatusCanceled || intents[0].Captures != 0 {
		t.Errorf("intents %+v", intents)
	}
	towel := object{"line_items": []object{{"id": medusa.TowelSKU, "quantity": 1}}}
	if s = a.complete(a.update(s, towel)); s.Status != "completed" {
		t.Fatalf("without the piece that is gone: %+v", s)
	}
	order, intent := w.sold(s.ID)
	w.narrate("recovery: %s was canceled when the last piece went; order %s was then bought with %s", intents[0].ID, order.ID, intent.ID)
}

// TestPriceChangedBeforeComplete raises a price, and ends a promotion, after the session was shown: nothing is held, the session shows
// what it costs now, and a second complete buys at that price.
func TestPriceChangedBeforeComplete(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*testing.T, *world)
		total  int64
	}{
		// (18.49 + 32.49 - 10.00 + 5.50) * 1.0825
		{"a price", func(t *testing.T, w *world) { w.setPrice(t, medusa.TowelSKU, "17.49", "18.49") }, 5031},
		// (17.49 + 32.49 + 5.50) * 1.0825
		{"a promotion", func(t *testing.T, w *world) { w.suspend(t, medusa.Code) }, 6006},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			a := w.agents[newest]
			s := a.create(a.cart(medusa.ServedCountry, []string{medusa.Code}, medusa.TowelSKU, 1, medusa.TeapotSKU, 1))
			if s.sum("total") != 4923 {
				t.Fatalf("created %+v", s)
			}
			c.change(t, w)
			s = a.complete(s)
			if m, ok := s.says("warning", "price_change"); !ok || m.Resolution == "" || s.Order != nil || s.sum("total") != c.total || s.Status != "ready_for_payment" {
				t.Errorf("completed %+v", s)
			}
			w.untouched(s.ID)
			if s = a.complete(s); s.Status != "completed" {
				t.Fatalf("completed again %+v", s)
			}
			order, intent := w.sold(s.ID)
			if intent.Captured != c.total || order.Agreed().Shift(2).Round(0).IntPart() != c.total {
				t.Errorf("order %s, charge %d, want %d", order.Agreed(), intent.Captured, c.total)
			}
			w.narrate("%s changed before paying: nothing was held, then %s bought %s for %s", c.name, intent.ID, order.ID, cents(intent.Captured))
		})
	}
}

// TestCancelLeavesNothing ends a session that was ready: no order, no money, the stock as before, and no way back.
func TestCancelLeavesNothing(t *testing.T) {
	w := newWorld(t)
	for _, version := range []string{oldest, newest} {
		a := w.agents[version]
		before := w.stock(medusa.TowelSKU)
		s := a.create(a.cart(medusa.ServedCountry, nil, medusa.TowelSKU, 3))
		path := "/checkout_sessions/" + s.ID
		if s = a.session(http.StatusOK, http.MethodPost, path+"/cancel", object{}); s.Status != "canceled" {
			t.Errorf("canceled %+v", s)
		}
		a.must(http.StatusMethodNotAllowed, http.MethodPost, path+"/cancel", object{})
		a.must(http.StatusConflict, http.MethodPost, path+"/complete", a.pay())
		w.untouched(s.ID)
		if now := w.stock(medusa.TowelSKU); now != before {
			t.Errorf("stock is %+v, was %+v", now, before)
		}
		if events := a.events.of(s.ID); len(events) > 0 {
			t.Errorf("events of a canceled session: %s", events[0].body)
		}
	}
}

// setPrice changes a price until the end of the test.
func (w *world) setPrice(t *testing.T, sku, was, is string) {
	t.Helper()
	must(t, w.shop.SetPrice(t.Context(), w.seeded.Variants[sku], decimal.RequireFromString(is)))
	t.Cleanup(func() {
		must(t, w.shop.SetPrice(context.WithoutCancel(t.Context()), w.seeded.Variants[sku], decimal.RequireFromString(was)))
	})
}

// suspend takes a promotion away until the end of the test.
func (w *world) suspend(t *testing.T, code string) {
	t.Helper()
	must(t, w.shop.SetPromotion(t.Context(), code, false))
	t.Cleanup(func() { must(t, w.shop.SetPromotion(context.WithoutCancel(t.Context()), code, true)) })
}
