package checkout

import (
	"context"
	"errors"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
)

// undo sends the attempt back: first the order, then the hold, then the session opens again. It stays where it is told to go until
// everything is read back (S2).
func (r *run) undo(ctx context.Context, why *reason) (next, error) {
	if r.at.Reason == nil {
		r.at.Reason = why
	}
	if r.at.OrderRef != "" {
		return next{step: stepUnplacing, note: "undo: " + why.Note}, nil
	}
	return r.giveUpMoney(ctx, "undo: "+why.Note)
}

// giveUpMoney goes on to let the money go, once no order stands.
func (r *run) giveUpMoney(ctx context.Context, note string) (next, error) {
	switch {
	case r.at.Taken:
		return next{step: stepRefunding, note: note}, nil
	case r.at.IntentID != "":
		return next{step: stepVoiding, note: note}, nil
	default:
		return r.reopen(ctx)
	}
}

// unplace cancels the shop's order and believes it only when it is read back.
func unplace(ctx context.Context, r *run) (next, error) {
	if _, err := r.begin(ctx); err != nil {
		return next{}, err
	}
	refused := r.cancelOrder(ctx)
	snap, err := r.shop.Upstream.GetOrder(ctx, r.at.OrderRef)
	switch {
	case err == nil && snap.Canceled():
		return r.giveUpMoney(ctx, "order canceled")
	case r.refusedForGood(forGood(refused)):
		return r.operator(ctx, "order_not_cancelable", "cancel the order in the shop and settle the session"), nil
	default:
		return next{wait: r.backoff(), note: "cancel"}, nil
	}
}

// refusals is how many definite refusals of one step are heard before the next one counts as final.
const refusals = 3

// refusedForGood counts the definite refusals of the present step, and those alone: an outage says nothing of what the answer will be.
func (r *run) refusedForGood(refused bool) bool {
	if refused {
		r.at.Refusals++
	}
	return r.at.Refusals > refusals
}

// forGood reports whether err is a definite refusal that another try does not change.
func forGood(err error) bool {
	switch commerce.KindOf(err) {
	case commerce.Temporary, commerce.RateLimited, commerce.Unauthorized:
		return false
	default:
		return err != nil && commerce.Definite(err)
	}
}

// void lets the hold go. The session opens again only when the intent is read back canceled (S2); one that was captured after all is
// refunded.
func void(ctx context.Context, r *run) (next, error) {
	if _, err := r.begin(ctx); err != nil {
		return next{}, err
	}
	i, err := r.shop.Payment.Void(ctx, payment.ChangeRequest{Key: r.key("void"), IntentID: r.at.IntentID})
	if err != nil || i.State != payment.Gone {
		read, ok, readErr := r.shop.Payment.Find(ctx, payment.FindRequest{IntentID: r.at.IntentID})
		if readErr != nil || !ok {
			return next{wait: r.backoff(), note: "void unknown"}, nil
		}
		i = read
	}
	switch i.State {
	case payment.Gone:
		return r.reopen(ctx)
	case payment.Taken:
		r.at.Taken = true
		return next{step: stepRefunding, note: "taken after all"}, nil
	default:
		if replayed(err) {
			r.at.KeyVersion++ // a void under a new key voids nothing twice
		}
		return next{wait: r.backoff(), note: "hold stands"}, nil
	}
}

// replayed reports whether err is only a failure that the processor keeps under our key.
func replayed(err error) bool {
	pe, ok := errors.AsType[*payment.Error](err)
	return ok && (pe.StoredReply || pe.Kind == payment.KeyReused)
}

// refund gives back money that was taken although no order stands.
func refund(ctx context.Context, r *run) (next, error) {
	if _, err := r.begin(ctx); err != nil {
		return next{}, err
	}
	back, n := r.payBack(ctx)
	if back == nil || back.Status != payment.RefundSucceeded {
		return n, nil
	}
	r.alert(ctx, "captured_and_refunded", "none: the money went back")
	return r.reopen(ctx)
}

