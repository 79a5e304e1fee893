package checkout_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// TestRow58_TotalOverflow asks for more than 64 bits can hold. The request is refused for good, nothing of it is stored, and the shop is
// not taken to be ill: the next call reaches it.
func TestRow58_TotalOverflow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines []commerce.CartLine
		param string
	}{
		"quantity × price": {[]commerce.CartLine{{ItemID: "cup", Quantity: 1}, {ItemID: "gem", Quantity: 4}}, "$.line_items[1].quantity"},
		"sum of lines":     {[]commerce.CartLine{{ItemID: "gem", Quantity: 1}, {ItemID: "gem", Quantity: 1}}, "$.line_items"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world) {
				w.shop.prices["gem"], w.shop.stock["gem"] = math.MaxInt64/2+1, 50
				w.upstream.BreakerFailures = 1
			})
			cs := w.create()
			for range 2 {
				ids := w.seq.Load()
				_, err := w.service.Create(t.Context(), w.call(""), commerce.CreateRequest{Lines: c.lines})
				wantTooLarge(t, err, c.param)
				if _, err := w.store.Session(t.Context(), fmt.Sprintf("cs_%06d", ids+1)); err == nil {
					t.Error("a session was stored")
				}
				_, err = w.update(cs.ID, commerce.UpdateRequest{Lines: commerce.Set(c.lines)})
				wantTooLarge(t, err, c.param)
			}
			if got := w.get(cs.ID); got.Quote.Total != cs.Quote.Total || len(got.Cart.Lines) != 2 || got.Cart.Lines[0].ItemID != "tea" {
				t.Fatalf("the session was changed: %d, %v", got.Quote.Total, got.Cart.Lines)
			}
			w.nothing(cs.ID)
			a, err := w.complete("k1", cs.ID, w.token())
			if got := session(t, a, err); got.Status != commerce.Completed {
				t.Fatalf("afterwards %s", got.Status)
			}
			w.completed(cs.ID)
		})
	}
	t.Run("at complete", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cs := w.create()
		w.shop.do(func() { w.shop.prices["tea"] = math.MaxInt64/2 + 1 })
		_, err := w.complete("k1", cs.ID, w.token())
		wantTooLarge(t, err, "$.line_items[0].quantity")
		if got := w.get(cs.ID); got.Status != commerce.Ready || got.Quote.Total != cs.Quote.Total {
			t.Fatalf("%s, total %d", got.Status, got.Quote.Total)
		}
		w.nothing(cs.ID)
	})
}

func wantTooLarge(t *testing.T, err error, param string) {
	t.Helper()
	f, ok := errors.AsType[*commerce.Fault](err)
	if !ok || f.Kind != commerce.Invalid || f.Param != param || !errors.Is(err, commerce.ErrOverflow) {
		t.Fatalf("got %v, want a request that is refused at %s", err, param)
	}
}
