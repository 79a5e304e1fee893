package checkout

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// place makes the shop's order. Where an earlier call may have been sent, a shop that is idempotent is asked again with the same key
// and cart; any other is left alone for the quarantine and then searched, because an order may appear after the first look (S5).
func place(ctx context.Context, r *run) (next, error) {
	repeated, err := r.begin(ctx)
	if err != nil {
		return next{}, err
	}
	facts := r.shop.Upstream.Facts()
	switch {
	case !repeated && r.abandoned():
		return r.undo(&reason{Quiet: true, Note: "abandoned"}), nil
	case !repeated:
		return r.placeNow(ctx, false)
	case facts.Idempotent && !(r.abandoned() && r.shop.Upstream.CanFind()):
		return r.placeNow(ctx, true)
	case !facts.ExactLookup:
		return r.operator(ctx, "order_unknown", "look for the order in the shop and settle the session"), nil
	}
	if left := r.quarantineEnd().Sub(r.clock.Now()); left > 0 {
		return next{wait: left, note: "quarantine"}, nil
	}
	return r.lookUp(ctx)
}

// quarantineEnd is when a call that was cut off can no longer take effect: the durable mark, the call's own time limit, the shop's
// longest processing, and a margin.
func (r *run) quarantineEnd() time.Time {
	return r.row.Mark.Add(r.shop.Upstream.Timeout() + r.shop.Upstream.Facts().MaxProcessing + r.timing.Margin)
}

// orderKey is the key of the attempt's order. It never changes within an attempt.
func (r *run) orderKey() string { return key(r.row.SessionID, "order", r.row.Attempt, 0) }

// placeNow sends the order. repeated says that the outcome of an earlier call is open, which only an idempotent shop allows.
func (r *run) placeNow(ctx context.Context, repeated bool) (next, error) {
	pay := adapters.Payment{State: commerce.Authorized, TxnID: r.at.IntentID}
	if r.at.Taken {
		pay.State = commerce.Captured
	}
	if r.at.Free {
		pay.State = commerce.Unpaid
	}
	snap, err := r.shop.Upstream.PlaceOrder(ctx, adapters.PlaceRequest{
		Key: r.orderKey(), SessionID: r.row.SessionID, CartRef: r.at.CartRef, Fingerprint: r.at.Quote.Fingerprint,
		Total: r.at.Total, ExactTotal: r.at.Quote.ExactTotal, Cart: r.at.Cart, Payment: pay,
	})
	if err == nil {
		return r.placed(ctx, snap)
	}
	f, _ := errors.AsType[*commerce.Fault](err)
	switch k := commerce.KindOf(err); {
	case k == commerce.AlreadyPlaced:
		return r.lookUp(ctx)
	case !commerce.Definite(err):
		r.at.Unsure = true
		if r.shop.Upstream.Facts().Idempotent {
			return next{wait: r.backoff(), note: "order unknown"}, nil
		}
		return next{wait: max(r.quarantineEnd().Sub(r.clock.Now()), time.Millisecond), note: "order unknown: quarantine"}, nil
	case k == commerce.Temporary || k == commerce.RateLimited || k == commerce.Unauthorized:
		if k == commerce.Unauthorized {
			r.alert(ctx, "shop_credentials_refused", "check the shop's credentials; the hold is kept until the attempt is abandoned")
		}
		if !repeated && r.abandoned() {
			return r.undo(&reason{Quiet: true, Note: "abandoned: " + k.String()}), nil
		}
		return next{wait: max(r.backoff(), f.RetryAfter), settled: !repeated, note: "shop: " + k.String()}, nil
	case repeated && r.shop.Upstream.CanFind():
		return r.lookUp(ctx) // a refusal of the repeat says nothing about the first call
	default:
		return r.shopRefused(ctx, f)
	}
}

// placed goes on from an order that exists: forward when it is what was frozen (S4), else back.
func (r *run) placed(ctx context.Context, snap commerce.Snapshot) (next, error) {
	r.at.OrderRef, r.at.Placed = snap.Ref, &snap
	if diff := differs(r.at, snap); len(diff) > 0 {
		r.alert(ctx, "order_unlike_the_quote", "none: the order is canceled and the hold let go; the order differs in "+strings.Join(diff, ", "))
		return r.undo(r.repriced(ctx, priceChanged(), "order differs in "+strings.Join(diff, ", "))), nil
	}
	if r.at.Taken || r.at.Free {
		return r.complete(ctx)
	}
	return next{step: stepCapturing, note: "order " + snap.Number}, nil
}

