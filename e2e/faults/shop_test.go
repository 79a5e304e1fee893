package faults_test

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// lostReplies are the ways in which the shop can place an order and not say so.
var lostReplies = []shop.Fault{
	{Kind: shop.ErrorAfter},
	{Kind: shop.CutAfter},
	{Kind: shop.CutMiddle},
	{Kind: shop.BrokenJSON},
	{Kind: shop.HTML},
	{Kind: shop.DuplicateKeys},
	{Kind: shop.Huge, Bytes: 32 << 20},
	{Kind: shop.Drip, Delay: time.Hour},
	{Kind: shop.SlowAnswer, Delay: time.Hour},
}

// quarantined makes the quarantine of a call without an answer so long that it passes on no machine by itself: it has passed when the
// test moves the clock by pastQuarantine. Until then every complete is answered with 503.
func quarantined(watch *shifted) func(*world) {
	return func(w *world) {
		lossy(w)
		impatient(w)
		w.options.Clock = watch
		w.settings.maxProcessing = 30 * time.Minute
		w.settings.shop = "abandon_after: 24h"
	}
}

// pastQuarantine is longer than the call and the processing of quarantined together.
const pastQuarantine = time.Hour

// unlisted makes the shop's search find nothing while hide is set, as where a search follows the orders at a distance: whoever believes it
// then makes a second order.
func unlisted(hide *atomic.Bool) func(*world) {
	return func(w *world) {
		w.shopBefore = func(target string) string {
			return between(w.t, target, func(rw http.ResponseWriter, r *http.Request, _ []byte, _ http.Handler) bool {
				if !hide.Load() || !r.URL.Query().Has("external_ref") {
					return false
				}
				answerJSON(rw, http.StatusOK, `{"status":"OK","page":1,"pages":1,"count":0,"orders":[]}`)
				return true
			})
		}
	}
}

func TestFault25_ShopFailsAfterTheOrder(t *testing.T) {
	t.Parallel()
	for i, f := range lostReplies {
		t.Run(string(f.Kind), func(t *testing.T) {
			t.Parallel()
			var (
				watch shifted
				hide  atomic.Bool
			)
			w := newWorld(t, quarantined(&watch), unlisted(&hide))
			a := w.agent([]string{oldest, newest}[i%2])
			s := a.ready("c", w.sku(0), 1)
			body := a.payment(w.token())
			f.Operation = string(shop.OrderPlace)
			w.inject(f)
			hide.Store(true)
			a.openOutcome(s.ID, "p", body)
			w.until("the order is placed", func() bool { return w.shop.Calls(shop.OrderPlace).Acted == 1 })
			a.openOutcome(s.ID, "p", body) // whoever asks does not shorten the quarantine
			hide.Store(false)
			watch.jump(pastQuarantine)
			w.bought(a.persist(completeOf(s.ID), "p", body), s.total())
			if c := w.shop.Calls(shop.OrderPlace); c.Arrived != 1 {
				t.Errorf("the shop was told to place %d orders", c.Arrived)
			}
		})
	}
}

