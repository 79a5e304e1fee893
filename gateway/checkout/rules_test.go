package checkout_test

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
	"github.com/postern-gateway/postern/gateway/store"
)

// gate is a shop call that waits until the test opens it, deaf to its context as a shop is.
type gate struct{ entered, open chan struct{} }

func newGate() *gate { return &gate{entered: make(chan struct{}), open: make(chan struct{})} }

func (g *gate) place(make func() commerce.Snapshot) (commerce.Snapshot, error) {
	close(g.entered)
	<-g.open
	return make(), nil
}

// begin starts a complete that the test does not wait for.
func (w *world) begin(key, id, token string) <-chan result {
	w.t.Helper()
	c, answered := w.call(key), make(chan result, 1)
	go func() {
		a, err := w.completeWith(c, id, token)
		answered <- result{a, err}
	}()
	return answered
}

type result struct {
	answer store.Answer
	err    error
}

func (w *world) arm(f ...stripetest.Fault) {
	w.t.Helper()
	if err := w.stripe.Arm(f...); err != nil {
		w.t.Fatal(err)
	}
}

func TestS01_BoundFromTheIntentOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.settings.SessionTTL = 20 * time.Second
		w.upstream.Timeout = 10 * time.Second
	})
	cs, g := w.create(), newGate()
	w.shop.place = append(w.shop.place, g.place)
	answered := w.begin("k1", cs.ID, w.token())
	<-g.entered
	_, err := w.update(cs.ID, commerce.UpdateRequest{Codes: commerce.Set([]string{"SAVE"})})
	wantKind(t, err, commerce.Conflict)
	_, err = w.cancel(cs.ID)
	wantKind(t, err, commerce.Conflict)
	other := w.create()
	w.clock.advance(30 * time.Second)
	w.until("the other session expires", func() bool { return w.row(other.ID).Status == commerce.Expired })
	if got := w.row(cs.ID); got.Status != commerce.CompleteInProgress || !got.Live {
		t.Fatalf("the bound session is %s", got.Status)
	}
	// Whoever writes by the version that was read before the intent is refused by the store itself.
	stale := w.row(cs.ID)
	stale.Status = commerce.Canceled
	err = w.store.Commit(t.Context(), store.Batch{Session: &store.SessionWrite{Session: stale, Expect: stale.Version, Idle: true}})
	if err == nil {
		t.Fatal("a conditional write went through a live saga")
	}
	close(g.open)
	r := <-answered
	if got := session(t, r.answer, r.err); got.Status != commerce.Completed {
		t.Fatalf("got %s", got.Status)
	}
	w.completed(cs.ID)
}

// TestS01_FrozenProcessCannotCommitLate lets a call to the shop outlive its lease. Somebody else takes the saga; what the first one comes
// back with is not committed, and its order, which nothing could prevent, is found by the sweep.
func TestS01_FrozenProcessCannotCommitLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.timing.Lease = 300 * time.Millisecond
		w.timing.Sweeps = []time.Duration{400 * time.Millisecond}
	})
	cs, g := w.create(), newGate()
	w.shop.place = append(w.shop.place, g.place)
	answered := w.begin("k1", cs.ID, w.token())
	<-g.entered
	r := <-answered // from the run that took the saga over
	if got := session(t, r.answer, r.err); got.Status != commerce.Completed {
		t.Fatalf("got %s", got.Status)
	}
	close(g.open)
	w.completed(cs.ID)
	if len(w.shop.orders) != 2 || !w.alerts.has("second_order") {
		t.Fatalf("%d orders, alerts %v", len(w.shop.orders), w.alerts.seen)
	}
}

func TestS02_ReopensOnlyWhenTheHoldIsReadBackCanceled(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]stripetest.Fault{
		"void refused by an outage": {Op: stripetest.OpCancel, Kind: stripetest.Unavailable},
		"void never sent":           {Op: stripetest.OpCancel, Kind: stripetest.CutRequest},
		"void stored as failed":     {Op: stripetest.OpCancel, Kind: stripetest.ServerError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.arm(fault)
			w.shop.always = refuse(commerce.OutOfStock)
			cs := w.create()
			w.leave("k1", cs.ID, w.token())
			w.until("the void is tried", func() bool { return w.stripe.Arrivals(stripetest.OpCancel) > 2 })
			if w.get(cs.ID).Status != commerce.CompleteInProgress || w.ledger(cs.ID).Held("usd") == 0 {
				t.Fatal("the session opened while the hold stood")
			}
			w.stripe.Disarm()
			w.untouched(cs.ID)
			if n := len(w.ledger(cs.ID).Intents); n != 1 {
				t.Fatalf("%d intents", n)
			}
		})
	}
}

