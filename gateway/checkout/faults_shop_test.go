package checkout_test

import (
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// Row 25: the shop fails after it made the order.
func TestRow25_ErrorAfterTheOrder(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]error{
		"unknown":       commerce.Faultf(commerce.Indeterminate, "planted"),
		"plain error":   errCut,
		"wrong kind":    commerce.Faultf(commerce.Unavailable, "planted: no kind of a shop"),
		"without a ref": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cs := w.create()
			w.shop.place = append(w.shop.place, func(make func() commerce.Snapshot) (commerce.Snapshot, error) {
				make()
				return commerce.Snapshot{}, fail
			})
			// The look-ups have their trouble too.
			w.shop.find = []error{commerce.Faultf(commerce.Temporary, "planted"), errCut}
			w.shop.get = []error{errCut}
			a, err := w.complete("k1", cs.ID, w.token())
			if got := session(t, a, err); got.Status != commerce.Completed {
				t.Fatalf("got %s", got.Status)
			}
			w.completed(cs.ID)
			if len(w.shop.told().orders) != 1 {
				t.Fatalf("%d orders", len(w.shop.told().orders))
			}
		})
	}
}

// Row 27: a definite refusal when the order is placed.
func TestRow27_RefusedAtPlacing(t *testing.T) {
	t.Parallel()
	for kind, code := range map[commerce.Kind]string{
		commerce.OutOfStock: commerce.CodeOutOfStock, commerce.ItemUnavailable: commerce.CodeOutOfStock,
		commerce.PriceChanged: commerce.CodePriceChange, commerce.CouponRejected: commerce.CodePriceChange,
		commerce.AddressRejected: commerce.CodeInvalid, commerce.NoShipping: commerce.CodeRegionRestricted,
		commerce.OptionGone: commerce.CodeInvalid, commerce.BuyerRejected: commerce.CodeInvalid, commerce.CartGone: commerce.CodeInvalid,
		commerce.Rejected: commerce.CodeInvalid, commerce.Unsupported: commerce.CodeInvalid,
	} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cs := w.create()
			w.shop.place = append(w.shop.place, refuse(kind))
			a, err := w.complete("k1", cs.ID, w.token())
			got := session(t, a, err)
			wantMessage(t, got, code)
			if code != commerce.CodePriceChange && got.Status != commerce.NotReady {
				t.Fatalf("got %s", got.Status)
			}
			w.untouched(cs.ID)
			if n := w.stripe.Arrivals(stripetest.OpCancel); n != 1 {
				t.Errorf("%d voids", n)
			}
			a, err = w.complete("k2", cs.ID, w.token())
			if got := session(t, a, err); got.Status != commerce.Completed {
				t.Fatalf("afterwards %s %v", got.Status, got.Messages)
			}
			w.completed(cs.ID)
		})
	}
}

// Row 28: the price moved since it was shown; up or down, nothing is charged.
func TestRow28_PriceMoved(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*memoryShop){
		"dearer":             func(m *memoryShop) { m.prices["tea"] = 2500 },
		"cheaper":            func(m *memoryShop) { m.prices["tea"] = 1500 },
		"shipping is free":   func(m *memoryShop) { m.freeShipping = true },
		"the cart is gone":   func(m *memoryShop) { clear(m.carts); m.prices["cup"] = 501 },
		"another is cheaper": func(m *memoryShop) { m.prices["cup"] = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cs := w.create()
			w.shop.do(func() { change(w.shop) })
			a, err := w.complete("k1", cs.ID, w.token())
			got := session(t, a, err)
			wantMessage(t, got, commerce.CodePriceChange)
			if got.Status != commerce.Ready || got.Quote.Total == cs.Quote.Total {
				t.Fatalf("got %s, total %d", got.Status, got.Quote.Total)
			}
			w.nothing(cs.ID)
			a, err = w.complete("k2", cs.ID, w.token())
			if done := session(t, a, err); done.Status != commerce.Completed || done.Quote.Total != got.Quote.Total {
				t.Fatalf("afterwards %s", done.Status)
			}
			w.completed(cs.ID)
		})
	}
	t.Run("while the order is placed anew", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cs := w.create()
		w.shop.place = append(w.shop.place, func(func() commerce.Snapshot) (commerce.Snapshot, error) {
			w.shop.do(func() { w.shop.prices["tea"] = 2100 })
			return commerce.Snapshot{}, errCut
		})
		a, err := w.complete("k1", cs.ID, w.token())
		got := session(t, a, err)
		wantMessage(t, got, commerce.CodePriceChange)
		if got.Quote.Total != cs.Quote.Total+2*101 {
			t.Fatalf("total %d", got.Quote.Total)
		}
		w.untouched(cs.ID)
	})
}