func TestFault26_OrderAppearsAfterTheLookUp(t *testing.T) {
	t.Parallel()
	var watch shifted
	w := newWorld(t, quarantined(&watch), delaying, func(w *world) {
		w.options.Timing.Sweeps = nil
		for second := range time.Duration(patience * 30) {
			w.options.Timing.Sweeps = append(w.options.Timing.Sweeps, second*time.Second+time.Millisecond)
		}
	})
	a := w.agent(newest)
	stock := w.shop.Stock()[w.sku(0)]
	s := a.ready("c", w.sku(0), 2)
	body := a.payment(w.token())
	w.inject(shop.Fault{Operation: string(shop.OrderPlace), Kind: shop.Late})
	a.openOutcome(s.ID, "p", body)
	w.until("the order is on its way", func() bool { return w.shop.Calls(shop.OrderPlace).Arrived > 0 })
	a.openOutcome(s.ID, "p", body)
	if n := w.shop.Calls(shop.OrderPlace).Arrived; n != 1 {
		t.Fatalf("the shop was told %d times to place the order while the first one may still appear", n)
	}
	watch.jump(pastQuarantine) // the shop takes longer than it declares
	r := a.persist(completeOf(s.ID), "p", body)
	if len(w.shop.Orders()) != 1 {
		t.Fatalf("there are %d orders, want the second one only", len(w.shop.Orders()))
	}
	close(w.delays)
	w.until("the second order appears", func() bool { return w.shop.Calls(shop.OrderPlace).Acted == 2 })
	if len(w.shop.Orders()) != 2 {
		t.Fatalf("there are %d orders, want two under one reference", len(w.shop.Orders()))
	}
	w.until("the extra order is canceled", func() bool { return len(w.orders(s.ID)) == 1 })
	w.bought(r, s.total())
	if left := w.shop.Stock()[w.sku(0)]; left != stock-2 {
		t.Errorf("%d pieces are left of %d: the extra order kept some", left, stock)
	}
	if !strings.Contains(w.logs.String(), "second_order") {
		t.Error("nobody was told of the second order")
	}
}

func TestFault27_ShopRefusesTheOrder(t *testing.T) {
	t.Parallel()
	for _, version := range []string{oldest, newest} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.agent(version)
			s := a.ready("c", w.sku(1), 1, w.sku(0), 2)
			w.inject(shop.Fault{Operation: string(shop.OrderPlace), Kind: shop.SellOut, SKU: w.sku(0)})
			r := a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token()))
			w.open(r, "not_ready_for_payment").wants(t, "out_of_stock", "$.line_items[1]")
			if i := w.intents(s.ID); len(i) != 1 || i[0].Status != stripetest.StatusCanceled || w.oneKey(stripetest.OpCancel) != 1 {
				t.Errorf("the hold was not let go once: %+v, %d cancels", i, w.oneKey(stripetest.OpCancel))
			}
			// What is left can be bought.
			change := object{"line_items": []any{object{"id": w.sku(1), "quantity": 1}}}
			if version == oldest {
				change = object{"items": []any{object{"id": w.sku(1), "quantity": 1}}}
			}
			s = view(t, a.must(200, "POST", "/checkout_sessions/"+s.ID, "u", change))
			w.bought(a.must(200, "POST", completeOf(s.ID), "p2", a.payment(w.token())), s.total())
		})
	}
}

func TestFault28_PriceMovedSinceItWasShown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, price string
		atPlacing   bool
	}{
		{"dearer", "101.00", false}, {"cheaper", "51.00", false}, {"dearer at placing", "101.00", true}, {"cheaper at placing", "51.00", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.agent(newest)
			shown := a.ready("c", w.sku(0), 1)
			if c.atPlacing {
				w.inject(shop.Fault{Operation: string(shop.OrderPlace), Kind: shop.Reprice, SKU: w.sku(0), Price: c.price})
			} else if err := w.shop.SetPrice(w.sku(0), c.price); err != nil {
				t.Fatal(err)
			}
			s := w.open(a.must(200, "POST", completeOf(shown.ID), "p", a.payment(w.token())), "ready_for_payment")
			if s.total() == shown.total() || (s.total() > shown.total()) != (c.price == "101.00") {
				t.Errorf("the new total is not shown: %d, was %d", s.total(), shown.total())
			}
			if m := s.says("price_change"); m.Type != "warning" {
				t.Errorf("the change is not told: %+v", s.Messages)
			}
			if !c.atPlacing && w.stripe.Arrivals(stripetest.OpCreate) != 0 {
				t.Error("a hold was taken for a total that was never shown")
			}
			w.bought(a.must(200, "POST", completeOf(s.ID), "p2", a.payment(w.token())), s.total())
		})
	}
	t.Run("in the date without warnings", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a := w.agent(oldest)
		shown := a.ready("c", w.sku(0), 1)
		if err := w.shop.SetPrice(w.sku(0), "90.00"); err != nil {
			t.Fatal(err)
		}
		s := w.open(a.must(200, "POST", completeOf(shown.ID), "p", a.payment(w.token())), "ready_for_payment")
		told := func(m message) bool { return m.Type == "info" && strings.Contains(m.Content, "price") }
		if s.total() <= shown.total() || !slices.ContainsFunc(s.Messages, told) {
			t.Errorf("the change is not told: %+v", s)
		}
		w.bought(a.must(200, "POST", completeOf(s.ID), "p2", a.payment(w.token())), s.total())
	})
}