// payBack refunds the attempt's whole total once, under a key of its own that no refund of the shop can share. refund is nil while the
// outcome is open; unless the refund has succeeded, n is what to do. Only the whole is ever given back, so that a second key, after a
// failure that is stored under the first, cannot give anything back twice.
func (r *run) payBack(ctx context.Context) (refund *payment.Refund, n next) {
	if r.at.RefundID != "" { // the answer that is stored under the key tells the state of that time
		return r.paidBack(ctx, func(ctx context.Context) next {
			return r.operator(ctx, "refund_vanished", "look for the refund at the processor and settle the session")
		})
	}
	if r.clock.Now().Sub(r.row.Mark) >= r.timing.KeyLife { // the key may be forgotten by now: never send again (S6)
		return r.paidBack(ctx, r.operatorRefund)
	}
	b, err := r.shop.Payment.Refund(ctx, payment.RefundRequest{
		Key: r.key("payback"), IntentID: r.at.IntentID, Amount: r.at.Total, Reason: "requested_by_customer",
	})
	kind := payment.KindOf(err)
	switch {
	case err == nil:
		return r.tookBack(ctx, b)
	case kind == payment.Refused, kind == payment.KeyReused:
		return r.paidBack(ctx, r.operatorRefund)
	case kind == payment.Unknown && replayed(err):
		return r.paidBack(ctx, func(context.Context) next {
			if r.clock.Now().Sub(r.row.Mark) >= r.timing.Settle {
				r.at.KeyVersion++
			}
			return next{wait: r.backoff(), note: "refund failed"}
		})
	default:
		return nil, next{wait: r.backoff(), note: "refund unknown"}
	}
}

// refundLook is how often a refund is looked at that the processor has taken but not made, after the first tries: Stripe waits for a
// balance that covers it (docs.stripe.com/refunds, read 2026-11-22), which takes days.
const refundLook = time.Hour

// tookBack judges a refund that the processor has. One that failed is never sent again: why it failed is for a person to find out.
func (r *run) tookBack(ctx context.Context, b payment.Refund) (*payment.Refund, next) {
	r.at.RefundID = b.ID
	switch b.Status {
	case payment.RefundSucceeded:
		return &b, next{}
	case payment.RefundFailed:
		return &b, r.operator(ctx, "refund_failed", "give the money back by other means and settle the session")
	default:
		n := next{wait: r.backoff(), note: "refund pending"}
		if r.at.Tries > stuckAfter {
			n.wait = refundLook
		}
		return &b, n
	}
}

func (r *run) operatorRefund(ctx context.Context) next {
	return r.operator(ctx, "refund_refused", "refund the intent by hand")
}

// paidBack looks whether the refund was made under one of its keys; none says what to do when it was not.
func (r *run) paidBack(ctx context.Context, none func(context.Context) next) (*payment.Refund, next) {
	for v := range r.at.KeyVersion + 1 {
		b, ok, err := r.shop.Payment.FindRefund(ctx, r.at.IntentID, key(r.row.SessionID, "payback", r.row.Attempt, v))
		if err != nil {
			return nil, next{wait: r.backoff(), note: "refund unreadable"}
		}
		if ok {
			return r.tookBack(ctx, b)
		}
	}
	return nil, none(ctx)
}

// release drops the cart of an attempt or session that has ended, so that the shop gets back what it held. It gives up after some
// tries: carts expire in the shop by themselves.
func release(ctx context.Context, r *run) (next, error) {
	if _, err := r.begin(ctx); err != nil {
		return next{}, err
	}
	err := r.shop.Upstream.ReleaseCart(ctx, r.at.CartRef)
	if err == nil || forGood(err) || r.at.Tries >= 5 {
		return next{step: stepClosed}, nil
	}
	return next{wait: r.backoff(), note: "release"}, nil
}
