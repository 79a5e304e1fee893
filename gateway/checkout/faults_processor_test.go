package checkout_test

import (
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// Row 11: the answer is lost, or cannot be read, after the hold, the capture or the void took place.
func TestRow11_ReplyLostAfterActing(t *testing.T) {
	t.Parallel()
	for _, kind := range []stripetest.Kind{stripetest.CutReply, stripetest.Garble} {
		for _, op := range []stripetest.Op{stripetest.OpCreate, stripetest.OpCapture} {
			t.Run(string(kind)+" "+string(op), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.arm(stripetest.Fault{Op: op, Kind: kind, Times: 2})
				cs := w.create()
				a, err := w.complete("k1", cs.ID, w.token())
				if got := session(t, a, err); got.Status != commerce.Completed {
					t.Fatalf("got %s", got.Status)
				}
				w.completed(cs.ID)
				if l := w.ledger(cs.ID); len(l.Intents) != 1 || l.Intents[0].Captures != 1 {
					t.Fatalf("intents %+v", l.Intents)
				}
			})
		}
		t.Run(string(kind)+" void", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.arm(stripetest.Fault{Op: stripetest.OpCancel, Kind: kind, Times: 2})
			w.shop.always = refuse(commerce.OutOfStock)
			cs := w.create()
			a, err := w.complete("k1", cs.ID, w.token())
			wantMessage(t, session(t, a, err), commerce.CodeOutOfStock)
			w.untouched(cs.ID)
		})
	}
}

// Row 12: a 500 is stored under our key.
func TestRow12_StoredServerError(t *testing.T) {
	t.Parallel()
	t.Run("nothing happened", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.ServerError, Times: 1})
		cs := w.create()
		_, err := w.complete("k1", cs.ID, w.token())
		wantKind(t, err, commerce.Unavailable)
		w.untouched(cs.ID)
		a, err := w.complete("k1", cs.ID, w.token())
		if got := session(t, a, err); got.Status != commerce.Completed {
			t.Fatalf("got %s", got.Status)
		}
		w.completed(cs.ID)
	})
	t.Run("it held all the same", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.ServerError, Acts: true, Times: 1})
		cs := w.create()
		a, err := w.complete("k1", cs.ID, w.token())
		if got := session(t, a, err); got.Status != commerce.Completed {
			t.Fatalf("got %s", got.Status)
		}
		w.completed(cs.ID)
		if n := len(w.ledger(cs.ID).Intents); n != 1 {
			t.Fatalf("%d intents", n)
		}
	})
	for _, acts := range []bool{false, true} {
		t.Run(map[bool]string{false: "capture not made", true: "capture made"}[acts], func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.arm(stripetest.Fault{Op: stripetest.OpCapture, Kind: stripetest.ServerError, Acts: acts, Times: 1})
			cs := w.create()
			a, err := w.complete("k1", cs.ID, w.token())
			if got := session(t, a, err); got.Status != commerce.Completed {
				t.Fatalf("got %s", got.Status)
			}
			w.completed(cs.ID)
		})
		t.Run(map[bool]string{false: "refund not made", true: "refund made"}[acts], func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.Succeed, Times: 1},
				stripetest.Fault{Op: stripetest.OpRefund, Kind: stripetest.ServerError, Acts: acts, Times: 1})
			w.shop.always = refuse(commerce.OutOfStock)
			cs := w.create()
			a, err := w.complete("k1", cs.ID, w.token())
			wantMessage(t, session(t, a, err), commerce.CodeOutOfStock)
			w.untouched(cs.ID)
			if l := w.ledger(cs.ID); len(l.Refunds) != 1 {
				t.Fatalf("refunds %+v", l.Refunds)
			}
		})
	}
}

// Row 13: the key is in use, or calls are limited.
func TestRow13_Busy(t *testing.T) {
	t.Parallel()
	for _, kind := range []stripetest.Kind{stripetest.KeyInUse, stripetest.RateLimit} {
		for _, op := range []stripetest.Op{stripetest.OpCreate, stripetest.OpCapture} {
			t.Run(string(kind)+" "+string(op), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.arm(stripetest.Fault{Op: op, Kind: kind, Times: 4})
				cs := w.create()
				a, err := w.complete("k1", cs.ID, w.token())
				if got := session(t, a, err); got.Status != commerce.Completed {
					t.Fatalf("got %s", got.Status)
				}
				w.completed(cs.ID)
				keys := map[string]bool{}
				for _, r := range w.stripe.Requests() {
					if r.Op == op {
						keys[r.Key] = true
					}
				}
				if len(keys) != 1 {
					t.Fatalf("keys %v", keys)
				}
			})
		}
	}
}

// Row 14: a decline with the intent in it.
func TestRow14_Decline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	a, err := w.complete("k1", cs.ID, w.token(func(g *stripetest.Grant) { g.PaymentMethod = "pm_card_visa_chargeDeclined" }))
	got := session(t, a, err)
	wantMessage(t, got, commerce.CodePaymentDeclined)
	if got.Status != commerce.Ready || got.Quote.Total != cs.Quote.Total {
		t.Fatalf("got %s, total %d", got.Status, got.Quote.Total)
	}
	w.untouched(cs.ID)
	for _, i := range w.ledger(cs.ID).Intents {
		if i.Status != stripetest.StatusCanceled {
			t.Errorf("the declined intent is %s and could be confirmed again", i.Status)
		}
	}
}

