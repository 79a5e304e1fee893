package checkout_test

import (
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// TestMovedPriceIsShownBeforeItIsCharged leaves an attempt alone that the shop refuses at a new price. Whoever completes next was told
// of the old price only, and must be shown the new one before a second attempt charges it.
func TestMovedPriceIsShownBeforeItIsCharged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs, gone := w.create(), w.gate()
	w.shop.place = append(w.shop.place, func(func() commerce.Snapshot) (commerce.Snapshot, error) {
		gone.pass()
		w.shop.do(func() { w.shop.prices["tea"] += 100 })
		return commerce.Snapshot{}, commerce.Faultf(commerce.PriceChanged, "planted")
	})
	w.leave("k1", cs.ID, w.token())
	gone.open()
	w.until("the attempt is undone", func() bool { return !w.row(cs.ID).Live })

	a, err := w.complete("k2", cs.ID, w.token())
	shown := session(t, a, err)
	wantMessage(t, shown, commerce.CodePriceChange)
	if shown.Status != commerce.Ready || shown.Quote.Total != cs.Quote.Total+200 || w.ledger(cs.ID).Captured("usd") != 0 {
		t.Fatalf("%s at %d, captured %d", shown.Status, shown.Quote.Total, w.ledger(cs.ID).Captured("usd"))
	}
	a, err = w.complete("k3", cs.ID, w.token())
	if got := session(t, a, err); got.Status != commerce.Completed || w.ledger(cs.ID).Captured("usd") != shown.Quote.Total {
		t.Fatalf("%s, captured %d", got.Status, w.ledger(cs.ID).Captured("usd"))
	}
	w.completed(cs.ID)
}

// TestEmptyLookUpThatProvesNothing loses the reply of a placing call at a shop whose search then cannot speak for sure. Nothing is placed
// again and nothing is let go.
func TestEmptyLookUpThatProvesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deadline = 400 * time.Millisecond
	cs := w.create()
	w.shop.place = append(w.shop.place, func(func() commerce.Snapshot) (commerce.Snapshot, error) { return commerce.Snapshot{}, errCut })
	w.shop.do(func() { w.shop.weak = true })
	w.leave("k1", cs.ID, w.token())
	w.stepIs(cs.ID, "needs_operator")
	if len(w.shop.told().placed) != 1 || !w.alerts.has("order_unknown") || w.ledger(cs.ID).Held("usd") != cs.Quote.Total {
		t.Fatalf("%d calls, alerts %v, held %d", len(w.shop.told().placed), w.alerts.all(), w.ledger(cs.ID).Held("usd"))
	}
}