func TestFault29_StockGoneBeforeComplete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(newest)
	s := a.ready("c", w.sku(0), 2)
	if err := w.shop.SetStock(w.sku(0), 1); err != nil {
		t.Fatal(err)
	}
	r := a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token()))
	w.open(r, "not_ready_for_payment").wants(t, "out_of_stock", "$.line_items[0]")
	if w.stripe.Arrivals(stripetest.OpCreate) != 0 || w.shop.Calls(shop.OrderPlace).Arrived != 0 {
		t.Error("a hold or an order was tried")
	}
	s = view(t, a.must(200, "POST", "/checkout_sessions/"+s.ID, "u", object{"line_items": []any{object{"id": w.sku(0), "quantity": 1}}}))
	w.bought(a.must(200, "POST", completeOf(s.ID), "p2", a.payment(w.token())), s.total())
}

func TestFault30_ShopDown(t *testing.T) {
	t.Parallel()
	for _, kind := range []shop.Kind{shop.Off, shop.CutBefore, shop.ErrorBefore} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			var watch shifted
			w := newWorld(t, func(w *world) {
				w.options.Clock = &watch
				// An open breaker stays open for the whole test, however slow the machine is; that it closes again is gateway/upstream's test.
				w.options.Upstream.BreakerFailures, w.options.Upstream.BreakerPause = 3, time.Hour
			})
			a := w.agent(newest)
			s := a.ready("c", w.sku(0), 1)
			w.inject(shop.Fault{Operation: "*", Kind: kind, Times: shop.Forever})
			down := func(n string) {
				t.Helper()
				a.refused(503, "service_unavailable", "", "POST", "/checkout_sessions", "c-"+n, a.cart(w.sku(0), 1))
				a.refused(503, "service_unavailable", "", "POST", "/checkout_sessions/"+s.ID, "u-"+n, object{"buyer": ada()})
				a.refused(503, "service_unavailable", "", "POST", completeOf(s.ID), "p-"+n, a.payment(w.token()))
			}
			down("1") // three failures in a row: the breaker opens
			arrived := func() (n int) {
				for _, op := range shop.Operations() {
					if op != shop.CartDelete { // a cart is let go behind the answers, perhaps at the very moment at which the breaker opens
						n += w.shop.Calls(op).Arrived
					}
				}
				return n
			}
			before := arrived()
			down("2")
			if n := arrived(); n != before {
				t.Errorf("the shop was asked %d times although it is down", n-before)
			}
			watch.jump(time.Hour)
			if got := a.get(s.ID); got.Status != "ready_for_payment" || got.total() != s.total() || s.Updated == "" || got.Updated != s.Updated {
				t.Errorf("get does not show the last state with its age: %+v, was %+v", got, s)
			}
			if w.stripe.Arrivals(stripetest.OpCreate) != 0 {
				t.Error("a hold was taken")
			}
			w.shop.ClearFaults()
			w.restart() // a new process asks the shop again
			w.bought(a.must(200, "POST", completeOf(s.ID), "p-1", a.payment(w.token())), s.total())
		})
	}
}

