package checkout_test

import (
	"slices"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// TestS03_ACartOfACompleteThatIsRefusedIsReleased lets the shop forget a session's cart, so that completing prices in a new one, and sends a
// token that cannot pay. The new cart belongs to nobody and is given back; the session goes on.
func TestS03_ACartOfACompleteThatIsRefusedIsReleased(t *testing.T) {
	t.Parallel()
	for name, forgets := range map[string]bool{"a new cart": true, "the session's own": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cs := w.create()
			own := cs.Quote.CartRef
			w.shop.do(func() {
				if forgets {
					clear(w.shop.carts)
					w.shop.carts["somebody's"] = commerce.Cart{} // so that no new cart has the old one's name
				}
			})
			before := w.get(cs.ID)
			_, err := w.complete("k1", cs.ID, w.token(func(g *stripetest.Grant) { g.Currency = "eur" }))
			wantKind(t, err, commerce.Invalid)
			w.rest(cs.ID)
			w.shop.do(func() {
				if len(w.shop.released) != map[bool]int{true: 1}[forgets] || len(w.shop.carts) != 1 {
					t.Errorf("released %v, kept %v", w.shop.released, w.shop.carts)
				}
				if slices.Contains(w.shop.released, own) {
					t.Errorf("the session's cart was released")
				}
			})
			diff(t, before, w.get(cs.ID))
			a, err := w.complete("k2", cs.ID, w.token())
			if got := session(t, a, err); got.Status != commerce.Completed {
				t.Fatalf("got %s", got.Status)
			}
			w.completed(cs.ID)
		})
	}
}