// lookUp searches the shop for the attempt's order, after which it is known whether there is one.
func (r *run) lookUp(ctx context.Context) (next, error) {
	found, err := r.shop.Upstream.FindOrder(ctx, adapters.OrderQuery{
		Key: r.orderKey(), CartRef: r.at.CartRef, TxnID: r.at.IntentID, Since: r.row.CreatedAt,
	})
	if err != nil {
		return next{wait: r.backoff(), note: "look-up: " + commerce.KindOf(err).String()}, nil
	}
	var live []commerce.Snapshot // a canceled order is never adopted (S3)
	for _, o := range found.Orders {
		if !o.Canceled() {
			live = append(live, o)
		}
	}
	switch {
	case len(live) == 0 && r.abandoned():
		return r.undo(&reason{Quiet: true, Note: "abandoned"}), nil
	case len(live) == 0:
		return r.placeAgain(ctx)
	case !found.Exact:
		return r.operator(ctx, "order_found_by_a_weak_match", "compare the orders in the shop and settle the session"), nil
	}
	keep, err := r.keepOne(ctx, live)
	if err != nil {
		return next{wait: r.backoff(), note: "extra orders: " + commerce.KindOf(err).String()}, nil
	}
	snap, err := r.shop.Upstream.GetOrder(ctx, keep)
	if err != nil {
		return next{wait: r.backoff(), note: "adopting: " + commerce.KindOf(err).String()}, nil
	}
	return r.placed(ctx, snap)
}

// keepOne chooses among several orders under one exact key: the paid one, else the oldest. The unpaid others are canceled (S16).
func (r *run) keepOne(ctx context.Context, live []commerce.Snapshot) (string, error) {
	keep := live[0]
	for _, o := range live {
		if o.Payment == commerce.Captured {
			keep = o
			break
		}
	}
	return keep.Ref, r.cancelExtras(ctx, keep.Ref, live)
}

// cancelExtras cancels the unpaid orders that stand beside ours under our exact key. A second call changes nothing.
func (r *run) cancelExtras(ctx context.Context, keep string, live []commerce.Snapshot) error {
	for _, o := range live {
		if o.Ref == keep {
			continue
		}
		r.alert(ctx, "second_order", "none if it was unpaid: order "+o.Number+" is canceled; else settle it by hand")
		if o.Payment == commerce.Captured || o.Payment == commerce.Refunded {
			continue
		}
		err := r.shop.Upstream.CancelOrder(ctx, adapters.CancelRequest{
			Key: r.orderKey() + ":extra:" + o.Number, Ref: o.Ref, Reason: "duplicate of another order",
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// placeAgain sends the order once more after it was surely not there. A cart with an unknown write is never used again (S3), so the
// frozen cart is built anew and must cost what was frozen.
func (r *run) placeAgain(ctx context.Context) (next, error) {
	if !r.shop.Upstream.Facts().Idempotent {
		p, err := r.price(ctx, r.shop, quoteKey(r.row.SessionID), "", r.at.Cart)
		if err != nil {
			if k := commerce.KindOf(err); k == commerce.Invalid {
				return r.undo(&reason{Message: priceChanged(), Note: "cannot be priced any more"}), nil
			}
			return next{wait: r.backoff(), settled: true, note: "price again"}, nil
		}
		if p.quote.Total != r.at.Quote.Total || len(p.messages) > 0 {
			p.quote.Messages = p.messages
			return r.undo(&reason{Message: priceChanged(), Quote: &p.quote, Note: "price moved"}), nil
		}
		r.at.CartRef, r.at.Quote.CartRef = p.quote.CartRef, p.quote.CartRef
		r.at.Quote.Fingerprint, r.at.Quote.ExactTotal = p.quote.Fingerprint, p.quote.ExactTotal
	}
	if err := r.remark(ctx); err != nil {
		return next{}, err
	}
	return r.placeNow(ctx, false)
}

// shopRefused undoes an attempt that the shop refused, with the shop's reason and its present price.
func (r *run) shopRefused(ctx context.Context, f *commerce.Fault) (next, error) {
	m := commerce.ErrorMessage(commerce.CodeInvalid, "$", commerce.RequiresBuyerReview, "The shop did not accept the order.")
	switch f.Kind {
	case commerce.OutOfStock, commerce.ItemUnavailable:
		id := f.LineID
		if i := lineOf(f, r.at.Cart.Lines); i >= 0 {
			id = r.at.Cart.Lines[i].ID
		}
		m = outOfStock(f, r.at.Cart, id)
	case commerce.PriceChanged, commerce.CouponRejected:
		m = priceChanged()
	case commerce.AddressRejected, commerce.NoShipping:
		m = addressMessage(f)
	case commerce.OptionGone:
		m = optionGone()
	}
	return r.undo(r.repriced(ctx, m, "shop refused: "+f.Kind.String())), nil
}

// repriced is a reason with the shop's present price, in a new cart. When the shop cannot be asked, the old price stands and the next
// request asks again.
func (r *run) repriced(ctx context.Context, m commerce.Message, note string) *reason {
	why := &reason{Message: m, Note: note}
	p, err := r.price(ctx, r.shop, quoteKey(r.row.SessionID), "", r.at.Cart)
	if err != nil {
		return why
	}
	p.quote.Messages = p.messages
	if p.quote.Total != r.at.Quote.Total && m.Code != commerce.CodePriceChange {
		p.quote.Messages = append(p.quote.Messages, priceChanged())
	}
	why.Quote = &p.quote
	return why
}