// Row 29: the stock is gone before complete.
func TestRow29_StockGoneBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	w.shop.do(func() { w.shop.stock["tea"] = 1 })
	a, err := w.complete("k1", cs.ID, w.token())
	got := session(t, a, err)
	wantMessage(t, got, commerce.CodeOutOfStock)
	if got.Status != commerce.NotReady || len(got.Quote.Lines) != 2 {
		t.Fatalf("got %s with %d lines", got.Status, len(got.Quote.Lines))
	}
	w.nothing(cs.ID)
}

// A shop that does not say of which line there is too little is told as that, which may pass, and an attempt that it meets is undone.
func TestRow29_StockGoneOfSomeLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	gone := func() {
		w.shop.do(func() { w.shop.quote = []error{commerce.Faultf(commerce.OutOfStock, "planted")} })
	}
	gone()
	_, err := w.complete("", cs.ID, w.token())
	wantKind(t, err, commerce.NothingAvailable)
	w.nothing(cs.ID)
	w.shop.place = append(w.shop.place, func(func() commerce.Snapshot) (commerce.Snapshot, error) {
		gone()
		return commerce.Snapshot{}, errCut
	})
	a, err := w.complete("", cs.ID, w.token())
	wantMessage(t, session(t, a, err), commerce.CodePriceChange)
	w.untouched(cs.ID)
}

// Row 30: the shop is away and the breaker opens.
func TestRow30_ShopDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.upstream.BreakerFailures, w.upstream.BreakerPause = 1, time.Hour })
	cs := w.create()
	w.shop.do(func() { w.shop.quote = []error{commerce.Faultf(commerce.Temporary, "planted")} })
	_, err := w.complete("", cs.ID, w.token())
	wantKind(t, err, commerce.Unavailable)
	asked := w.shop.told().quoted
	_, err = w.complete("", cs.ID, w.token())
	wantKind(t, err, commerce.Unavailable)
	_, err = w.update(cs.ID, commerce.UpdateRequest{})
	wantKind(t, err, commerce.Unavailable)
	if w.shop.told().quoted != asked {
		t.Error("the open breaker let a call through")
	}
	if got := w.get(cs.ID); got.Status != commerce.Ready || got.Quote.Total != cs.Quote.Total {
		t.Fatalf("GET shows %s", got.Status)
	}
	w.nothing(cs.ID)
	w.restart() // the breaker of a new process is closed
	a, _, err := w.insist("k9", cs.ID, w.token())
	if got := session(t, a, err); got.Status != commerce.Completed {
		t.Fatalf("afterwards %s", got.Status)
	}
	w.completed(cs.ID)
}

// Row 31: answers that make no sense are never taken for a price.
func TestRow31_OddQuotes(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*commerce.Quote){
		"negative price":  func(q *commerce.Quote) { q.Lines[0].UnitAmount = -1 },
		"wrong currency":  func(q *commerce.Quote) { q.Currency = "eur" },
		"does not add up": func(q *commerce.Quote) { q.Total++ },
		"no currency":     func(q *commerce.Quote) { q.Currency = "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cs := w.create()
			w.shop.do(func() { w.shop.spoil = spoil })
			_, err := w.complete("k1", cs.ID, w.token())
			wantKind(t, err, commerce.Unavailable)
			w.nothing(cs.ID)
			w.shop.do(func() { w.shop.spoil = nil })
			a, _, err := w.insist("k1", cs.ID, w.token())
			if got := session(t, a, err); got.Status != commerce.Completed {
				t.Fatalf("afterwards %s", got.Status)
			}
			w.completed(cs.ID)
		})
	}
}

// Row 34: the shop forgot the cart, which is built anew from ours.
func TestRow34_CartVanished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	w.shop.do(func() { clear(w.shop.carts) })
	a, err := w.complete("k1", cs.ID, w.token())
	if got := session(t, a, err); got.Status != commerce.Completed {
		t.Fatalf("got %s", got.Status)
	}
	w.completed(cs.ID)
}