func TestS02_VoidThatFindsTheMoneyTakenRefunds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	w.shop.place = append(w.shop.place, func(func() commerce.Snapshot) (commerce.Snapshot, error) {
		w.captureByHand(w.ledger(cs.ID).Intents[0].ID)
		return refuse(commerce.OutOfStock)(nil)
	})
	a, err := w.complete("k1", cs.ID, w.token())
	wantMessage(t, session(t, a, err), commerce.CodeOutOfStock)
	w.untouched(cs.ID)
	if l := w.ledger(cs.ID); len(l.Refunds) != 1 || !w.alerts.has("captured_and_refunded") {
		t.Fatalf("refunds %v, alerts %v", l.Refunds, w.alerts.seen)
	}
}

func TestS02_RequiresActionAndProcessingAreCanceledFirst(t *testing.T) {
	t.Parallel()
	t.Run("requires_action", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cs := w.create()
		a, err := w.complete("k1", cs.ID, w.token(func(g *stripetest.Grant) { g.PaymentMethod = "pm_card_threeDSecure2Required" }))
		got := session(t, a, err)
		wantMessage(t, got, commerce.CodeRequires3DS)
		w.untouched(cs.ID)
		for _, i := range w.ledger(cs.ID).Intents {
			if i.Status != stripetest.StatusCanceled {
				t.Errorf("intent is %s", i.Status)
			}
		}
	})
	for name, accepted := range map[string]bool{"processing, declined": false, "processing, held after all": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.Process, Times: 1},
				stripetest.Fault{Op: stripetest.OpCancel, Kind: stripetest.Unavailable})
			cs := w.create()
			w.leave("k1", cs.ID, w.token())
			w.until("the void is tried", func() bool { return w.stripe.Arrivals(stripetest.OpCancel) > 2 })
			if err := w.stripe.Finish(w.ledger(cs.ID).Intents[0].ID, accepted); err != nil {
				t.Fatal(err)
			}
			w.stripe.Disarm()
			w.untouched(cs.ID)
			if got := w.ledger(cs.ID).Intents[0].Status; got != stripetest.StatusCanceled {
				t.Fatalf("intent is %s", got)
			}
			wantMessage(t, w.get(cs.ID), commerce.CodePaymentDeclined)
		})
	}
}

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
	p := w.shop.placed
	if len(p) != 2 || p[0].Key == p[1].Key || p[0].CartRef == p[1].CartRef || !slices.Contains(w.shop.released, p[0].CartRef) {
		t.Fatalf("places %+v, released %v", p, w.shop.released)
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
			p := w.shop.placed
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
			if !slices.Contains(w.shop.released, cs.Quote.CartRef) {
				t.Fatalf("released %v, want %s", w.shop.released, cs.Quote.CartRef)
			}
			a, _, err := w.insist("k2", cs.ID, w.token())
			if got := session(t, a, err); got.Status != commerce.Completed {
				t.Fatalf("got %s", got.Status)
			}
			w.completed(cs.ID)
			if got := w.shop.placed[0].CartRef; got == cs.Quote.CartRef {
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

func TestS05_UnknownOrderWaitsTheQuarantine(t *testing.T) {
	t.Parallel()
	t.Run("comes late", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cs := w.create()
		w.shop.place = append(w.shop.place, late(w.shop, 50*time.Millisecond))
		a, err := w.complete("k1", cs.ID, w.token())
		if got := session(t, a, err); got.Status != commerce.Completed {
			t.Fatalf("got %s", got.Status)
		}
		w.completed(cs.ID)
		if len(w.shop.placed) != 1 || len(w.shop.orders) != 1 {
			t.Fatalf("%d calls, %d orders", len(w.shop.placed), len(w.shop.orders))
		}
	})
	t.Run("never came, asked for all the time", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.deadline = 20 * time.Millisecond
		cs := w.create()
		var at []time.Time
		w.shop.always = func(make func() commerce.Snapshot) (commerce.Snapshot, error) {
			if at = append(at, time.Now()); len(at) == 1 {
				return commerce.Snapshot{}, errCut
			}
			return make(), nil
		}
		w.leave("k0", cs.ID, w.token())
		a, _, err := w.insist("k1", cs.ID, w.token()) // a retry must not shorten the quarantine
		if got := session(t, a, err); got.Status != commerce.Completed {
			t.Fatalf("got %s", got.Status)
		}
		w.completed(cs.ID)
		if gap := at[1].Sub(at[0]); gap < 150*time.Millisecond+60*time.Millisecond {
			t.Fatalf("placed again after %s", gap)
		}
	})
	t.Run("the shop cannot tell", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.shop.facts.ExactLookup = false })
		w.deadline = 300 * time.Millisecond
		cs := w.create()
		w.shop.place = append(w.shop.place, lost)
		w.leave("k1", cs.ID, w.token())
		w.stepIs(cs.ID, "needs_operator")
		_, err := w.complete("k2", cs.ID, w.token())
		wantKind(t, err, commerce.Unavailable)
		if len(w.shop.placed) != 1 || !w.alerts.has("order_unknown") || w.ledger(cs.ID).Held("usd") == 0 {
			t.Fatalf("%d calls, alerts %v, held %d", len(w.shop.placed), w.alerts.seen, w.ledger(cs.ID).Held("usd"))
		}
		w.invariants(cs.ID)
	})
	t.Run("an idempotent shop is asked again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.shop.facts.Idempotent, w.shop.facts.ExactLookup = true, false })
		cs := w.create()
		w.shop.place = append(w.shop.place, lost)
		a, err := w.complete("k1", cs.ID, w.token())
		if got := session(t, a, err); got.Status != commerce.Completed {
			t.Fatalf("got %s", got.Status)
		}
		w.completed(cs.ID)
	})
	t.Run("an idempotent shop refuses the repeat while the first call runs", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.shop.facts.Idempotent, w.shop.facts.ExactLookup = true, false })
		cs := w.create()
		w.shop.place = append(w.shop.place, late(w.shop, 60*time.Millisecond), refuse(commerce.OutOfStock))
		a, err := w.complete("k1", cs.ID, w.token())
		if got := session(t, a, err); got.Status != commerce.Completed {
			t.Fatalf("got %s: the hold was let go under an order", got.Status)
		}
		w.completed(cs.ID)
	})
	t.Run("an idempotent shop refuses for good", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.shop.facts.Idempotent, w.shop.facts.ExactLookup = true, false })
		cs := w.create()
		w.shop.place = append(w.shop.place, func(func() commerce.Snapshot) (commerce.Snapshot, error) { return commerce.Snapshot{}, errCut })
		w.shop.always = refuse(commerce.OutOfStock)
		a, err := w.complete("k1", cs.ID, w.token())
		wantMessage(t, session(t, a, err), commerce.CodeOutOfStock)
		w.untouched(cs.ID)
	})
	t.Run("the shop says that the cart is an order", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cs := w.create()
		w.shop.place = append(w.shop.place, refuse(commerce.AlreadyPlaced))
		w.leave("k1", cs.ID, w.token())
		w.stepIs(cs.ID, "needs_operator") // never a second order beside one that exists
		if len(w.shop.placed) != 1 || !w.alerts.has("order_not_found") {
			t.Fatalf("%d calls, alerts %v", len(w.shop.placed), w.alerts.seen)
		}
		w.invariants(cs.ID)
	})
}

