package faults_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// TestAnswersAreKeptForADay: ACP asks for 24 hours; afterwards a key is a new one, and the state of the session alone decides.
func TestAnswersAreKeptForADay(t *testing.T) {
	t.Parallel()
	watch := &shifted{}
	w := newWorld(t, func(w *world) { w.options.Clock = watch })
	a := w.agent(newest)
	create := a.cart(w.sku(0), 1)
	first := a.must(201, "POST", "/checkout_sessions", "c", create)
	s := view(t, first)
	body := a.payment(w.token())
	done := a.must(200, "POST", completeOf(s.ID), "p", body)
	w.bought(done, s.total())
	w.last(s.ID, "order_create", func(event) bool { return true }) // it was signed by this day's clock
	watch.jump(24*time.Hour - time.Minute)
	w.restart()
	for path, want := range map[string]reply{"/checkout_sessions": first, completeOf(s.ID): done} {
		key, send := "c", any(create)
		if path != "/checkout_sessions" {
			key, send = "p", body
		}
		if r := a.must(want.status, "POST", path, key, send); !bytes.Equal(r.body, want.body) || r.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s after a day: %s", path, r)
		}
	}
	watch.jump(3 * time.Hour)
	a.refused(409, "conflict", "", "POST", completeOf(s.ID), "p", body)
	if again := view(t, a.must(201, "POST", "/checkout_sessions", "c", create)); again.ID == s.ID {
		t.Error("a key that was forgotten is replayed")
	}
	if got := a.get(s.ID); got.Status != "completed" || len(w.intents(s.ID)) != 1 {
		t.Errorf("after a day the session is %+v", got)
	}
	w.answered = nil // forgotten, as they should be
}

// TestWithoutKeys: the older date does not ask for a key, and a session is still paid once.
func TestWithoutKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(oldest)
	s := a.ready("", w.sku(0), 1)
	body := a.payment(w.token())
	for range 3 {
		r := a.send("POST", completeOf(s.ID), "", body)
		if r.status != 200 && (r.status != 409 || failure(r).Code != "conflict") {
			t.Errorf("a completed session answers a complete with %s", r)
		}
	}
	if w.charged(s.ID) != s.total() || len(w.intents(s.ID)) != 1 {
		t.Errorf("paid otherwise than once: %+v", w.intents(s.ID))
	}
}

// TestLastPieces: of two buyers who want more than there is together, one is served, and the other is charged nothing.
func TestLastPieces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(newest)
	var sessions []sessionView
	var all []*pending
	for i := range 4 { // of three aprons, two each
		sessions = append(sessions, a.ready(fmt.Sprintf("c%d", i), w.sku(5), 2))
	}
	for i, s := range sessions {
		all = append(all, a.start(t.Context(), "POST", completeOf(s.ID), fmt.Sprintf("p%d", i), a.payment(w.token())))
	}
	sold := 0
	for i, p := range all {
		r, err := p.wait()
		if err != nil {
			t.Fatal(err)
		}
		if view(t, r).Status == "completed" {
			w.bought(r, sessions[i].total())
			sold++
			continue
		}
		w.open(r, "not_ready_for_payment").wants(t, "out_of_stock", "$.line_items[0]")
	}
	if sold != 1 || w.shop.Stock()[w.sku(5)] != 1 {
		t.Errorf("%d were served and %d pieces are left", sold, w.shop.Stock()[w.sku(5)])
	}
}

// TestExpiry: a session that was forgotten ends, gives its cart back and takes no money.
func TestExpiry(t *testing.T) {
	t.Parallel()
	watch := &shifted{}
	w := newWorld(t, func(w *world) { w.options.Clock = watch })
	a := w.agent(newest)
	s := a.ready("c", w.sku(0), 1)
	watch.jump(7 * time.Hour)
	if got := a.get(s.ID); got.Status != "expired" {
		t.Errorf("after seven hours the session is %s", got.Status)
	}
	if got := w.agent(oldest).get(s.ID); got.Status != "canceled" {
		t.Errorf("in the date that knows no expiry the session is %s", got.Status)
	}
	a.refused(409, "conflict", "", "POST", completeOf(s.ID), "p", a.payment(w.token()))
	a.refused(409, "conflict", "", "POST", "/checkout_sessions/"+s.ID, "u", object{"buyer": ada()})
	a.refused(405, "conflict", "", "POST", "/checkout_sessions/"+s.ID+"/cancel", "x", nil)
	w.until("the cart is dropped", func() bool { return len(w.shop.Carts()) == 0 })
	if w.stripe.Arrivals(stripetest.OpCreate) != 0 {
		t.Error("a hold was taken")
	}
}

// TestShopInternalsAreNotTold: an agent has no use for the paths of the seller's own API, and a shop's unexplained refusal is not the
// agent's mistake for good.
func TestShopInternalsAreNotTold(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 404, 418} {
		var shop *echo
		w := newWorld(t, func(w *world) {
			w.shopBefore = func(url string) string { shop = newEcho(t, url); return shop.URL }
		})
		a := w.agent(newest)
		shop.repeat("POST", "/customer", 1, status, "text/html", "<html>%s</html>")
		r := a.send("POST", "/checkout_sessions", "c", a.cart(w.sku(0), 1))
		if shop.hits() != 1 {
			t.Fatal("the shop was not asked")
		}
		for _, inside := range []string{"/cart", "/customer", "POST", fmt.Sprint(status)} {
			if strings.Contains(string(r.body), inside) {
				t.Errorf("the shop's %d: the agent is told %q: %s", status, inside, r)
			}
		}
	}
}
