package checkout_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/handoff"
)

// doContinue is where a buyer goes on with a cart.
func (m *memoryShop) doContinue(_ commerce.Cart, cartRef string) (string, error) {
	m.do(func() { m.continued = append(m.continued, cartRef) })
	return "https://shop.example/cart/" + cartRef, nil
}

// handing is a shop that hands buyers off for a quarter of an hour.
func handing(w *world) {
	signer, err := handoff.New([]byte(strings.Repeat("k", 32)), "https://agents.example", w.clock)
	if err != nil {
		w.t.Fatal(err)
	}
	w.handoff, w.settings.Continue, w.shop.continues = signer, 15*time.Minute, true
}

// leaves follows a session's address once, as a buyer's press of the button does.
func (w *world) leaves(address string) (string, error) {
	w.t.Helper()
	text, ok := strings.CutPrefix(address, "https://agents.example/continue/")
	if !ok {
		w.t.Fatalf("the address is %q", address)
	}
	t, err := w.handoff.Open(text)
	if err != nil {
		return "", err
	}
	return w.service.HandOff(w.t.Context(), t)
}

// TestABuyerTakesTheSessionOver is the rule of a hand-off: from then on nothing is charged here, until an update begins anew in a cart of
// its own. The cart that went with the buyer is never used and never released.
func TestABuyerTakesTheSessionOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, handing)
	cs := w.create()
	cart := cs.Quote.CartRef
	if again := w.get(cs.ID).ContinueURL; again != cs.ContinueURL {
		t.Error("a session reads otherwise than it was told")
	}
	w.clock.advance(8 * time.Minute)
	if late := w.get(cs.ID).ContinueURL; late == cs.ContinueURL || late == "" {
		t.Error("an address is told that is hardly good any more")
	}
	address, err := w.leaves(cs.ContinueURL)
	if err != nil || address != "https://shop.example/cart/"+cart {
		t.Fatalf("%q: %v", address, err)
	}
	gone := w.get(cs.ID)
	wantStatus(t, gone, commerce.RequiresEscalation)
	wantMessage(t, gone, commerce.CodeInterventionRequired)
	if gone.ContinueURL != "" {
		t.Error("it can be handed off twice")
	}
	_, err = w.complete("", cs.ID, w.token())
	wantKind(t, err, commerce.Conflict)
	w.nothing(cs.ID)
	if _, err := w.leaves(cs.ContinueURL); !errors.Is(err, handoff.ErrGone) {
		t.Fatalf("used twice: %v", err)
	}
	a, err := w.update(cs.ID, commerce.UpdateRequest{Notes: commerce.Set("I am back")})
	back := session(t, a, err)
	wantStatus(t, back, commerce.Ready)
	if back.Quote.CartRef == cart || back.Quote.CartRef == "" || back.ContinueURL == "" || back.ContinueURL == cs.ContinueURL {
		t.Fatalf("taken back in cart %q, address %q", back.Quote.CartRef, back.ContinueURL)
	}
	if _, err := w.leaves(cs.ContinueURL); !errors.Is(err, handoff.ErrGone) {
		t.Fatalf("the used token is good again: %v", err)
	}
	a, err = w.complete("k1", cs.ID, w.token())
	wantStatus(t, session(t, a, err), commerce.Completed)
	w.completed(cs.ID)
	told := w.shop.told()
	if slices.Contains(told.released, cart) || slices.ContainsFunc(told.orders, func(o commerce.Snapshot) bool { return o.CartRef == cart }) {
		t.Fatalf("the buyer's cart %s was touched: released %v", cart, told.released)
	}
}

// TestAHandOffIsCanceledWithoutTheCart ends a session that the buyer has: their cart is not taken from them.
func TestAHandOffIsCanceledWithoutTheCart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, handing)
	cs := w.create()
	if _, err := w.leaves(cs.ContinueURL); err != nil {
		t.Fatal(err)
	}
	if _, err := w.cancel(cs.ID); err != nil {
		t.Fatal(err)
	}
	w.rest(cs.ID)
	if r := w.shop.told().released; len(r) != 0 {
		t.Fatalf("released %v", r)
	}
}