func TestS06_UnknownHoldIsAskedAgainUnderItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.CutReply, Times: 2})
	cs := w.create()
	a, err := w.complete("k1", cs.ID, w.token())
	if got := session(t, a, err); got.Status != commerce.Completed {
		t.Fatalf("got %s", got.Status)
	}
	w.completed(cs.ID)
	var first *stripetest.Request
	n := 0
	for _, r := range w.stripe.Requests() {
		if r.Op != stripetest.OpCreate {
			continue
		}
		n++
		if first == nil {
			first = &r
		}
		if r.Key != first.Key || r.Form.Encode() != first.Form.Encode() || r.Version != first.Version {
			t.Fatalf("a repeat differs: %+v, %+v", r, *first)
		}
	}
	if n != 3 || len(w.ledger(cs.ID).Intents) != 1 {
		t.Fatalf("%d requests, %d intents", n, len(w.ledger(cs.ID).Intents))
	}
}

// TestS06_KeyOlderThanItsLife is row 21.
func TestS06_KeyOlderThanItsLife(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]stripetest.Kind{"the hold exists": stripetest.CutReply, "there is none": stripetest.CutRequest} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world) { w.settings.AbandonAfter = 100 * time.Hour })
			w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: kind})
			cs := w.create()
			w.leave("k1", cs.ID, w.token())
			w.until("the hold is asked for", func() bool { return w.stripe.Arrivals(stripetest.OpCreate) > 1 })
			w.process.kill() // it sleeps over the key's life
			w.halt()
			w.stripe.Disarm()
			sent := w.stripe.Arrivals(stripetest.OpCreate)
			w.clock.advance(23*time.Hour + time.Minute)
			w.boot()
			if kind == stripetest.CutReply {
				w.completed(cs.ID)
			} else {
				w.stepIs(cs.ID, "needs_operator")
				if w.get(cs.ID).Status != commerce.CompleteInProgress || len(w.shop.placed) != 0 {
					t.Error("the session did not stay bound")
				}
				w.invariants(cs.ID)
			}
			if now := w.stripe.Arrivals(stripetest.OpCreate); now != sent {
				t.Fatalf("the old key was sent again: %d, %d", sent, now)
			}
		})
	}
}

