package checkout_test

import (
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
)

// TestTakenUnlikeTheTotalIsLeftToAPerson lets the processor take another amount than the order costs. No order is told, nothing is given
// back and nothing is taken once more: what happened there is for a person to find out.
func TestTakenUnlikeTheTotalIsLeftToAPerson(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		short  int64
		atOnce bool // although a hold was asked for
	}{
		"too little":          {1, false},
		"too much":            {-1, false},
		"too little, at once": {1, true},
		"too much, at once":   {-1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				w.memory.short, w.memory.taken = c.short, c.atOnce
				cs := w.create()
				answered := w.begin("k1", cs.ID, w.token())
				w.at(w.clock.Now().Add(time.Minute))
				if g := w.saga(cs.ID); g.Step != "needs_operator" || !g.Live || !w.alerts.has("captured_unlike_the_total") {
					t.Fatalf("%s, alerts %v", g.Step, w.alerts.all())
				}
				wantKind(t, (<-answered).err, commerce.Unavailable)
				if held, taken := w.memory.money(); held != 0 || taken != cs.Quote.Total-c.short || len(w.memory.returns()) != 0 {
					t.Fatalf("held %d, taken %d, given back %v", held, taken, w.memory.returns())
				}
				if got := w.get(cs.ID); got.Status != commerce.CompleteInProgress || got.Order != nil || len(w.events(cs.ID)) != 0 {
					t.Fatalf("%s with order %v, events %v", got.Status, got.Order, w.events(cs.ID))
				}
			})
		})
	}
}

// TestS06_ARefundGetsANewKeyOnlyWhenTheOldOneHasSettled lets a refund end in a failure that the processor stores. It may have been made all
// the same and not be listed yet, so that another key before the settle time has passed could give the money back twice.
func TestS06_ARefundGetsANewKeyOnlyWhenTheOldOneHasSettled(t *testing.T) {
	t.Parallel()
	const settle = 30 * time.Second
	bubble(t, func(t *testing.T, w *world) {
		cs := w.create()
		w.memory.taken = true
		for range 8 { // the last of them comes later than the settle time
			w.memory.refunds = append(w.memory.refunds, &payment.Error{Kind: payment.Unknown, StoredReply: true, Message: "planted: stored"})
		}
		w.shop.always = refuse(commerce.OutOfStock)
		wantMessage(t, (<-w.begin("k1", cs.ID, w.token())).session(t), commerce.CodeOutOfStock)
		w.unsold(cs.ID)
		all := w.memory.returns()
		if len(all) != 9 {
			t.Fatalf("%d calls: %v", len(all), all)
		}
		for _, p := range all[:8] {
			if p.key != all[0].key {
				t.Fatalf("a new key after %s", p.at.Sub(all[0].at))
			}
		}
		if last := all[8]; last.key == all[0].key || last.at.Sub(all[0].at) < settle {
			t.Fatalf("the last call after %s, under a new key: %v", last.at.Sub(all[0].at), last.key != all[0].key)
		}
	})
}