func TestFault31_ShopTalksNonsense(t *testing.T) {
	t.Parallel()
	nonsense := slices.Concat(lostReplies, []shop.Fault{{Kind: shop.WrongCurrency}, {Kind: shop.NegativePrice}})
	for _, f := range nonsense {
		t.Run("price, "+string(f.Kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, lossy)
			a := w.agent(newest)
			body := a.cart(w.sku(0), 1)
			operations := []shop.Operation{shop.CartGet}
			if f.Kind != shop.WrongCurrency && f.Kind != shop.NegativePrice { // an empty cart has no price to be wrong
				operations = append(operations, shop.CartCreate)
			}
			for _, operation := range operations {
				f.Operation, f.Times = string(operation), shop.Forever
				w.inject(f)
				a.refused(503, "service_unavailable", "", "POST", "/checkout_sessions", "c", body)
				w.shop.ClearFaults()
			}
			s := view(t, a.must(201, "POST", "/checkout_sessions", "c", body)) // a 503 is not kept
			f.Operation, f.Times = string(shop.CartGet), shop.Forever
			w.inject(f)
			a.refused(503, "service_unavailable", "", "POST", completeOf(s.ID), "p", a.payment(w.token()))
			if w.stripe.Arrivals(stripetest.OpCreate) != 0 || a.get(s.ID).Status != "ready_for_payment" {
				t.Error("nonsense was paid for")
			}
			w.shop.ClearFaults()
			w.bought(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token())), s.total())
		})
	}
	// What was garbled on its way is read again before anybody believes it: the order itself is right and is kept.
	for _, kind := range []shop.Kind{shop.WrongCurrency, shop.NegativePrice} {
		kept := func(t *testing.T, w *world) {
			t.Helper()
			if c := w.shop.Calls(shop.OrderPlace); c.Arrived != 1 || len(w.shop.Orders()) != 1 {
				t.Errorf("%d calls to place, orders %+v: want the one order of the first call", c.Arrived, w.shop.Orders())
			}
		}
		t.Run("order, reply, "+string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, lossy)
			a := w.agent(newest)
			s := a.ready("c", w.sku(0), 1)
			w.inject(shop.Fault{Operation: string(shop.OrderPlace), Kind: kind})
			w.bought(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token())), s.total())
			kept(t, w)
		})
		for _, read := range []shop.Operation{shop.OrderFind, shop.OrderGet} {
			t.Run("order, reply and "+string(read)+", "+string(kind), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, lossy, impatient)
				a := w.agent(newest)
				s := a.ready("c", w.sku(0), 1)
				body := a.payment(w.token())
				w.inject(shop.Fault{Operation: string(shop.OrderPlace), Kind: kind})
				w.inject(shop.Fault{Operation: string(read), Kind: kind, Times: shop.Forever})
				a.openOutcome(s.ID, "p", body)
				w.until("the order is read again and again", func() bool { return w.shop.Calls(read).Acted > 2 })
				a.openOutcome(s.ID, "p", body)
				if w.stripe.Arrivals(stripetest.OpCapture)+w.stripe.Arrivals(stripetest.OpCancel) != 0 {
					t.Error("the hold was decided on by nonsense")
				}
				w.shop.ClearFaults()
				w.bought(a.persist(completeOf(s.ID), "p", body), s.total())
				kept(t, w)
			})
		}
	}
	// An order that is not what was frozen is canceled, and the buyer is asked again. The shop places such a one only when it is not
	// told what total is expected.
	t.Run("order, another total", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.settings.unsaid = " expected_total: $in.total.text," })
		a := w.agent(newest)
		shown := a.ready("c", w.sku(0), 1)
		w.inject(shop.Fault{Operation: string(shop.OrderPlace), Kind: shop.Reprice, SKU: w.sku(0), Price: "101.00"})
		s := w.open(a.must(200, "POST", completeOf(shown.ID), "p", a.payment(w.token())), "ready_for_payment")
		if m := s.says("price_change"); m.Type != "warning" || s.total() <= shown.total() {
			t.Errorf("the change is not told: %d, was %d: %+v", s.total(), shown.total(), s.Messages)
		}
		if all := w.shop.Orders(); len(all) != 1 || all[0].State != shop.Canceled || all[0].TotalMinor() != s.total() {
			t.Errorf("the order was not canceled: %+v", all)
		}
		if i := w.intents(s.ID); len(i) != 1 || i[0].Status != stripetest.StatusCanceled || w.stripe.Arrivals(stripetest.OpCapture) != 0 {
			t.Errorf("the hold was not let go: %+v", i)
		}
		w.bought(a.must(200, "POST", completeOf(s.ID), "p2", a.payment(w.token())), s.total())
	})
}