func TestS06_FrozenAccountDiffers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deadline = 300 * time.Millisecond
	w.arm(stripetest.Fault{Op: stripetest.OpCapture, Kind: stripetest.Unavailable})
	cs := w.create()
	w.leave("k1", cs.ID, w.token())
	w.stepIs(cs.ID, "capturing")
	w.halt()
	w.stripe.Disarm()
	before := len(w.stripe.Requests())
	w.account = "acct_other"
	w.boot()
	w.until("the operator is told", func() bool { return w.alerts.has("frozen_account_differs") })
	_, err := w.complete("k2", cs.ID, w.token())
	wantKind(t, err, commerce.Unavailable)
	if got := len(w.stripe.Requests()); got != before {
		t.Fatalf("%d requests to the wrong account", got-before)
	}
	w.account = ""
	w.restart()
	a, _, err := w.insist("k1", cs.ID, w.token())
	if got := session(t, a, err); got.Status != commerce.Completed {
		t.Fatalf("got %s", got.Status)
	}
	w.completed(cs.ID)
}

func TestS07_No2xxWhileTheOutcomeIsOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.upstream.Timeout = 10 * time.Second })
	cs, g := w.create(), newGate()
	w.shop.place = append(w.shop.place, g.place)
	w.leave("k1", cs.ID, w.token())
	if got := w.get(cs.ID); got.Status != commerce.CompleteInProgress || got.Order != nil {
		t.Fatalf("GET shows %s", got.Status)
	}
	if _, existing := w.claim("k1"); existing != nil { // the key is free again
		t.Fatalf("the key kept %v", existing)
	}
	close(g.open)
	w.completed(cs.ID)
}

func TestS08_RetryJoinsBySession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.upstream.Timeout = 10 * time.Second })
	cs, g := w.create(), newGate()
	w.shop.place = append(w.shop.place, g.place)
	w.leave("k1", cs.ID, w.token())
	second := w.token()
	same, other := w.begin("k1", cs.ID, second), w.begin("k2", cs.ID, w.token())
	time.Sleep(20 * time.Millisecond)
	close(g.open)
	for _, answered := range []<-chan result{same, other} {
		r := <-answered
		if got := session(t, r.answer, r.err); got.Status != commerce.Completed {
			t.Fatalf("got %s", got.Status)
		}
	}
	w.completed(cs.ID)
	if l := w.ledger(cs.ID); len(l.Intents) != 1 || l.Intents[0].Token == second {
		t.Fatalf("the frozen token did not win: %+v", l.Intents)
	}
}

func TestS08_AnotherTokenAfterADeclineIsItsOwnAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.Latency, DelayMS: 150, Times: 1})
	cs := w.create()
	bad := w.token(func(g *stripetest.Grant) { g.PaymentMethod = "pm_card_visa_chargeDeclined" })
	first := w.begin("k1", cs.ID, bad)
	w.stepIs(cs.ID, "authorizing")
	joiner, good := w.begin("k2", cs.ID, bad), w.begin("k3", cs.ID, w.token())
	for _, answered := range []<-chan result{first, joiner} {
		r := <-answered
		wantMessage(t, session(t, r.answer, r.err), commerce.CodePaymentDeclined)
	}
	r := <-good
	if got := session(t, r.answer, r.err); got.Status != commerce.Completed {
		t.Fatalf("got %s", got.Status)
	}
	w.completed(cs.ID)
}

func TestS09_Answered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	a, err := w.complete("k1", cs.ID, w.token())
	if got := session(t, a, err); got.Status != commerce.Completed {
		t.Fatalf("got %s", got.Status)
	}
	w.completed(cs.ID)
	again, replayed, err := w.insist("k1", cs.ID, w.token())
	if err != nil || !replayed || !bytes.Equal(a.Body, again.Body) {
		t.Fatalf("replayed %v, %v", replayed, err)
	}
	_, err = w.complete("k2", cs.ID, w.token())
	wantKind(t, err, commerce.Conflict)
	_, err = w.cancel(cs.ID)
	wantKind(t, err, commerce.NotCancelable)
	w.restart() // I5
	again, replayed, err = w.insist("k1", cs.ID, w.token())
	if err != nil || !replayed || !bytes.Equal(a.Body, again.Body) {
		t.Fatalf("after a restart: replayed %v, %v", replayed, err)
	}
	w.completed(cs.ID)
}

func TestS09_NotAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.upstream.Timeout = 10 * time.Second })
	cs, g := w.create(), newGate()
	w.shop.place = append(w.shop.place, g.place)
	w.leave("k1", cs.ID, w.token())
	close(g.open)
	w.completed(cs.ID)
	a, err := w.complete("k2", cs.ID, w.token())
	if got := session(t, a, err); got.Status != commerce.Completed || got.Order == nil {
		t.Fatalf("got %s", got.Status)
	}
	_, err = w.complete("k3", cs.ID, w.token())
	wantKind(t, err, commerce.Conflict)
	again, replayed, err := w.insist("k2", cs.ID, w.token())
	if err != nil || !replayed || !bytes.Equal(a.Body, again.Body) {
		t.Fatalf("replayed %v, %v", replayed, err)
	}
	w.completed(cs.ID)
}

