package faults_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// credential is where an agent finds the payment token of a complete, in the date of the agent.
func (a *agent) credential() string {
	if a.version == oldest {
		return "$.payment_data.token"
	}
	return "$.payment_data.instrument.credential.token"
}

// impatient makes the gateway give a complete up soon.
func impatient(w *world) { w.settings.completeTimeout = patience * time.Second }

// openOutcome asserts what an agent sees while the outcome of a completion is open: 503 to complete, the in-progress status of its date
// to get, and a conflict to whoever wants to change the session.
func (a *agent) openOutcome(id, key string, body any) {
	a.w.t.Helper()
	want := "complete_in_progress"
	if a.version == oldest {
		want = "in_progress"
	}
	// On a busy machine the deadline may pass before anything was begun; then the agent has to ask again.
	a.w.until("the completion is begun", func() bool {
		a.refused(503, "service_unavailable", "", "POST", completeOf(id), key, body)
		return a.get(id).Status == want
	})
	if s := a.get(id); s.Order != nil {
		a.w.t.Errorf("while the outcome is open an order is shown: %+v", s)
	}
	a.refused(409, "conflict", "", "POST", "/checkout_sessions/"+id, key+"-update", object{"buyer": ada()})
	a.refused(409, "conflict", "", "POST", "/checkout_sessions/"+id+"/cancel", key+"-cancel", nil)
}

func TestFault11_StripeTimesOutAfterTheCharge(t *testing.T) {
	t.Parallel()
	for _, version := range []string{oldest, newest} {
		t.Run("once, "+version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.agent(version)
			s := a.ready("c", w.sku(0), 1)
			w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.CutReply, Times: 1})
			w.bought(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token())), s.total())
			if n := w.oneKey(stripetest.OpCreate); n != 2 || len(w.intents(s.ID)) != 1 {
				t.Errorf("%d requests made %d intents, want 2 and 1", n, len(w.intents(s.ID)))
			}
		})
		t.Run("past the deadline, "+version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, impatient)
			a := w.agent(version)
			s := a.ready("c", w.sku(0), 1)
			body := a.payment(w.token())
			w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.CutReply})
			a.openOutcome(s.ID, "p", body)
			if intents := w.intents(s.ID); len(intents) != 1 || intents[0].Held != s.total() {
				t.Fatalf("the charge did not take place: %+v", intents)
			}
			if w.shop.Calls(shop.OrderPlace).Arrived != 0 {
				t.Error("an order was placed without a known hold")
			}
			w.stripe.Disarm()
			w.bought(a.persist(completeOf(s.ID), "p", body), s.total())
			if w.oneKey(stripetest.OpCreate) < 2 || len(w.intents(s.ID)) != 1 || w.stripe.Arrivals(stripetest.OpCancel) != 0 {
				t.Errorf("the hold was not taken up: %+v", w.intents(s.ID))
			}
		})
	}
}

func TestFault12_StripeKeepsA500UnderOurKey(t *testing.T) {
	t.Parallel()
	t.Run("nothing was done", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a := w.agent(newest)
		s := a.ready("c", w.sku(0), 1)
		body := a.payment(w.token())
		w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.ServerError, Times: 1})
		a.refused(503, "service_unavailable", "", "POST", completeOf(s.ID), "p", body)
		if w.stripe.Arrivals(stripetest.OpList) == 0 {
			t.Error("the attempt was closed without a look at the list")
		}
		w.open(a.must(200, "GET", "/checkout_sessions/"+s.ID, "", nil), "ready_for_payment")
		w.bought(a.persist(completeOf(s.ID), "p", body), s.total())
		calls := w.calls(stripetest.OpCreate)
		if last := calls[len(calls)-1].Key; last == calls[0].Key {
			t.Errorf("attempt 2 came under the key of attempt 1, %q", last)
		}
	})
	t.Run("the hold was made", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a := w.agent(newest)
		s := a.ready("c", w.sku(0), 1)
		w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.ServerError, Acts: true, Times: 1})
		w.bought(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token())), s.total())
		if w.stripe.Arrivals(stripetest.OpList) == 0 || len(w.intents(s.ID)) != 1 {
			t.Errorf("the hold was not found in the list: %+v", w.intents(s.ID))
		}
	})
}

