package checkout

import (
	"context"
	"errors"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
)

// unplace cancels the shop's order and believes it only when it is read back.
func unplace(ctx context.Context, r *run) (next, error) {
	if _, err := r.begin(ctx); err != nil {
		return next{}, err
	}
	cancelErr := r.cancelOrder(ctx)
	snap, err := r.shop.Upstream.GetOrder(ctx, r.at.OrderRef)
	switch {
	case err == nil && snap.Canceled():
		return r.giveUpMoney(ctx)
	case cancelErr != nil && commerce.Definite(cancelErr) && retryNever(cancelErr) && r.at.Tries >= refusals:
		return r.operator(ctx, "order_not_cancelable", "cancel the order in the shop and settle the session"), nil
	default:
		return next{wait: r.backoff(), note: "cancel"}, nil
	}
}

// retryNever reports whether a definite refusal will stay one.
func retryNever(err error) bool {
	switch commerce.KindOf(err) {
	case commerce.Temporary, commerce.RateLimited, commerce.Unauthorized:
		return false
	default:
		return true
	}
}

// giveUpMoney goes on to let the money go, once no order stands.
func (r *run) giveUpMoney(ctx context.Context) (next, error) {
	switch {
	case r.at.Taken:
		return next{step: stepRefunding}, nil
	case r.at.IntentID != "":
		return next{step: stepVoiding}, nil
	default:
		return r.reopen(ctx)
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
		if pe, ok := errors.AsType[*payment.Error](err); ok && pe.StoredReply {
			r.at.KeyVersion++ // a void under a new key voids nothing twice
		}
		if r.at.Tries == 9 {
			r.alert(ctx, "hold_not_voided", "cancel the intent at the processor; the session opens when it is canceled")
		}
		return next{wait: r.backoff(), note: "hold stands"}, nil
	}
}

// refund gives back money that was taken although no order stands.
func refund(ctx context.Context, r *run) (next, error) {
	if _, err := r.begin(ctx); err != nil {
		return next{}, err
	}
	back, n, err := r.payBack(ctx)
	if err != nil || back == nil {
		return n, err
	}
	r.alert(ctx, "captured_and_refunded", "none: the money is on its way back")
	return r.reopen(ctx)
}

// release drops the cart of an attempt or session that has ended, so that the shop gets back what it held. It gives up after some
// tries: carts expire in the shop by themselves.
func release(ctx context.Context, r *run) (next, error) {
	if _, err := r.begin(ctx); err != nil {
		return next{}, err
	}
	err := r.shop.Upstream.ReleaseCart(ctx, r.at.CartRef)
	if err == nil || retryNever(err) && commerce.Definite(err) || r.at.Tries >= 5 {
		return next{step: stepClosed}, nil
	}
	return next{wait: r.backoff(), note: "release"}, nil
}