func TestS09_CanceledAndExpired(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gone := w.create()
	a, err := w.cancel(gone.ID)
	if got := session(t, a, err); got.Status != commerce.Canceled {
		t.Fatalf("got %s", got.Status)
	}
	w.rest(gone.ID)
	if !slices.Contains(w.shop.released, gone.Quote.CartRef) {
		t.Error("canceling did not give the cart back")
	}
	old := w.create()
	w.clock.advance(7 * time.Hour)
	for _, id := range []string{gone.ID, old.ID} {
		_, err := w.complete("k"+id, id, w.token())
		wantKind(t, err, commerce.Conflict)
		_, err = w.cancel(id)
		wantKind(t, err, commerce.NotCancelable)
		w.nothing(id)
	}
	w.until("the cart of the expired session is released", func() (ok bool) {
		w.shop.do(func() { ok = slices.Contains(w.shop.released, old.Quote.CartRef) })
		return ok
	})
}

func TestS10_AbandonedBeforeTheOrderIsUndone(t *testing.T) {
	t.Parallel()
	for name, plant := range map[string]func(*world){
		"the shop is away":        func(w *world) { w.shop.always = refuse(commerce.Temporary) },
		"our credentials are bad": func(w *world) { w.shop.always = refuse(commerce.Unauthorized) },
		"the processor is away": func(w *world) {
			if err := w.stripe.Suspend(); err != nil {
				w.t.Fatal(err)
			}
		},
		"the hold is under way": func(w *world) { w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.KeyInUse}) },
		"the order never appeared": func(w *world) {
			w.shop.always = func(func() commerce.Snapshot) (commerce.Snapshot, error) { return commerce.Snapshot{}, errCut }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.deadline = 300 * time.Millisecond
			plant(w)
			cs := w.create()
			w.leave("k1", cs.ID, w.token())
			w.clock.advance(9 * time.Minute)
			_, err := w.complete("k1", cs.ID, w.token()) // a retry keeps it
			wantKind(t, err, commerce.Unavailable)
			w.clock.advance(9 * time.Minute)
			time.Sleep(50 * time.Millisecond)
			if row := w.row(cs.ID); !row.Live {
				t.Fatalf("given up %s after a retry:\n%s", row.Status, w.history(cs.ID))
			}
			w.clock.advance(2 * time.Minute)
			w.stripe.Disarm()
			if name == "the processor is away" {
				if err := w.stripe.Resume(); err != nil {
					t.Fatal(err)
				}
			}
			w.untouched(cs.ID)
			w.shop.do(func() { w.shop.always = nil })
			a, _, err := w.insist("k2", cs.ID, w.token())
			if got := session(t, a, err); got.Status != commerce.Completed {
				t.Fatalf("afterwards %s", got.Status)
			}
			w.completed(cs.ID)
		})
	}
}

func TestS10_AfterPlacingAlwaysForward(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.arm(stripetest.Fault{Op: stripetest.OpCapture, Kind: stripetest.Unavailable})
	cs := w.create()
	w.leave("k1", cs.ID, w.token())
	w.stepIs(cs.ID, "capturing")
	w.clock.advance(time.Hour)
	time.Sleep(50 * time.Millisecond)
	w.stepIs(cs.ID, "capturing")
	w.stripe.Disarm()
	w.completed(cs.ID)
}

func TestS11_CaptureRefusedForGood(t *testing.T) {
	t.Parallel()
	for name, plant := range map[string]func(*world, string){
		"the hold ran out": func(w *world, intent string) {
			if err := w.stripe.ExpireHold(intent); err != nil {
				w.t.Error(err)
			}
		},
		"the processor will not": func(w *world, _ string) {
			w.arm(stripetest.Fault{Op: stripetest.OpCapture, Kind: stripetest.Refuse, Status: 400})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cs := w.create()
			w.shop.place = append(w.shop.place, func(make func() commerce.Snapshot) (commerce.Snapshot, error) {
				plant(w, w.ledger(cs.ID).Intents[0].ID)
				return make(), nil
			})
			a, err := w.complete("k1", cs.ID, w.token())
			wantMessage(t, session(t, a, err), commerce.CodePaymentDeclined)
			w.untouched(cs.ID)
			if len(w.shop.orders) != 1 || !w.alerts.has("capture_refused") {
				t.Fatalf("%d orders, alerts %v", len(w.shop.orders), w.alerts.seen)
			}
		})
	}
}