func TestFault13_StripeIsBusy(t *testing.T) {
	t.Parallel()
	for _, kind := range []stripetest.Kind{stripetest.KeyInUse, stripetest.RateLimit} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.agent(newest)
			s := a.ready("c", w.sku(0), 1)
			w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: kind, Times: 3}, stripetest.Fault{Op: stripetest.OpCapture, Kind: kind, Times: 2})
			w.bought(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token())), s.total())
			if n := w.oneKey(stripetest.OpCreate); n != 4 {
				t.Errorf("%d requests, want 4", n)
			}
			if n := w.oneKey(stripetest.OpCapture); n != 3 {
				t.Errorf("%d captures were sent, want 3", n)
			}
		})
		t.Run(string(kind)+" past the deadline", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, impatient)
			a := w.agent(newest)
			s := a.ready("c", w.sku(0), 1)
			body := a.payment(w.token())
			w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: kind})
			a.openOutcome(s.ID, "p", body)
			w.until("the hold is asked for again", func() bool { return w.stripe.Arrivals(stripetest.OpCreate) > 1 })
			// The waits between the tries grow: in a second of 10 ms waits there would be a hundred.
			if n := w.oneKey(stripetest.OpCreate); n > 30 {
				t.Errorf("%d tries in about a second", n)
			}
			w.stripe.Disarm()
			w.bought(a.persist(completeOf(s.ID), "p", body), s.total())
		})
	}
}

func TestFault14_Declined(t *testing.T) {
	t.Parallel()
	for _, version := range []string{oldest, newest} {
		for _, method := range []string{"pm_card_chargeDeclined", "pm_card_chargeDeclinedInsufficientFunds", "pm_card_chargeDeclinedProcessingError"} {
			t.Run(version+" "+method, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				a := w.agent(version)
				s := a.ready("c", w.sku(0), 1)
				var last reply
				const declines = 6 // one more than the failures in a row that make an outage: nothing is kept away from Stripe, or from the shop
				for i := range declines {
					body := a.payment(w.token(card(method)))
					last = a.must(200, "POST", completeOf(s.ID), fmt.Sprintf("p%d", i), body)
					w.open(last, "ready_for_payment").wants(t, "payment_declined", a.credential())
				}
				for _, i := range w.intents(s.ID) {
					if i.Status != stripetest.StatusCanceled {
						t.Errorf("a declined intent is left as %s: it could still be confirmed", i.Status)
					}
				}
				if n := len(w.intents(s.ID)); n != declines {
					t.Errorf("%d intents for %d attempts", n, declines)
				}
				if w.shop.Calls(shop.OrderPlace).Arrived != 0 {
					t.Error("an order was placed")
				}
				w.bought(a.must(200, "POST", completeOf(s.ID), "good", a.payment(w.token())), s.total())
			})
		}
	}
}

func TestFault15_RequiresAction(t *testing.T) {
	t.Parallel()
	for _, version := range []string{oldest, newest} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.agent(version)
			s := a.ready("c", w.sku(0), 1)
			r := a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token(card("pm_card_threeDSecure2Required"))))
			w.open(r, "ready_for_payment").wants(t, "requires_3ds", a.credential())
			for _, i := range w.intents(s.ID) {
				if i.Status != stripetest.StatusCanceled {
					t.Errorf("the intent is left as %s: the buyer could still confirm it", i.Status)
				}
			}
			w.bought(a.must(200, "POST", completeOf(s.ID), "p2", a.payment(w.token())), s.total())
		})
	}
}

