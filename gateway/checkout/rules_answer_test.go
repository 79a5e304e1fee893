package checkout_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
	"github.com/postern-gateway/postern/gateway/store"
)

func TestS07_No2xxWhileTheOutcomeIsOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.upstream.Timeout = 10 * time.Second })
	cs, g := w.create(), w.gate()
	w.shop.place = append(w.shop.place, g.place)
	w.leave("k1", cs.ID, w.token())
	if got := w.get(cs.ID); got.Status != commerce.CompleteInProgress || got.Order != nil {
		t.Fatalf("GET shows %s", got.Status)
	}
	if _, existing := w.claim("k1"); existing != nil { // the key is free again
		t.Fatalf("the key kept %v", existing)
	}
	g.open()
	w.completed(cs.ID)
}

func TestS08_RetryJoinsBySession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.upstream.Timeout = 10 * time.Second })
	cs, g := w.create(), w.gate()
	w.shop.place = append(w.shop.place, g.place)
	w.leave("k1", cs.ID, w.token())
	second := w.token()
	same, other := w.join("k1", cs.ID, second), w.join("k2", cs.ID, w.token())
	g.open()
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
	bubble(t, func(t *testing.T, w *world) {
		cs, g, bad := w.create(), w.gate(), w.token()
		w.memory.hold = func(make func() payment.Intent) (payment.Intent, error) {
			if len(w.memory.holds()) > 1 {
				return make(), nil
			}
			g.pass()
			return payment.Intent{}, &payment.Error{Kind: payment.Declined, Message: "planted"}
		}
		first := w.begin("k1", cs.ID, bad)
		g.wait()
		joiner, good := w.join("k2", cs.ID, bad), w.join("k3", cs.ID, w.token())
		g.open()
		for _, answered := range []<-chan result{first, joiner} {
			wantMessage(t, (<-answered).session(t), commerce.CodePaymentDeclined)
		}
		w.sold((<-good).session(t))
		if n := len(w.memory.holds()); n != 2 {
			t.Fatalf("%d holds were asked for", n)
		}
	})
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
	cs, g := w.create(), w.gate()
	w.shop.place = append(w.shop.place, g.place)
	w.leave("k1", cs.ID, w.token())
	g.open()
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
	if !slices.Contains(w.shop.told().released, gone.Quote.CartRef) {
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
		t.Fatalf("session %s, answered %v, alerts %v", row.Status, row.Answered, w.alerts.all())
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
		t.Fatalf("orders %v, alerts %v", w.shop.live(), w.alerts.all())
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
	if n := w.stripe.Arrivals(stripetest.OpCreate); n != 0 || len(w.shop.told().placed) != 0 {
		t.Fatalf("%d holds, %d orders", n, len(w.shop.told().placed))
	}
}