func TestS11_RecordRefusedForGood(t *testing.T) {
	t.Parallel()
	t.Run("refund", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.settings.RefundUnrecorded, w.shop.refuseRecords = true, true })
		cs := w.create()
		a, err := w.complete("k1", cs.ID, w.token())
		if got := session(t, a, err); got.Status != commerce.Completed {
			t.Fatalf("got %s", got.Status)
		}
		w.rest(cs.ID)
		l := w.ledger(cs.ID)
		if len(w.shop.live()) != 0 || len(l.Refunds) != 1 || l.Refunded("usd") != l.Captured("usd") {
			t.Fatalf("orders %v, refunds %v", w.shop.live(), l.Refunds)
		}
		diff(t, []string{"order_create", "order_update"}, w.events(cs.ID))
		o := w.get(cs.ID).Order
		if o.Status != commerce.OrderCanceled || len(o.Adjustments) != 1 || o.Adjustments[0].Status != commerce.AdjustmentCompleted {
			t.Fatalf("the agent reads %s %+v", o.Status, o.Adjustments)
		}
		w.invariants(cs.ID)
	})
	t.Run("operator", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.shop.refuseRecords = true })
		cs := w.create()
		_, err := w.complete("k1", cs.ID, w.token())
		if err != nil {
			t.Fatal(err)
		}
		w.stepIs(cs.ID, "needs_operator")
		diff(t, []string{"order_create", "order_update"}, w.events(cs.ID))
		if o := w.get(cs.ID).Order; o.Status != commerce.OrderManualReview || !w.alerts.has("payment_refused_by_shop") {
			t.Fatalf("the agent reads %s, alerts %v", o.Status, w.alerts.seen)
		}
		if w.row(cs.ID).Live || len(w.shop.live()) != 1 || w.ledger(cs.ID).Refunded("usd") != 0 {
			t.Fatal("more was done than to ask")
		}
		w.invariants(cs.ID)
	})
	t.Run("noted although the answer was a refusal", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cs := w.create()
		no := commerce.Faultf(commerce.Rejected, "planted")
		w.shop.record = []error{no, no, no}
		w.shop.afterRecord = func(o *commerce.Snapshot) { o.Payment = commerce.Captured }
		_, err := w.complete("k1", cs.ID, w.token())
		if err != nil {
			t.Fatal(err)
		}
		w.completed(cs.ID)
		if len(w.shop.records) != 1 {
			t.Fatalf("%d records: a repeat was not preceded by a read", len(w.shop.records))
		}
	})
	t.Run("away for a while", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cs := w.create()
		away := commerce.Faultf(commerce.Temporary, "planted")
		w.shop.record = []error{away, errCut, away, errCut, away}
		_, err := w.complete("k1", cs.ID, w.token())
		if err != nil {
			t.Fatal(err)
		}
		w.completed(cs.ID)
	})
}

func TestS12_RenderingFailsAfterCapture(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.failAnswer.Store(true)
	cs := w.create()
	_, err := w.complete("k1", cs.ID, w.token())
	if err == nil {
		t.Fatal("an answer that cannot be rendered was given")
	}
	w.until("the saga is at rest", func() bool { return w.resting(cs.ID) })
	if row := w.row(cs.ID); row.Status != commerce.Completed || row.Answered || !w.alerts.has("answer_not_rendered") {
		t.Fatalf("session %s, answered %v, alerts %v", row.Status, row.Answered, w.alerts.seen)
	}
	w.failAnswer.Store(false)
	w.completed(cs.ID) // GET is rendered afresh
	a, err := w.complete("k1", cs.ID, w.token())
	if got := session(t, a, err); got.Status != commerce.Completed {
		t.Fatalf("got %s", got.Status)
	}
}

func TestS12_EventThatCannotBeRendered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.failBody.Store(true)
	cs := w.create()
	a, err := w.complete("k1", cs.ID, w.token())
	if got := session(t, a, err); got.Status != commerce.Completed {
		t.Fatalf("got %s", got.Status)
	}
	w.rest(cs.ID)
	w.invariants(cs.ID)
	if len(w.shop.live()) != 1 || w.ledger(cs.ID).Captured("usd") != total(t, a) || !w.alerts.has("event_not_rendered") {
		t.Fatalf("orders %v, alerts %v", w.shop.live(), w.alerts.seen)
	}
}

func TestS12_RehearsalComesBeforeMoney(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	c := w.call("k1")
	c.Render = func(commerce.Session) (store.Answer, error) { return store.Answer{}, errCut }
	if _, err := w.completeWith(c, cs.ID, w.token()); err == nil {
		t.Fatal("no error")
	}
	w.untouched(cs.ID)
	if n := w.stripe.Arrivals(stripetest.OpCreate); n != 0 || len(w.shop.placed) != 0 {
		t.Fatalf("%d holds, %d orders", n, len(w.shop.placed))
	}
}

func TestS13_NoEventBeforeTheSessionIsCompleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.arm(stripetest.Fault{Op: stripetest.OpCapture, Kind: stripetest.Unavailable})
	cs := w.create()
	w.leave("k1", cs.ID, w.token())
	w.stepIs(cs.ID, "capturing")
	if e := w.events(cs.ID); len(e) != 0 || len(w.shop.live()) != 1 {
		t.Fatalf("events %v, orders %v", e, w.shop.live())
	}
	if _, err := w.store.OrderOfSession(t.Context(), cs.ID); err == nil {
		t.Fatal("the relay could find the order already")
	}
	w.stripe.Disarm()
	w.completed(cs.ID)
}

