package checkout_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
	"github.com/postern-gateway/postern/gateway/store"
)

// until waits for a condition that background work brings about.
func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	if !w.comes(ok) {
		w.t.Fatalf("waited in vain: %s", what)
	}
}

// comes looks again and again until ok holds, or until the test's patience is over.
func (w *world) comes(ok func() bool) bool {
	for end := time.Now().Add(w.patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

func (w *world) row(id string) store.Session {
	w.t.Helper()
	row, err := w.store.Session(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return row
}

func (w *world) steps(id string) []string {
	w.t.Helper()
	sagas, err := w.store.Sagas(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	var s []string
	for _, g := range sagas {
		s = append(s, g.Step)
	}
	return s
}

// invariants asserts I1 to I4 for a session that has come to rest: at most one intent ever held or took money, at most one live
// order, captured means ordered for the same total, and no hold without a live saga.
func (w *world) invariants(id string) {
	w.t.Helper()
	row := w.row(id)
	ledger := w.stripe.Ledger().With(stripepay.MetadataSession, id)
	var moved, captured, refunded, held int64
	for _, i := range ledger.Intents {
		if i.Captures > 1 || i.Refunded > i.Captured || i.Captured+i.Held > i.Amount {
			w.t.Errorf("the processor's books: %+v", i)
		}
		if i.Moved() && i.Refunded == 0 {
			moved++
		}
		captured, refunded, held = captured+i.Captured, refunded+i.Refunded, held+i.Held
	}
	orders := w.shop.live()
	switch {
	case moved > 1:
		w.t.Errorf("I1: %d intents hold or took money", moved)
	case len(orders) > 1:
		w.t.Errorf("I2: %d live orders", len(orders))
	case captured-refunded > 0 && (len(orders) != 1 || orders[0].Total != captured-refunded):
		w.t.Errorf("I3: captured %d, orders %v", captured-refunded, orders)
	case held > 0 && !row.Live:
		w.t.Errorf("I4: %d held without a live saga", held)
	case row.Status == commerce.Completed && (len(orders) != 1 || captured-refunded != orders[0].Total) && refunded == 0:
		w.t.Errorf("completed without its order and charge: captured %d, orders %v", captured, orders)
	}
}

// ledger is what the processor has of a session.
func (w *world) ledger(id string) stripetest.Ledger {
	return w.stripe.Ledger().With(stripepay.MetadataSession, id)
}

// events are the deliveries of a session's order, by type.
func (w *world) events(id string) (types []string) {
	w.t.Helper()
	d, err := w.store.Deliveries(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range d {
		types = append(types, string(e.Type))
	}
	return types
}

// rest waits until every saga of a session has come to rest. A session without any is at rest.
func (w *world) rest(id string) {
	w.t.Helper()
	if len(w.steps(id)) == 0 {
		return
	}
	if w.comes(func() bool { return w.resting(id) }) {
		return
	}
	w.t.Fatalf("the sagas do not come to rest: %v\n%s", w.steps(id), w.history(id))
}

// resting reports whether there are sagas of a session and all of them are at rest.
func (w *world) resting(id string) bool {
	steps := w.steps(id)
	for _, s := range steps {
		if s != "closed" && s != "needs_operator" {
			return false
		}
	}
	return len(steps) > 0
}

// history is the log of a session, for a person.
func (w *world) history(id string) (text string) {
	w.t.Helper()
	entries, err := w.store.Log(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range entries {
		text += fmt.Sprintf("%s %d %s\n", e.At.Format("05.000"), e.Attempt, e.Note)
	}
	return text
}

// stepIs waits until the last saga of a session is at a step.
func (w *world) stepIs(id, step string) {
	w.t.Helper()
	w.until("the saga is "+step, func() bool {
		s := w.steps(id)
		return len(s) > 0 && s[len(s)-1] == step
	})
}

// completed asserts one order and one charge for a session that is completed and at rest, told once.
func (w *world) completed(id string) {
	w.t.Helper()
	w.rest(id)
	w.invariants(id)
	cs, ledger, orders := w.get(id), w.ledger(id), w.shop.live()
	if cs.Status != commerce.Completed || cs.Order == nil || len(orders) != 1 || cs.Order.Number != orders[0].Number {
		w.t.Fatalf("session %s with order %v, shop %v\n%s", cs.Status, cs.Order, orders, w.history(id))
	}
	if got := ledger.Captured("usd") - ledger.Refunded("usd"); got != orders[0].Total || got != cs.Quote.Total || ledger.Held("usd") != 0 {
		w.t.Fatalf("captured %d, held %d, order %d, session %d", got, ledger.Held("usd"), orders[0].Total, cs.Quote.Total)
	}
	if orders[0].Payment != commerce.Captured {
		w.t.Fatalf("the shop believes %s", orders[0].Payment)
	}
	diff(w.t, []string{"order_create"}, w.events(id))
}

// untouched asserts that a session is open and that nobody holds anything for it.
func (w *world) untouched(id string) {
	w.t.Helper()
	w.rest(id)
	w.invariants(id)
	cs, row, ledger := w.get(id), w.row(id), w.ledger(id)
	if row.Live || cs.Status.Terminal() || cs.Status == commerce.CompleteInProgress || cs.Order != nil {
		w.t.Fatalf("session %s, live %v, order %v\n%s", cs.Status, row.Live, cs.Order, w.history(id))
	}
	if o := w.shop.live(); len(o) != 0 || ledger.Held("usd") != 0 || ledger.Captured("usd") != ledger.Refunded("usd") {
		w.t.Fatalf("orders %v, held %d, captured %d, refunded %d", o, ledger.Held("usd"), ledger.Captured("usd"), ledger.Refunded("usd"))
	}
	w.shop.do(func() {
		if w.shop.stock["tea"] != 50 || w.shop.stock["cup"] != 50 {
			w.t.Errorf("the stock was not given back: %v", w.shop.stock)
		}
	})
	if e := w.events(id); len(e) != 0 {
		w.t.Errorf("S13: events of an order that does not stand: %v", e)
	}
}

func wantKind(t *testing.T, err error, k commerce.Kind) {
	t.Helper()
	if err == nil || commerce.KindOf(err) != k {
		t.Fatalf("got %v (%s), want %s", err, commerce.KindOf(err), k)
	}
}

func wantMessage(t *testing.T, cs commerce.Session, code string) {
	t.Helper()
	for _, m := range cs.Messages {
		if m.Code == code {
			return
		}
	}
	t.Fatalf("no message %q in %v", code, cs.Messages)
}

func diff(t *testing.T, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("(-want +got)\n%s", d)
	}
}

// nothing asserts that a session moved no money and made no order, whatever its state.
func (w *world) nothing(id string) {
	w.t.Helper()
	if l := w.ledger(id); len(l.Intents) != 0 || len(w.shop.live()) != 0 {
		w.t.Fatalf("intents %v, orders %v", l.Intents, w.shop.live())
	}
	w.invariants(id)
}

// captureByHand takes a hold as somebody at the processor's dashboard would.
func (w *world) captureByHand(intent string) {
	w.t.Helper()
	p, err := stripepay.New(stripepay.Settings{SecretKey: stripetest.SellerKey, BaseURL: w.stripe.URL()}, stripepay.Options{
		HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, Clock: w.clock, Log: slog.New(slog.DiscardHandler),
	})
	if err == nil {
		_, err = p.Capture(w.t.Context(), payment.ChangeRequest{Key: "by-hand", IntentID: intent})
	}
	if err != nil {
		w.t.Error(err)
	}
}

func total(t *testing.T, a store.Answer) int64 {
	t.Helper()
	return session(t, a, nil).Quote.Total
}
