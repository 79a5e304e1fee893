package checkout_test

import (
	"slices"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

func TestS03_NextAttemptHasNewKeysAndANewCart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	w.shop.place = append(w.shop.place, refuse(commerce.OutOfStock))
	a, err := w.complete("k1", cs.ID, w.token())
	wantMessage(t, session(t, a, err), commerce.CodeOutOfStock)
	w.untouched(cs.ID)
	a, err = w.complete("k2", cs.ID, w.token())
	if got := session(t, a, err); got.Status != commerce.Completed {
		t.Fatalf("got %s", got.Status)
	}
	w.completed(cs.ID)
	p := w.shop.told().placed
	if len(p) != 2 || p[0].Key == p[1].Key || p[0].CartRef == p[1].CartRef || !slices.Contains(w.shop.told().released, p[0].CartRef) {
		t.Fatalf("places %+v, released %v", p, w.shop.told().released)
	}
	keys := map[string]bool{}
	for _, r := range w.stripe.Requests() {
		if r.Op == stripetest.OpCreate {
			keys[r.Key] = true
		}
	}
	if len(keys) != 2 {
		t.Fatalf("keys of the holds: %v", keys)
	}
}

func TestS03_CartWithAnUnknownWriteIsNeverUsedAgain(t *testing.T) {
	t.Parallel()
	for name, plant := range map[string]func(*memoryShop){
		"placed anew at once": func(*memoryShop) {},
		"the first pricing of the new cart fails": func(m *memoryShop) {
			m.quote = []error{commerce.Faultf(commerce.Temporary, "planted"), commerce.Faultf(commerce.Temporary, "planted")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cs := w.create()
			w.shop.place = append(w.shop.place, func(func() commerce.Snapshot) (commerce.Snapshot, error) {
				w.shop.do(func() { plant(w.shop) })
				return commerce.Snapshot{}, errCut // never acted
			})
			a, err := w.complete("k1", cs.ID, w.token())
			if got := session(t, a, err); got.Status != commerce.Completed {
				t.Fatalf("got %s", got.Status)
			}
			w.completed(cs.ID)
			p := w.shop.told().placed
			if len(p) != 2 || p[0].Key != p[1].Key || p[0].CartRef == p[1].CartRef {
				t.Fatalf("places %+v", p)
			}
		})
	}
}

// TestS03_PricingOfUnknownOutcomeDropsTheCart cuts a quote: the shop's cart may be in any state.
func TestS03_PricingOfUnknownOutcomeDropsTheCart(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(*world, string) error{
		"update": func(w *world, id string) error {
			_, err := w.update(id, commerce.UpdateRequest{Codes: commerce.Set([]string{"SAVE"})})
			return err
		},
		"complete": func(w *world, id string) error {
			_, err := w.complete("k1", id, w.token())
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cs := w.create()
			w.shop.quote = []error{errCut}
			wantKind(t, act(w, cs.ID), commerce.Unavailable)
			w.rest(cs.ID)
			if !slices.Contains(w.shop.told().released, cs.Quote.CartRef) {
				t.Fatalf("released %v, want %s", w.shop.told().released, cs.Quote.CartRef)
			}
			a, _, err := w.insist("k2", cs.ID, w.token())
			if got := session(t, a, err); got.Status != commerce.Completed {
				t.Fatalf("got %s", got.Status)
			}
			w.completed(cs.ID)
			if got := w.shop.told().placed[0].CartRef; got == cs.Quote.CartRef {
				t.Fatalf("cart %s was used again", got)
			}
		})
	}
}

func TestS03_CanceledOrderIsNeverAdopted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	w.shop.place = append(w.shop.place, func(make func() commerce.Snapshot) (commerce.Snapshot, error) {
		o := make()
		if err := w.shop.doCancel(t.Context(), adapters.CancelRequest{Ref: o.Ref}); err != nil {
			t.Error(err)
		}
		return commerce.Snapshot{}, errCut
	})
	a, err := w.complete("k1", cs.ID, w.token())
	got := session(t, a, err)
	if got.Status != commerce.Completed || got.Order.Number != "1002" {
		t.Fatalf("got %s with %v", got.Status, got.Order)
	}
	w.completed(cs.ID)
}

func TestS04_OrderUnlikeTheQuoteIsUndone(t *testing.T) {
	t.Parallel()
	for name, alter := range map[string]func(*commerce.Snapshot){
		"dearer":   func(o *commerce.Snapshot) { o.Total++ },
		"cheaper":  func(o *commerce.Snapshot) { o.Total-- },
		"currency": func(o *commerce.Snapshot) { o.Currency = "eur" },
		"quantity": func(o *commerce.Snapshot) { o.Lines[0].Ordered++ },
		"item":     func(o *commerce.Snapshot) { o.Lines[0].ItemID = "coffee" },
		"a line more": func(o *commerce.Snapshot) {
			o.Lines = append(o.Lines, commerce.SnapshotLine{ID: "9", ItemID: "cup", Ordered: 1})
		},
		"a line less": func(o *commerce.Snapshot) { o.Lines = o.Lines[:1] },
		"address": func(o *commerce.Snapshot) {
			o.ShipTo = &commerce.Address{LineOne: "2 Main St", City: "Reno", PostalCode: "89501", Country: "US"}
		},
		"option": func(o *commerce.Snapshot) { o.OptionID = "fast" },
	} {
		for _, adopted := range []bool{false, true} {
			t.Run(name+map[bool]string{false: "/placed", true: "/adopted"}[adopted], func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				cs := w.create()
				w.shop.alter = func(o *commerce.Snapshot) {
					alter(o)
					w.shop.alter = nil
				}
				if adopted {
					w.shop.place = append(w.shop.place, lost)
				}
				a, err := w.complete("k1", cs.ID, w.token())
				got := session(t, a, err)
				wantMessage(t, got, commerce.CodePriceChange)
				if got.Status != commerce.Ready || got.Quote.Total == 0 {
					t.Fatalf("got %s, total %d", got.Status, got.Quote.Total)
				}
				w.rest(cs.ID)
				w.invariants(cs.ID)
				if len(w.shop.live()) != 0 || w.ledger(cs.ID).Held("usd") != 0 || w.ledger(cs.ID).Captured("usd") != 0 {
					t.Fatalf("orders %v, ledger %+v", w.shop.live(), w.ledger(cs.ID))
				}
				if !w.alerts.has("order_unlike_the_quote") {
					t.Error("nobody was told")
				}
				diff(t, []string(nil), w.events(cs.ID))
			})
		}
	}
}

func TestS03_DeclinedAttemptGivesItsCartUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	a, err := w.complete("k1", cs.ID, w.token(func(g *stripetest.Grant) { g.PaymentMethod = "pm_card_visa_chargeDeclined" }))
	if got := session(t, a, err); got.Quote.CartRef != "" {
		t.Fatalf("the next attempt would use cart %s", got.Quote.CartRef)
	}
	a, err = w.complete("k2", cs.ID, w.token())
	if got := session(t, a, err); got.Status != commerce.Completed {
		t.Fatalf("got %s", got.Status)
	}
	w.completed(cs.ID)
	if got := w.shop.told().placed[0].CartRef; got == cs.Quote.CartRef || !slices.Contains(w.shop.told().released, cs.Quote.CartRef) {
		t.Fatalf("placed from %s, released %v", got, w.shop.told().released)
	}
}