func TestS13_CompensatedOrderEmitsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.shop.alter = func(o *commerce.Snapshot) { o.Total += 100 }
	cs := w.create()
	_, err := w.complete("k1", cs.ID, w.token())
	if err != nil {
		t.Fatal(err)
	}
	w.untouched(cs.ID)
}

func TestS15_ZeroTotals(t *testing.T) {
	t.Parallel()
	free := func(w *world) commerce.Session {
		w.shop.freeShipping = true
		a, err := w.service.Create(t.Context(), w.call(""), commerce.CreateRequest{
			Lines:  []commerce.CartLine{{ItemID: "free", Quantity: 1}},
			Buyer:  &commerce.Buyer{Email: "ada@example.com"},
			ShipTo: &commerce.Contact{Address: &commerce.Address{LineOne: "1 Main St", City: "Reno", PostalCode: "89501", Country: "US"}},
		})
		return session(t, a, err)
	}
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cs := free(w)
		a, err := w.complete("k1", cs.ID, w.token())
		got := session(t, a, err)
		wantMessage(t, got, commerce.CodeUnsupported)
		if got.Status != commerce.NotReady {
			t.Fatalf("got %s", got.Status)
		}
		w.untouched(cs.ID)
	})
	t.Run("placed without payment", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.settings.FreeOrders = true })
		cs := free(w)
		a, err := w.complete("k1", cs.ID, w.token())
		if got := session(t, a, err); got.Status != commerce.Completed || got.Order == nil {
			t.Fatalf("got %s", got.Status)
		}
		w.rest(cs.ID)
		w.invariants(cs.ID)
		if o := w.shop.live(); len(o) != 1 || o[0].Payment != commerce.Unpaid || len(w.ledger(cs.ID).Intents) != 0 {
			t.Fatalf("orders %v, intents %v", o, w.ledger(cs.ID).Intents)
		}
		diff(t, []string{"order_create"}, w.events(cs.ID))
	})
	t.Run("refused by the shop", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.settings.FreeOrders = true })
		cs := free(w)
		w.shop.place = append(w.shop.place, refuse(commerce.OutOfStock))
		a, err := w.complete("k1", cs.ID, w.token())
		wantMessage(t, session(t, a, err), commerce.CodeOutOfStock)
		w.untouched(cs.ID)
		if len(w.shop.placed) != 1 {
			t.Fatalf("%d calls", len(w.shop.placed))
		}
	})
}

func TestS16_TwoOrdersUnderOneKey(t *testing.T) {
	t.Parallel()
	t.Run("found before capture", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cs := w.create()
		w.shop.place = append(w.shop.place, func(make func() commerce.Snapshot) (commerce.Snapshot, error) {
			make()
			return lost(make)
		})
		a, err := w.complete("k1", cs.ID, w.token())
		if got := session(t, a, err); got.Order == nil || got.Order.Number != "1001" {
			t.Fatalf("kept %v, want the oldest", got.Order)
		}
		w.completed(cs.ID)
		if len(w.shop.orders) != 2 || !w.alerts.has("second_order") {
			t.Fatalf("%d orders, alerts %v", len(w.shop.orders), w.alerts.seen)
		}
	})
	t.Run("the paid one is kept", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cs := w.create()
		w.shop.place = append(w.shop.place, func(make func() commerce.Snapshot) (commerce.Snapshot, error) {
			make()
			make()
			w.shop.do(func() { w.shop.orders[1].Payment = commerce.Captured })
			return commerce.Snapshot{}, errCut
		})
		a, err := w.complete("k1", cs.ID, w.token())
		if got := session(t, a, err); got.Order == nil || got.Order.Number != "1002" {
			t.Fatalf("kept %v, want the paid one", got.Order)
		}
		w.completed(cs.ID)
	})
	t.Run("found by the sweep", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.timing.Sweeps = []time.Duration{20 * time.Millisecond, 300 * time.Millisecond} })
		cs := w.create()
		var again func() commerce.Snapshot
		w.shop.place = append(w.shop.place, func(make func() commerce.Snapshot) (commerce.Snapshot, error) {
			again = make
			return make(), nil
		})
		a, err := w.complete("k1", cs.ID, w.token())
		if got := session(t, a, err); got.Status != commerce.Completed {
			t.Fatalf("got %s", got.Status)
		}
		time.Sleep(60 * time.Millisecond)
		again() // long after the first search
		w.completed(cs.ID)
		if len(w.shop.orders) != 2 || !w.alerts.has("second_order") {
			t.Fatalf("%d orders, alerts %v", len(w.shop.orders), w.alerts.seen)
		}
	})
	t.Run("a weaker match only alerts", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.shop.weak = true })
		cs := w.create()
		var again func() commerce.Snapshot
		w.shop.place = append(w.shop.place, func(make func() commerce.Snapshot) (commerce.Snapshot, error) {
			again = make
			return make(), nil
		})
		if _, err := w.complete("k1", cs.ID, w.token()); err != nil {
			t.Fatal(err)
		}
		again()
		w.rest(cs.ID)
		if len(w.shop.live()) != 2 || !w.alerts.has("second_order_by_a_weak_match") {
			t.Fatalf("orders %v, alerts %v", w.shop.live(), w.alerts.seen)
		}
	})
	t.Run("an extra that cannot be canceled does not stop the good one", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cs := w.create()
		w.shop.cancel = []error{commerce.Faultf(commerce.Rejected, "planted")}
		w.shop.place = append(w.shop.place, func(make func() commerce.Snapshot) (commerce.Snapshot, error) {
			make()
			return lost(make)
		})
		a, err := w.complete("k1", cs.ID, w.token())
		if got := session(t, a, err); got.Status != commerce.Completed {
			t.Fatalf("got %s", got.Status)
		}
		w.completed(cs.ID) // the sweep had more luck
	})
}