func TestFault16_TokenEnded(t *testing.T) {
	t.Parallel()
	refused := func(t *testing.T, w *world, a *agent, s sessionView, r reply) {
		t.Helper()
		got := w.open(r, "ready_for_payment")
		got.wants(t, "payment_declined", a.credential())
		if text := got.says("payment_declined").Content; !strings.Contains(text, "new token") {
			t.Errorf("the message does not ask for a new token: %q", text)
		}
		w.bought(a.must(200, "POST", completeOf(s.ID), "again", a.payment(w.token())), s.total())
	}
	t.Run("revoked before the check", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a := w.agent(newest)
		s := a.ready("c", w.sku(0), 1)
		token := w.token()
		if err := w.stripe.Revoke(token); err != nil {
			t.Fatal(err)
		}
		r := a.must(200, "POST", completeOf(s.ID), "p", a.payment(token))
		if w.stripe.Arrivals(stripetest.OpCreate) != 0 {
			t.Error("a dead token was charged")
		}
		refused(t, w, a, s, r)
	})
	t.Run("revoked between check and hold", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, stalling)
		a := w.agent(newest)
		s := a.ready("c", w.sku(0), 1)
		token := w.token()
		reply := w.beforeStripe.stall("GET", token)
		p := a.start(t.Context(), "POST", completeOf(s.ID), "p", a.payment(token))
		reply.arrived(w)
		if err := w.stripe.Revoke(token); err != nil {
			t.Fatal(err)
		}
		reply.letGo()
		r, err := p.wait()
		if err != nil {
			t.Fatal(err)
		}
		if w.stripe.Arrivals(stripetest.OpCreate) != 1 {
			t.Error("the hold was not asked for")
		}
		refused(t, w, a, s, r)
	})
	t.Run("expired", func(t *testing.T) {
		t.Parallel()
		watch := &shifted{}
		w := newWorld(t, func(w *world) { w.options.Clock = watch })
		a := w.agent(newest)
		s := a.ready("c", w.sku(0), 1)
		token := w.token(func(g *stripetest.Grant) { g.ExpiresAt = watch.Now().Add(10 * time.Minute) })
		watch.jump(20 * time.Minute)
		refused(t, w, a, s, a.must(200, "POST", completeOf(s.ID), "p", a.payment(token)))
	})
	t.Run("consumed by another purchase", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stripe.SetRules(stripetest.Rules{SingleUse: true})
		a := w.agent(newest)
		token := w.token()
		first := a.ready("c1", w.sku(1), 1)
		w.bought(a.must(200, "POST", completeOf(first.ID), "p", a.payment(token)), first.total())
		s := a.ready("c2", w.sku(0), 1)
		refused(t, w, a, s, a.must(200, "POST", completeOf(s.ID), "p", a.payment(token)))
	})
}

func TestFault17_TokenDoesNotFit(t *testing.T) {
	t.Parallel()
	t.Run("over its limit", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a := w.agent(newest)
		s := a.ready("c", w.sku(0), 1)
		short := func(g *stripetest.Grant) { g.MaxAmount = s.total() - 1 }
		w.open(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token(short))), "ready_for_payment").wants(t, "payment_declined", a.credential())
		// When the token cannot be read first, the hold tells.
		w.arm(stripetest.Fault{Op: stripetest.OpGranted, Kind: stripetest.Unavailable, Times: 1})
		w.open(a.must(200, "POST", completeOf(s.ID), "p2", a.payment(w.token(short))), "ready_for_payment").wants(t, "payment_declined", a.credential())
		if w.stripe.Arrivals(stripetest.OpCreate) != 1 {
			t.Errorf("the hold was asked for %d times, want once", w.stripe.Arrivals(stripetest.OpCreate))
		}
		exact := func(g *stripetest.Grant) { g.MaxAmount = s.total() }
		w.bought(a.must(200, "POST", completeOf(s.ID), "p3", a.payment(w.token(exact))), s.total())
	})
	t.Run("other currency", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a := w.agent(newest)
		s := a.ready("c", w.sku(0), 1)
		euros := func(g *stripetest.Grant) { g.Currency = "eur" }
		a.refused(400, "invalid", a.credential(), "POST", completeOf(s.ID), "p", a.payment(w.token(euros)))
		w.open(a.must(200, "GET", "/checkout_sessions/"+s.ID, "", nil), "ready_for_payment")
		w.arm(stripetest.Fault{Op: stripetest.OpGranted, Kind: stripetest.Unavailable, Times: 1})
		w.open(a.must(200, "POST", completeOf(s.ID), "p2", a.payment(w.token(euros))), "ready_for_payment").wants(t, "payment_declined", a.credential())
		w.bought(a.must(200, "POST", completeOf(s.ID), "p3", a.payment(w.token())), s.total())
	})
}