// TestATokenIsUsedOnce lets many buyers press the button at once, and again after a restart.
func TestATokenIsUsedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, handing)
	cs := w.create()
	var mu sync.Mutex
	var won int
	var racing sync.WaitGroup
	for range 8 {
		racing.Go(func() {
			_, err := w.leaves(cs.ContinueURL)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				won++
			case !errors.Is(err, handoff.ErrGone):
				t.Errorf("a loser was told %v", err)
			}
		})
	}
	racing.Wait()
	if won != 1 {
		t.Fatalf("%d buyers were let through", won)
	}
	w.crash()
	if a, err := w.update(cs.ID, commerce.UpdateRequest{}); err != nil { // open again: only the mark stands in the way
		t.Fatal(a, err)
	}
	if _, err := w.leaves(cs.ContinueURL); !errors.Is(err, handoff.ErrGone) {
		t.Fatalf("used again after a restart: %v", err)
	}
}

// TestAHandOffThatFailsLeavesTheToken fails the one commit, and lets the process die around it: either the buyer has the session, or the
// token is good.
func TestAHandOffThatFailsLeavesTheToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, handing)
	cs := w.create()
	w.store.failAfter(0, 1)
	_, err := w.leaves(cs.ContinueURL)
	wantKind(t, err, commerce.Unavailable)
	wantStatus(t, w.get(cs.ID), commerce.Ready)
	w.process.arm(1) // before the commit
	if _, err = w.leaves(cs.ContinueURL); err == nil {
		t.Fatal("a dead process handed off")
	}
	w.crash()
	if _, err := w.leaves(cs.ContinueURL); err != nil {
		t.Fatalf("the token was lost with the process: %v", err)
	}
	other := w.create()
	w.process.arm(2) // after it
	if _, err = w.leaves(other.ContinueURL); err == nil {
		t.Fatal("a dead process answered")
	}
	w.crash()
	wantStatus(t, w.get(other.ID), commerce.RequiresEscalation)
	if _, err := w.leaves(other.ContinueURL); !errors.Is(err, handoff.ErrGone) {
		t.Fatalf("handed off twice: %v", err)
	}
}

// TestNothingIsHandedOffWhileAPurchaseRuns keeps the buyer out until it is known how the purchase ends; then the address leads to the order.
func TestNothingIsHandedOffWhileAPurchaseRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, handing, func(w *world) { w.upstream.Timeout = 10 * time.Second })
	cs, g := w.create(), w.gate()
	w.shop.place = append(w.shop.place, g.place)
	answered := w.begin("k1", cs.ID, w.token())
	g.wait()
	if _, err := w.leaves(cs.ContinueURL); !errors.Is(err, handoff.ErrBusy) {
		t.Fatalf("while it runs: %v", err)
	}
	if u := w.get(cs.ID).ContinueURL; u != "" {
		t.Errorf("offered while it runs: %s", u)
	}
	g.open()
	done := (<-answered).session(t)
	wantStatus(t, done, commerce.Completed)
	w.completed(cs.ID)
	if address, err := w.leaves(cs.ContinueURL); err != nil || address != "https://shop.example/orders/"+done.Order.Number {
		t.Fatalf("afterwards: %q, %v", address, err)
	}
	if _, err := w.leaves(cs.ContinueURL); !errors.Is(err, handoff.ErrGone) {
		t.Fatalf("used twice: %v", err)
	}
}

// TestWhatIsNotHandedOff is every session that has no address, or whose address is no longer good.
func TestWhatIsNotHandedOff(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world){
		"a shop without pages": func(w *world) { w.shop.continues = false },
		"switched off":         func(w *world) { w.settings.Continue = 0 },
		"no signer":            func(w *world) { w.handoff = nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if cs := newWorld(t, handing, change).create(); cs.ContinueURL != "" {
				t.Fatalf("offered %s", cs.ContinueURL)
			}
		})
	}
	t.Run("canceled", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, handing)
		cs := w.create()
		if _, err := w.cancel(cs.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := w.leaves(cs.ContinueURL); !errors.Is(err, handoff.ErrGone) || w.get(cs.ID).ContinueURL != "" {
			t.Fatalf("%v, %q", err, w.get(cs.ID).ContinueURL)
		}
	})
	t.Run("too old", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, handing)
		cs := w.create()
		w.clock.advance(15 * time.Minute)
		if _, err := w.leaves(cs.ContinueURL); !errors.Is(err, handoff.ErrExpired) {
			t.Fatal(err)
		}
		if _, err := w.leaves(w.get(cs.ID).ContinueURL); err != nil {
			t.Fatalf("a fresh one: %v", err)
		}
	})
	t.Run("a session of which nothing is known", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, handing)
		if _, err := w.leaves(w.handoff.URL(handoff.Session, "cs_none", time.Minute)); !errors.Is(err, handoff.ErrGone) {
			t.Fatal(err)
		}
	})
}