func TestS17_ClaimOfADeadProcessIsVoid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	c := w.call("k1")
	if _, existing := w.claim("k1"); existing == nil || existing.Answer != nil {
		t.Fatalf("the key in use was given away: %v", existing)
	}
	w.crash()
	a, err := w.complete("k1", cs.ID, w.token())
	if got := session(t, a, err); got.Status != commerce.Completed {
		t.Fatalf("got %s", got.Status)
	}
	// The dead process cannot answer what is no longer its claim.
	err = w.store.Commit(t.Context(), store.Batch{Answers: []store.AnswerWrite{{Claim: *c.Claim, Answer: store.Answer{Status: 500}}}})
	if err == nil {
		t.Fatal("a void claim was answered")
	}
	again, replayed, err := w.insist("k1", cs.ID, w.token())
	if err != nil || !replayed || !bytes.Equal(a.Body, again.Body) {
		t.Fatalf("replayed %v, %v", replayed, err)
	}
	w.completed(cs.ID)
}

// TestS17_LostClaimDoesNotLoseTheOutcome gives a waiting complete a claim that is not its own any more.
func TestS17_LostClaimDoesNotLoseTheOutcome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	c := w.call("k1")
	if err := w.store.Release(t.Context(), *c.Claim); err != nil {
		t.Fatal(err)
	}
	a, err := w.completeWith(c, cs.ID, w.token())
	if got := session(t, a, err); got.Status != commerce.Completed {
		t.Fatalf("got %s", got.Status)
	}
	w.completed(cs.ID)
	if w.row(cs.ID).Answered {
		t.Fatal("an answer that is not stored counts as given")
	}
	a, err = w.complete("k2", cs.ID, w.token())
	if got := session(t, a, err); got.Status != commerce.Completed {
		t.Fatalf("got %s", got.Status)
	}
}

func TestS18_TokenIsSealedAndWiped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs, token := w.create(), w.token()
	a, err := w.complete("k1", cs.ID, token)
	if got := session(t, a, err); got.Status != commerce.Completed {
		t.Fatalf("got %s", got.Status)
	}
	w.completed(cs.ID)
	has := func() bool {
		sagas, err := w.store.Sagas(t.Context(), cs.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range sagas {
			if strings.Contains(string(g.Body), token) {
				t.Fatal("the token stands in a body, which is never wiped")
			}
		}
		return string(sagas[0].Token) == token
	}
	if !has() {
		t.Fatal("the token was not kept")
	}
	w.clock.advance(23 * time.Hour)
	time.Sleep(30 * time.Millisecond)
	if !has() {
		t.Fatal("the token was wiped too early")
	}
	w.clock.advance(61 * time.Minute)
	w.until("the token is wiped", func() bool { return !has() })
	w.halt()
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(w.path + suffix)
		if err == nil && (bytes.Contains(b, []byte(token)) || bytes.Contains(b, []byte("ada@example.com"))) {
			t.Fatalf("%s shows the token or the buyer", suffix)
		}
	}
}

func TestForeignSessionLooksAbsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	thief := checkout.Call{Agent: "other", Shop: "main", Render: w.render}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := w.service.Get(ctx, thief, cs.ID)
	wantKind(t, err, commerce.NotFound)
	_, err = w.service.Update(ctx, thief, cs.ID, commerce.UpdateRequest{})
	wantKind(t, err, commerce.NotFound)
	_, err = w.service.Cancel(ctx, thief, cs.ID, commerce.CancelRequest{})
	wantKind(t, err, commerce.NotFound)
	_, err = w.service.Complete(ctx, thief, cs.ID, commerce.CompleteRequest{Payment: commerce.Payment{Token: "spt_1"}})
	wantKind(t, err, commerce.NotFound)
	w.untouched(cs.ID)
}
