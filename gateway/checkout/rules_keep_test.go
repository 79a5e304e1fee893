package checkout_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
	"github.com/postern-gateway/postern/gateway/store"
)

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
		if len(w.shop.told().orders) != 2 || !w.alerts.has("second_order") {
			t.Fatalf("%d orders, alerts %v", len(w.shop.told().orders), w.alerts.all())
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
		bubble(t, func(t *testing.T, w *world) {
			cs, again := w.create(), w.placedAgain()
			w.sold((<-w.begin("k1", cs.ID, w.token())).session(t))
			w.at(w.clock.Now().Add(2 * time.Minute))
			again() // after the first search
			w.at(w.clock.Now().Add(28 * time.Minute))
			w.sold(w.get(cs.ID))
			if len(w.shop.told().orders) != 2 || !w.alerts.has("second_order") {
				t.Fatalf("%d orders, alerts %v", len(w.shop.told().orders), w.alerts.all())
			}
		}, func(w *world) { w.timing.Sweeps = []time.Duration{2 * time.Minute, 30 * time.Minute} }, seldom)
	})
	t.Run("a weaker match only alerts", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, w *world) {
			cs, again := w.create(), w.placedAgain()
			w.sold((<-w.begin("k1", cs.ID, w.token())).session(t))
			again()
			w.at(w.clock.Now().Add(2 * time.Minute))
			if s := w.steps(cs.ID); s[0] != "closed" || len(w.shop.live()) != 2 || !w.alerts.has("second_order_by_a_weak_match") {
				t.Fatalf("%v, orders %v, alerts %v", s, w.shop.live(), w.alerts.all())
			}
		}, func(w *world) { w.shop.weak, w.timing.Sweeps = true, []time.Duration{2 * time.Minute} }, seldom)
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
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for _, thief := range []checkout.Call{
		{Agent: "other", Shop: "main", Render: w.render},
		{Agent: "agent", Shop: "another", Render: w.render}, // the agent at another host, or after the shop was taken from it
	} {
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
}