func TestFault18_TokenUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(newest)
	s := a.ready("c", w.sku(0), 1)
	const stranger = "spt_of_nobody_1234567890"
	r := a.refused(400, "invalid", a.credential(), "POST", completeOf(s.ID), "p", a.payment(stranger))
	live := a.refused(400, "invalid", a.credential(), "POST", completeOf(s.ID), "p-live", a.payment("spt_live_1234567890"))
	// The text must not tell whoever tries tokens more than that this one will not do.
	for _, x := range []reply{r, live} {
		for _, hint := range []string{"spt_", "exist", "found", "No such", "unknown", "live", "mode"} {
			if strings.Contains(failure(x).Message, hint) {
				t.Errorf("the refusal hints at %q: %s", hint, x)
			}
		}
	}
	if w.stripe.Arrivals(stripetest.OpCreate) != 0 {
		t.Error("the token was charged")
	}
	w.open(a.must(200, "GET", "/checkout_sessions/"+s.ID, "", nil), "ready_for_payment")
	w.bought(a.must(200, "POST", completeOf(s.ID), "good", a.payment(w.token())), s.total())
}

func TestFault21_KeyTooOld(t *testing.T) {
	t.Parallel()
	const late = 23*time.Hour + 30*time.Minute
	// Between the two moments nobody may replay the key, at whatever age.
	old := func(t *testing.T, w *world, before int) {
		t.Helper()
		if n := w.stripe.Arrivals(stripetest.OpCreate); n != before {
			t.Errorf("the key was sent again after 23 hours: %d requests became %d", before, n)
		}
	}
	begin := func(t *testing.T, kind stripetest.Kind) (*world, *agent, sessionView, int) {
		t.Helper()
		watch := &shifted{}
		w := newWorld(t, impatient, func(w *world) {
			w.options.Clock = watch
			w.settings.shop = "abandon_after: 24h\n    expire_after: 48h"
		})
		a := w.agent(newest)
		s := a.ready("c", w.sku(0), 1)
		w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: kind})
		a.openOutcome(s.ID, "p", a.payment(w.token()))
		w.halt()
		watch.jump(late)
		n := w.stripe.Arrivals(stripetest.OpCreate)
		w.stripe.Disarm()
		w.boot()
		return w, a, s, n
	}
	t.Run("the hold is in the list", func(t *testing.T) {
		t.Parallel()
		w, a, s, n := begin(t, stripetest.CutReply)
		w.until("the session is completed", func() bool { return a.get(s.ID).Status == "completed" })
		old(t, w, n)
		w.settled(s.ID)
		if w.charged(s.ID) != s.total() || len(w.intents(s.ID)) != 1 {
			t.Errorf("the hold was not adopted: %+v", w.intents(s.ID))
		}
	})
	t.Run("nothing is in the list", func(t *testing.T) {
		t.Parallel()
		w, a, s, n := begin(t, stripetest.CutRequest)
		w.operator[s.ID] = true
		w.until("an operator is called", func() bool { return strings.Contains(w.logs.String(), "hold_unknown_past_key_life") })
		a.openOutcome(s.ID, "p-late", a.payment(w.token()))
		old(t, w, n)
		if slices.ContainsFunc(w.stripe.Ledger().With(stripepay.MetadataSession, s.ID).Intents, stripetest.Intent.Moved) || len(w.orders(s.ID)) > 0 {
			t.Error("something was charged or ordered")
		}
	})
}

func TestFault24_CapturedAndImpossible(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(newest)
	s := a.ready("c", w.sku(0), 1)
	w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.Succeed, Times: 1})
	w.inject(shop.Fault{Operation: string(shop.OrderPlace), Kind: shop.SellOut, SKU: w.sku(0)})
	got := w.open(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token())), "not_ready_for_payment")
	got.wants(t, "out_of_stock", "$.line_items[0]")
	intents, refunds := w.intents(s.ID), w.stripe.Ledger().Refunds
	if len(intents) != 1 || intents[0].Captured != s.total() || len(refunds) != 1 || refunds[0].Amount != s.total() {
		t.Errorf("the money did not come and go once: %+v, %+v", intents, refunds)
	}
	if n := w.oneKey(stripetest.OpRefund); n != 1 {
		t.Errorf("the refund was asked for %d times", n)
	}
	if !strings.Contains(w.logs.String(), "captured_and_refunded") {
		t.Error("nobody was told of the refund")
	}

	// Where the order is possible, money that was taken at once is kept, once.
	if err := w.shop.SetStock(w.sku(0), 10); err != nil {
		t.Fatal(err)
	}
	s = a.ready("c2", w.sku(0), 1)
	w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.Succeed, Times: 1})
	w.bought(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token())), s.total())
	if w.stripe.Arrivals(stripetest.OpCapture) != 0 {
		t.Error("money that was taken was captured again")
	}
}
