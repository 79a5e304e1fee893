package checkout_test

import (
	"slices"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// unheard is a call to the shop that never arrived, and whose sender cannot know that.
func unheard(func() commerce.Snapshot) (commerce.Snapshot, error) {
	return commerce.Snapshot{}, errCut
}

// TestS05_NothingIsAskedBeforeTheQuarantineEnds asks the shop at the very moment at which a call that was cut off can no longer take
// effect, counted from the mark before the call, and not one nanosecond earlier.
func TestS05_NothingIsAskedBeforeTheQuarantineEnds(t *testing.T) {
	t.Parallel()
	type call = func(func() commerce.Snapshot) (commerce.Snapshot, error)
	for name, c := range map[string]struct {
		call      func(*world) call
		placed    int // in the end
		meanwhile func(w *world, id string, mark time.Time)
	}{
		"the order was made": {call: func(*world) call { return lost }, placed: 1},
		"the order comes at the last moment": {
			call: func(w *world) call {
				return late(w.shop, quarantine-time.Nanosecond)
			},
			placed: 1,
		},
		"the order never comes": {call: func(*world) call { return unheard }, placed: 2},
		"the call takes all of its time": {
			call: func(w *world) call {
				return func(func() commerce.Snapshot) (commerce.Snapshot, error) {
					time.Sleep(w.upstream.Timeout)
					return unheard(nil)
				}
			},
			placed: 2,
		},
		"somebody asks for it all the time": {
			call: func(*world) call { return unheard }, placed: 2,
			meanwhile: func(w *world, id string, mark time.Time) {
				for n := range 7 {
					w.begin("", id, w.token())
					w.at(mark.Add(time.Duration(n+1) * 5 * time.Second))
					w.wantAsked(1, 0)
				}
			},
		},
		"the process dies": {
			call: func(*world) call { return unheard }, placed: 2,
			meanwhile: func(w *world, _ string, mark time.Time) {
				w.at(mark.Add(10 * time.Second))
				w.crash()
			},
		},
		"the process dies and the order comes at the last moment": { // row 6
			call: func(w *world) call {
				return func(make func() commerce.Snapshot) (commerce.Snapshot, error) {
					w.process.kill()
					return late(w.shop, quarantine-time.Nanosecond)(make)
				}
			},
			placed: 1,
			meanwhile: func(w *world, id string, mark time.Time) {
				w.at(mark)
				w.restart()
				if got := w.get(id).Status; got != commerce.CompleteInProgress {
					w.t.Fatalf("S7: GET shows %s", got)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				cs := w.create()
				w.shop.place = append(w.shop.place, c.call(w))
				answered := w.begin("k1", cs.ID, w.token())
				mark := w.clock.Now() // nothing has taken any time so far
				if c.meanwhile != nil {
					c.meanwhile(w, cs.ID, mark)
				}
				w.at(mark.Add(quarantine - time.Nanosecond))
				w.wantAsked(1, 0)
				g := w.saga(cs.ID)
				if g.Step != "placing" || !g.Mark.Equal(mark) || !g.DueAt.Equal(mark.Add(quarantine)) {
					t.Fatalf("%s, marked %s, due %s after the mark", g.Step, g.Mark, g.DueAt.Sub(mark))
				}
				w.at(mark.Add(quarantine))
				w.wantAsked(c.placed, 1)
				<-answered
				w.sold(w.get(cs.ID))
			})
		})
	}
}

// TestS05_WhoCannotBeSearched leaves an unknown order to a person at once: waiting would bring nothing to light.
func TestS05_WhoCannotBeSearched(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		cs := w.create()
		w.shop.place = append(w.shop.place, lost)
		answered := w.begin("k1", cs.ID, w.token())
		mark := w.clock.Now()
		w.at(mark.Add(quarantine))
		if g := w.saga(cs.ID); g.Step != "needs_operator" || !w.alerts.has("order_unknown") {
			t.Fatalf("%s, alerts %v", g.Step, w.alerts.all())
		}
		w.wantAsked(1, 0)
		asked := w.clock.Now()
		_, err := w.complete("k2", cs.ID, w.token())
		wantKind(t, err, commerce.Unavailable)
		if took := w.clock.Now().Sub(asked); took != 0 {
			t.Errorf("told after %s what only a person can change", took)
		}
		wantKind(t, (<-answered).err, commerce.Unavailable)
		if held, taken := w.memory.money(); held != cs.Quote.Total || taken != 0 || !w.row(cs.ID).Live {
			t.Fatalf("held %d, taken %d", held, taken)
		}
	}, func(w *world) { w.shop.facts.ExactLookup = false })
}

