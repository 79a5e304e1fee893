package checkout_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// TestS06_TheSettleTimeCountsFromTheFirstDoubt lets the processor give no answer for longer than the settle time, and then the same
// stored failure again and again: the call that acted, if one did, may have been the last one, and its hold is not in the list yet.
// Counted from the first call the settle time would be over at once, and the session would open above a hold.
func TestS06_TheSettleTimeCountsFromTheFirstDoubt(t *testing.T) {
	t.Parallel()
	const away, settle = 40 * time.Second, 30 * time.Second
	for name, acts := range map[string]bool{"it held": true, "it did nothing": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				cs := w.create()
				began := w.clock.Now()
				var doubt time.Time
				w.memory.hold = func(make func() payment.Intent) (payment.Intent, error) {
					now := w.clock.Now()
					if now.Sub(began) < away {
						return payment.Intent{}, &payment.Error{Kind: payment.Unknown, Message: "planted: no answer"}
					}
					if doubt.IsZero() {
						if doubt = now; acts {
							make()
						}
					}
					return payment.Intent{}, &payment.Error{Kind: payment.Unknown, StoredReply: true, Message: "planted: stored"}
				}
				var looks []time.Duration
				w.memory.list = func() (payment.Intent, bool, error) {
					after := w.clock.Now().Sub(doubt)
					looks = append(looks, after)
					if !acts || after < settle {
						return payment.Intent{}, false, nil
					}
					return *w.memory.intents[0], true, nil
				}
				r := <-w.begin("k1", cs.ID, w.token())
				if acts {
					w.sold(r.session(t))
				} else {
					wantKind(t, r.err, commerce.Unavailable)
					w.unsold(cs.ID)
				}
				if want := []time.Duration{0, settle}; !slices.Equal(looks, want) || doubt.Sub(began) < away {
					t.Fatalf("the list was read %v after the doubt, want %v", looks, want)
				}
			})
		})
	}
}

// TestS02_AnOrderThatCannotBeCanceledIsLeftToAPerson keeps the session bound and the hold standing while an order stands that must not.
func TestS02_AnOrderThatCannotBeCanceledIsLeftToAPerson(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refusal  error
		operator bool
	}{
		"refused for good": {commerce.Faultf(commerce.Rejected, "planted"), true},
		"away for long":    {commerce.Faultf(commerce.Temporary, "planted"), false},
		"unknown for long": {errCut, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				cs := w.create()
				w.shop.alter = func(o *commerce.Snapshot) { o.Total++ } // S4: the order must go
				w.shop.cancel = slices.Repeat([]error{c.refusal}, 6)
				answered := w.begin("k1", cs.ID, w.token())
				w.at(w.clock.Now().Add(time.Minute))
				held, _ := w.memory.money()
				if !c.operator {
					wantMessage(t, (<-answered).session(t), commerce.CodePriceChange)
					w.unsold(cs.ID)
					if len(w.shop.cancel) != 0 || w.alerts.has("order_not_cancelable") {
						t.Fatalf("%d tries left, alerts %v", len(w.shop.cancel), w.alerts.all())
					}
					return
				}
				wantKind(t, (<-answered).err, commerce.Unavailable)
				if g := w.saga(cs.ID); g.Step != "needs_operator" || !g.Live || held != cs.Quote.Total || !w.alerts.has("order_not_cancelable") {
					t.Fatalf("%s, held %d, alerts %v", g.Step, held, w.alerts.all())
				}
				if tries := 6 - len(w.shop.cancel); tries != 4 {
					t.Fatalf("%d tries", tries)
				}
			})
		})
	}
}

// TestS06_ARefundOlderThanItsKeyIsNeverSentAgain finds out what became of a refund by reading, once the processor may have forgotten
// its key.
func TestS06_ARefundOlderThanItsKeyIsNeverSentAgain(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]stripetest.Kind{"it was made": stripetest.CutReply, "it was not": stripetest.CutRequest} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.Succeed, Times: 1},
				stripetest.Fault{Op: stripetest.OpRefund, Kind: kind})
			w.shop.always = refuse(commerce.OutOfStock)
			cs := w.create()
			w.leave("k1", cs.ID, w.token())
			w.until("a refund is tried", func() bool { return w.stripe.Arrivals(stripetest.OpRefund) > 1 })
			w.process.kill()
			w.halt()
			w.stripe.Disarm()
			sent := w.stripe.Arrivals(stripetest.OpRefund)
			w.clock.advance(23*time.Hour + time.Minute)
			w.boot()
			if kind == stripetest.CutReply {
				w.untouched(cs.ID)
			} else {
				w.stepIs(cs.ID, "needs_operator")
				if !w.row(cs.ID).Live || !w.alerts.has("refund_refused") {
					t.Errorf("live %v, alerts %v", w.row(cs.ID).Live, w.alerts.all())
				}
			}
			if now := w.stripe.Arrivals(stripetest.OpRefund); now != sent {
				t.Fatalf("the old key was sent again: %d, %d", sent, now)
			}
		})
	}
}

// TestRefundThatCannotBeRead asks again for as long as the processor does not tell whether the money went back: only what was read is a
// reason to call a person.
func TestRefundThatCannotBeRead(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		cs := w.create()
		w.memory.taken, w.memory.unread = true, 1
		w.memory.refunds = []error{&payment.Error{Kind: payment.Refused, Message: "planted"}}
		w.shop.always = refuse(commerce.OutOfStock)
		wantMessage(t, (<-w.begin("k1", cs.ID, w.token())).session(t), commerce.CodeOutOfStock)
		w.unsold(cs.ID)
		if w.alerts.has("refund_refused") {
			t.Fatalf("alerts %v", w.alerts.all())
		}
	})
}

// TestReleaseIsTriedAFewTimes gives a cart back although the shop is away for a while, and gives up in the end.
func TestReleaseIsTriedAFewTimes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fail  []error
		calls int
	}{
		"away for a while":   {slices.Repeat([]error{errCut}, 3), 4},
		"away for good":      {slices.Repeat([]error{errCut}, 99), 6},
		"refused at once":    {[]error{commerce.Faultf(commerce.Rejected, "planted")}, 1},
		"it works at once":   {nil, 1},
		"our credentials":    {[]error{commerce.Faultf(commerce.Unauthorized, "planted")}, 2},
		"errors of any sort": {[]error{errors.New("planted")}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				w.shop.release = c.fail
				cs := w.create()
				if _, err := w.cancel(cs.ID); err != nil {
					t.Fatal(err)
				}
				w.at(w.clock.Now().Add(5 * time.Minute))
				if s := w.steps(cs.ID); !slices.Equal(s, []string{"closed"}) || w.shop.told().releases != c.calls {
					t.Fatalf("%v after %d calls, want %d", s, w.shop.told().releases, c.calls)
				}
			}, seldom)
		})
	}
}
