package checkout_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// points runs complete once in a world, undisturbed, and returns the points that the process passed until it was at rest.
func points(t *testing.T, change func(*world)) []string {
	t.Helper()
	w := newWorld(t, change)
	cs := w.create()
	w.process.arm(0)
	if _, err := w.complete("k1", cs.ID, w.token()); err != nil {
		t.Fatal(err)
	}
	w.rest(cs.ID)
	return w.process.passed()
}

// killed runs complete in a world whose process dies at point n, and starts the next process. first is the answer that the agent got,
// nil when there was none.
func killed(t *testing.T, n int, change func(*world)) (w *world, id string, first []byte) {
	t.Helper()
	w = newWorld(t, change)
	cs := w.create()
	w.process.arm(n)
	w.firstToken = w.token()
	c, token, answered := w.call("k1"), w.firstToken, make(chan []byte, 1)
	go func() {
		a, err := w.completeWith(c, cs.ID, token)
		if err != nil {
			a.Body = nil
		}
		answered <- a.Body
	}()
	// A slow machine passes a point or two more or less than the undisturbed walk did: then the process dies at rest.
	w.until("the process dies", func() bool { return w.process.killed() || w.resting(cs.ID) })
	w.crash()
	return w, cs.ID, <-answered
}

// TestRows1To9KillAtEveryPoint ends the process before and after every durable write and every outside call of a complete that goes
// well, and lets the agent come back with the same key, another key, another token, or not at all.
func TestRows1To9KillAtEveryPoint(t *testing.T) {
	t.Parallel()
	passed := points(t, func(*world) {})
	for _, must := range []string{"before commit", "after stripe POST", "before place", "after place", "after record"} {
		if !slices.Contains(passed, must) {
			t.Fatalf("the walk misses %q: %v", must, passed)
		}
	}
	for i, point := range passed {
		retries := []string{"same key", "other key", "other token", "none"}
		if slow > 1 {
			retries = retries[i%4 : i%4+1]
		}
		for _, retry := range retries {
			t.Run(fmt.Sprintf("%02d %s/%s", i+1, point, retry), func(t *testing.T) {
				t.Parallel()
				w, id, first := killed(t, i+1, func(*world) {})
				row := w.row(id)
				key, token := "k1", w.token() // the agent may send another body after a 5xx (S8)
				switch retry {
				case "none":
					if w.rest(id); len(w.steps(id)) == 0 || w.row(id).Status != commerce.Completed {
						w.untouched(id) // the intent was not durable: nothing happened anywhere
						return
					}
					w.completed(id)
					return
				case "other key":
					key, token = "k2", w.firstToken
				case "other token":
					key = "k2"
				}
				a, replayed, err := w.insist(key, id, token)
				switch {
				case row.Answered && key != "k1":
					wantKind(t, err, commerce.Conflict) // S9
				case row.Answered:
					if err != nil || !replayed || (first != nil && !bytes.Equal(first, a.Body)) {
						t.Fatalf("I5: replayed %v, %v", replayed, err)
					}
				default:
					if done := session(t, a, err); done.Status != commerce.Completed || done.Order == nil {
						t.Fatalf("got %s: %v", done.Status, done.Messages)
					}
				}
				w.completed(id)
			})
		}
	}
}

// TestKillWhileUndoing does the same on the ways back.
func TestKillWhileUndoing(t *testing.T) {
	t.Parallel()
	refused := func(w *world) { w.shop.always = refuse(commerce.OutOfStock) }
	for name, change := range map[string]func(*world){
		"void":   refused,
		"cancel": func(w *world) { w.shop.alter = func(o *commerce.Snapshot) { o.Total++ } },
		"refund": func(w *world) {
			refused(w)
			if err := w.stripe.Arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.Succeed, Times: 1}); err != nil {
				w.t.Fatal(err)
			}
		},
	} {
		for i, point := range points(t, change) {
			if slow > 1 && i%3 != 0 {
				continue // the race detector sees no more in all of them
			}
			t.Run(fmt.Sprintf("%s/%02d %s", name, i+1, point), func(t *testing.T) {
				t.Parallel()
				w, id, _ := killed(t, i+1, change)
				w.untouched(id)
				w.stripe.Disarm()
				w.shop.do(func() { w.shop.always, w.shop.alter = nil, nil })
				a, _, err := w.insist("k2", id, w.token())
				if done := session(t, a, err); done.Status != commerce.Completed {
					t.Fatalf("afterwards: %s %v", done.Status, done.Messages)
				}
				w.completed(id)
			})
		}
	}
}