// Rows 16 and 17: the token can no longer be used, or not for this, at the look before the hold or only at the hold.
func TestRows16And17_TokenRefused(t *testing.T) {
	t.Parallel()
	unread := stripetest.Fault{Op: stripetest.OpGranted, Kind: stripetest.Unavailable, Times: 1}
	for name, spoil := range map[string]func(*world) string{
		"revoked": func(w *world) string {
			token := w.token()
			if err := w.stripe.Revoke(token); err != nil {
				w.t.Fatal(err)
			}
			return token
		},
		"expired": func(w *world) string {
			token := w.token(func(g *stripetest.Grant) { g.ExpiresAt = w.clock.Now().Add(2 * time.Hour) })
			w.clock.advance(3 * time.Hour)
			return token
		},
		"over the limit": func(w *world) string {
			return w.token(func(g *stripetest.Grant) { g.MaxAmount = 1000 })
		},
	} {
		for when, faults := range map[string][]stripetest.Fault{"before": nil, "between": {unread}} {
			t.Run(name+"/"+when, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				cs := w.create()
				token := spoil(w)
				w.arm(faults...)
				a, err := w.complete("k1", cs.ID, token)
				got := session(t, a, err)
				wantMessage(t, got, commerce.CodePaymentDeclined)
				if got.Status != commerce.Ready {
					t.Fatalf("got %s", got.Status)
				}
				w.untouched(cs.ID)
				if when == "before" && w.stripe.Arrivals(stripetest.OpCreate) != 0 {
					t.Error("a hold was tried on a token that was known to be useless")
				}
				a, err = w.complete("k2", cs.ID, w.token())
				if got := session(t, a, err); got.Status != commerce.Completed {
					t.Fatalf("a new token: %s", got.Status)
				}
				w.completed(cs.ID)
			})
		}
	}
	t.Run("consumed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stripe.SetRules(stripetest.Rules{SingleUse: true})
		cs, token := w.create(), w.token()
		w.shop.place = append(w.shop.place, refuse(commerce.Rejected))
		_, err := w.complete("k1", cs.ID, token)
		if err != nil {
			t.Fatal(err)
		}
		w.untouched(cs.ID)
		a, err := w.complete("k2", cs.ID, token)
		wantMessage(t, session(t, a, err), commerce.CodePaymentDeclined)
		w.untouched(cs.ID)
	})
}

// Rows 17 and 18: the token is for another currency, or for nobody.
func TestRows17And18_TokenInvalid(t *testing.T) {
	t.Parallel()
	for name, token := range map[string]func(*world) string{
		"currency": func(w *world) string { return w.token(func(g *stripetest.Grant) { g.Currency = "eur" }) },
		"unknown":  func(*world) string { return "spt_nobody" },
		"no token": func(*world) string { return "4242424242424242" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cs := w.create()
			_, err := w.complete("k1", cs.ID, token(w))
			wantKind(t, err, commerce.Invalid)
			w.untouched(cs.ID)
			if n := w.stripe.Arrivals(stripetest.OpCreate); n != 0 {
				t.Fatalf("%d holds were tried", n)
			}
		})
	}
}

// TestHoldUnlikeTheTotal lets go of what does not cover the order or is looked at by somebody.
func TestHoldUnlikeTheTotal(t *testing.T) {
	t.Parallel()
	for _, f := range []stripetest.Fault{
		{Op: stripetest.OpCreate, Kind: stripetest.PartialHold, Amount: 100, Times: 1},
		{Op: stripetest.OpCreate, Kind: stripetest.Review, Times: 1},
	} {
		t.Run(string(f.Kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.arm(f)
			cs := w.create()
			a, err := w.complete("k1", cs.ID, w.token())
			wantMessage(t, session(t, a, err), commerce.CodePaymentDeclined)
			w.untouched(cs.ID)
			if len(w.shop.told().placed) != 0 {
				t.Error("an order was placed")
			}
		})
	}
}

// Row 24: the money is taken at once although a hold was asked for.
func TestRow24_TakenAtOnce(t *testing.T) {
	t.Parallel()
	taken := stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.Succeed, Times: 1}
	t.Run("the order is possible", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.arm(taken)
		cs := w.create()
		a, err := w.complete("k1", cs.ID, w.token())
		if got := session(t, a, err); got.Status != commerce.Completed {
			t.Fatalf("got %s", got.Status)
		}
		w.completed(cs.ID)
		if w.stripe.Arrivals(stripetest.OpCapture) != 0 || !w.alerts.has("captured_at_authorization") {
			t.Fatalf("captures %d, alerts %v", w.stripe.Arrivals(stripetest.OpCapture), w.alerts.all())
		}
	})
	t.Run("the order is impossible", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.arm(taken, stripetest.Fault{Op: stripetest.OpRefund, Kind: stripetest.CutReply, Times: 1})
		w.shop.always = refuse(commerce.OutOfStock)
		cs := w.create()
		a, err := w.complete("k1", cs.ID, w.token())
		wantMessage(t, session(t, a, err), commerce.CodeOutOfStock)
		w.untouched(cs.ID)
		if l := w.ledger(cs.ID); len(l.Refunds) != 1 || l.Refunds[0].Amount != cs.Quote.Total || !w.alerts.has("captured_and_refunded") {
			t.Fatalf("refunds %+v, alerts %v", l.Refunds, w.alerts.all())
		}
	})
	t.Run("the refund is refused", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.arm(taken, stripetest.Fault{Op: stripetest.OpRefund, Kind: stripetest.Refuse, Status: 400})
		w.shop.always = refuse(commerce.OutOfStock)
		cs := w.create()
		w.leave("k1", cs.ID, w.token())
		w.stepIs(cs.ID, "needs_operator")
		if !w.row(cs.ID).Live || !w.alerts.has("refund_refused") {
			t.Fatalf("live %v, alerts %v", w.row(cs.ID).Live, w.alerts.all())
		}
	})
}
