package checkout_test

import (
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// TestS10_AnUnknownOrderIsLookedForBeforeItIsGivenUp lets nobody come back to an attempt whose order may exist. That it is abandoned is no
// reason to let the hold go: first the shop is searched, when the call can have no more effect. An order that is there goes forward; only
// one that surely is not gives the attempt up.
func TestS10_AnUnknownOrderIsLookedForBeforeItIsGivenUp(t *testing.T) {
	t.Parallel()
	const abandoned = 10 * time.Second
	for name, c := range map[string]struct {
		plant func(*world)
		sold  bool
	}{
		"the order was made": {func(w *world) { w.shop.place = append(w.shop.place, lost) }, true},
		"it comes at the last moment": {func(w *world) {
			w.shop.place = append(w.shop.place, late(w.shop, quarantine-time.Nanosecond))
		}, true},
		"there is none": {func(w *world) { w.shop.always = unheard }, false},
		"a shop that knows our key made it": {func(w *world) {
			w.shop.facts.Idempotent, w.shop.always = true, unheard
			w.shop.place = append(w.shop.place, lost)
		}, true},
		"a shop that knows our key has none": {func(w *world) { w.shop.facts.Idempotent, w.shop.always = true, unheard }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				cs := w.create()
				answered := w.begin("k1", cs.ID, w.token())
				mark := w.clock.Now()
				w.at(mark.Add(quarantine - time.Nanosecond))
				if held, _ := w.memory.money(); held != cs.Quote.Total || w.shop.told().finds != 0 {
					t.Fatalf("%d held, %d look-ups before the quarantine has ended\n%s", held, w.shop.told().finds, w.history(cs.ID))
				}
				placed, _ := w.asked()
				w.at(mark.Add(abandoned + 2*quarantine)) // counted from the last call, where there are several
				if _, finds := w.asked(); finds == 0 {
					t.Fatalf("nobody looked\n%s", w.history(cs.ID))
				}
				r := <-answered
				if c.sold {
					w.sold(w.get(cs.ID))
				} else {
					wantKind(t, r.err, commerce.Unavailable)
					w.unsold(cs.ID)
				}
				if now, _ := w.asked(); now != placed {
					t.Errorf("placed %d times once it was abandoned", now-placed)
				}
			}, func(w *world) { w.settings.AbandonAfter = abandoned }, c.plant)
		})
	}
}