// TestS05_IdempotentShopIsAskedAgain needs no quarantine where the shop knows our key, but for a refusal, which says nothing about
// the call before.
func TestS05_IdempotentShopIsAskedAgain(t *testing.T) {
	t.Parallel()
	idempotent := func(w *world) { w.shop.facts.Idempotent, w.shop.facts.ExactLookup = true, false }
	t.Run("and has the order", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, w *world) {
			cs := w.create()
			w.shop.place = append(w.shop.place, lost)
			answered := w.begin("k1", cs.ID, w.token())
			w.at(w.clock.Now().Add(250 * time.Millisecond))
			w.wantAsked(2, 0)
			w.sold((<-answered).session(t))
		}, idempotent)
	})
	t.Run("and refuses while the first call runs", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, w *world) {
			cs := w.create()
			w.shop.place = append(w.shop.place, late(w.shop, 20*time.Second), refuse(commerce.OutOfStock))
			answered := w.begin("k1", cs.ID, w.token())
			mark := w.clock.Now()
			w.at(mark.Add(250 * time.Millisecond))
			w.wantAsked(2, 0)
			again := w.saga(cs.ID).Mark // the second call has a mark of its own
			if !again.Equal(mark.Add(250 * time.Millisecond)) {
				t.Fatalf("marked anew after %s", again.Sub(mark))
			}
			w.at(again.Add(quarantine - time.Nanosecond))
			w.wantAsked(2, 0)
			w.at(again.Add(quarantine))
			w.wantAsked(3, 0)
			w.sold((<-answered).session(t)) // the hold was not let go under an order
		}, idempotent)
	})
	t.Run("and refuses for good", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, w *world) {
			cs := w.create()
			w.shop.place = append(w.shop.place, unheard)
			w.shop.always = refuse(commerce.OutOfStock)
			answered := w.begin("k1", cs.ID, w.token())
			again := w.clock.Now().Add(250 * time.Millisecond)
			w.at(again.Add(quarantine - time.Nanosecond))
			w.wantAsked(2, 0)
			w.at(again.Add(quarantine))
			w.wantAsked(3, 0)
			wantMessage(t, (<-answered).session(t), commerce.CodeOutOfStock)
			w.unsold(cs.ID)
		}, idempotent)
	})
}

// TestS05_TheShopSaysThatTheCartIsAnOrder looks at once, because there is something to be found, and again when the quarantine ends. An
// order that is never listed is left to a person: never is a second order placed beside one that exists.
func TestS05_TheShopSaysThatTheCartIsAnOrder(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		cs := w.create()
		w.shop.place = append(w.shop.place, refuse(commerce.AlreadyPlaced))
		answered := w.begin("k1", cs.ID, w.token())
		mark := w.clock.Now()
		w.at(mark)
		w.wantAsked(1, 1)
		w.at(mark.Add(quarantine - time.Nanosecond))
		w.wantAsked(1, 1)
		w.at(mark.Add(quarantine))
		w.wantAsked(1, 2)
		if g := w.saga(cs.ID); g.Step != "needs_operator" || !slices.Equal(w.alerts.all(), []string{"order_not_found"}) {
			t.Fatalf("%s, alerts %v", g.Step, w.alerts.all())
		}
		wantKind(t, (<-answered).err, commerce.Unavailable)
	})
}

// TestRow26_OrderAppearsAfterTheLookUp lets an order appear later than the shop had said, after another was placed. The sweep finds it.
func TestRow26_OrderAppearsAfterTheLookUp(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		cs := w.create()
		w.shop.place = append(w.shop.place, late(w.shop, quarantine+time.Nanosecond))
		answered := w.begin("k1", cs.ID, w.token())
		completed := w.clock.Now().Add(quarantine)
		w.at(completed)
		w.wantAsked(2, 1)
		w.sold((<-answered).session(t))
		w.at(completed.Add(2*time.Minute - time.Nanosecond))
		w.wantAsked(2, 1)
		if n := len(w.shop.live()); n != 2 {
			t.Fatalf("%d orders stand", n)
		}
		w.at(completed.Add(2 * time.Minute))
		w.wantAsked(2, 2)
		w.sold(w.get(cs.ID))
		if !w.alerts.has("second_order") {
			t.Fatalf("alerts %v", w.alerts.all())
		}
	}, func(w *world) { w.timing.Sweeps = []time.Duration{2 * time.Minute} })
}