// TestKillWhileReturning does the same where a completed order is given back because the shop will not note its payment (S11).
func TestKillWhileReturning(t *testing.T) {
	t.Parallel()
	change := func(w *world) {
		w.settings.RefundUnrecorded = true
		w.shop.refuseRecords = true
	}
	for i, point := range points(t, change) {
		if slow > 1 && i%3 != 0 {
			continue
		}
		t.Run(fmt.Sprintf("%02d %s", i+1, point), func(t *testing.T) {
			t.Parallel()
			w, id, _ := killed(t, i+1, change)
			w.rest(id)
			w.invariants(id)
			if row := w.row(id); row.Status != commerce.Completed {
				w.untouched(id)
				return
			}
			l := w.ledger(id)
			if len(w.shop.live()) != 0 || l.Captured("usd") == 0 || l.Captured("usd") != l.Refunded("usd") || len(l.Refunds) != 1 {
				t.Fatalf("orders %v, ledger %+v", w.shop.live(), l)
			}
			diff(t, []string{"order_create", "order_update"}, w.events(id))
			if o := w.get(id).Order; o.Status != commerce.OrderCanceled || len(o.Adjustments) != 1 {
				t.Fatalf("the agent reads %s %v", o.Status, o.Adjustments)
			}
		})
	}
}

// TestFailedCommits lets each commit of a complete fail once without writing, as on a full disk. The saga goes on when the disk does.
func TestFailedCommits(t *testing.T) {
	t.Parallel()
	for n := range 5 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cs := w.create()
			w.store.failAfter(n, 3)
			a, _, err := w.insist("k1", cs.ID, w.token())
			if done := session(t, a, err); done.Status != commerce.Completed {
				t.Fatalf("got %s: %v", done.Status, done.Messages)
			}
			w.completed(cs.ID)
			if n := len(w.shop.told().orders); n != 1 {
				t.Fatalf("%d orders were made", n)
			}
		})
	}
}

// TestPanicEndsOneSaga lets the shop's code panic: the saga is taken up again, and nobody else notices.
func TestPanicEndsOneSaga(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		cs := w.create()
		w.shop.place = append(w.shop.place, func(func() commerce.Snapshot) (commerce.Snapshot, error) { panic("planted") })
		w.sold((<-w.begin("k1", cs.ID, w.token())).session(t))
		if !w.alerts.has("saga_panicked") {
			t.Error("nobody was told")
		}
	})
}

// TestOrderlyEndIsNoCrash stops the service between two steps: nothing that was only intended counts as sent afterwards.
func TestOrderlyEndIsNoCrash(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		cs, g, stopped := w.create(), w.gate(), make(chan struct{})
		w.memory.hold = func(make func() payment.Intent) (payment.Intent, error) {
			g.pass()
			return make(), nil
		}
		answered := w.begin("", cs.ID, w.token())
		g.wait()
		go func() { defer close(stopped); w.service.Stop() }()
		wantKind(t, (<-answered).err, commerce.Unavailable)
		g.open()
		<-stopped
		w.restart()
		w.at(w.clock.Now().Add(time.Minute))
		w.sold(w.get(cs.ID))
		w.wantAsked(1, 0) // the order was not searched for, because it was never sent
		if n := len(w.memory.holds()); n != 1 {
			t.Errorf("%d holds were asked for", n)
		}
	})
}
