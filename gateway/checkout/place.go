package checkout

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/upstream"
)

// place makes the shop's order. Where an earlier call may have been sent, a shop that is idempotent is asked again with the same key
// and cart; any other is left alone for the quarantine and then searched, because an order may appear after the first look (S5).
func place(ctx context.Context, r *run) (next, error) {
	repeated, err := r.begin(ctx)
	r.at.Doubted = r.at.Doubted || repeated
	switch {
	case err != nil:
		return next{}, err
	case !repeated && r.abandoned():
		return r.undo(ctx, &reason{Quiet: true, Note: "abandoned"})
	case !repeated && r.at.Rebuild:
		return r.placeAnew(ctx)
	case !repeated:
		return r.placeNow(ctx, false)
	case r.shop.Upstream.Facts().Idempotent && !r.at.Exists && (!r.abandoned() || !r.searchable()):
		if err := r.remark(ctx); err != nil {
			return next{}, err
		}
		return r.placeNow(ctx, true)
	case !r.searchable():
		return r.operator(ctx, "order_unknown", "look for the order in the shop and settle the session"), nil
	}
	// What the shop says is there can be looked for at once; what nobody knows of may still be on its way.
	if left := r.quarantine(); left > 0 && !r.at.Exists {
		return next{wait: left, note: "quarantine"}, nil
	}
	return r.lookUp(ctx)
}

// searchable reports whether a look-up tells for sure if the attempt's order exists.
func (r *run) searchable() bool {
	return r.shop.Upstream.CanFind() && r.shop.Upstream.Facts().ExactLookup
}

// quarantine is how long a call that was cut off can still take effect: counted from the durable mark, the call's own time limit, the
// shop's longest processing, and a margin.
func (r *run) quarantine() time.Duration {
	end := r.row.Mark.Add(r.shop.Upstream.Timeout() + r.shop.Upstream.Facts().MaxProcessing + r.timing.Margin)
	return max(end.Sub(r.clock.Now()), 0)
}

// longestRetryAfter bounds how long a shop can make a hold wait.
const longestRetryAfter = time.Minute

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
	// The quarantine counts from the mark, so that the call must end within its time limit from there, however late it is sent.
	ctx, cancel := context.WithTimeout(ctx, r.shop.Upstream.Timeout()-r.clock.Now().Sub(r.row.Mark))
	defer cancel()
	snap, err := r.shop.Upstream.PlaceOrder(ctx, adapters.PlaceRequest{
		Key: r.orderKey(), SessionID: r.row.SessionID, CartRef: r.at.CartRef, Fingerprint: r.at.Quote.Fingerprint,
		Total: r.at.Total, ExactTotal: r.at.Quote.ExactTotal, Cart: r.at.Cart, Payment: pay,
	})
	if err == nil {
		return r.placed(ctx, snap)
	}
	f, ok := errors.AsType[*commerce.Fault](err)
	if !ok {
		f = commerce.Faultf(commerce.Indeterminate, "the shop's answer is no fault")
	}
	if !commerce.Definite(f) || f.Kind == commerce.Unexplained { // what nobody can explain proves nothing
		r.at.Doubted = true
	}
	switch k := f.Kind; {
	case k == commerce.AlreadyPlaced:
		if r.at.Exists = true; !r.searchable() {
			return r.operator(ctx, "order_unknown", "look for the order in the shop and settle the session"), nil
		}
		return r.lookUp(ctx)
	case !commerce.Definite(f):
		r.at.Refused = false
		if r.shop.Upstream.Facts().Idempotent {
			return next{wait: r.backoff(), note: "order unknown"}, nil
		}
		return next{wait: max(r.quarantine(), time.Millisecond), note: "order unknown: quarantine"}, nil
	case !forGood(f):
		if k == commerce.Unauthorized {
			r.alert(ctx, "shop_credentials_refused", "check the shop's credentials; the hold is kept until the attempt is abandoned")
		}
		if !repeated && r.abandoned() {
			return r.undo(ctx, &reason{Quiet: true, Note: "abandoned: " + k.String()})
		}
		return next{wait: max(r.backoff(), min(f.RetryAfter, longestRetryAfter)), settled: !repeated, note: "shop: " + k.String()}, nil
	case repeated && !r.at.Refused:
		// This says nothing about the call before, which may still be under way. Once that has had its time, the same key gives its
		// order, or the refusal again.
		r.at.Refused = true
		return next{wait: max(r.quarantine(), time.Millisecond), note: "refused, the call before is unknown: quarantine"}, nil
	default:
		return r.shopRefused(ctx, f)
	}
}

// placed goes on from an order that exists: forward when it is what was frozen (S4), else back.
func (r *run) placed(ctx context.Context, snap commerce.Snapshot) (next, error) {
	if other, err := r.ofAnother(ctx, snap.Ref); err != nil {
		return next{wait: r.backoff(), note: "books unreadable"}, nil
	} else if other {
		return r.operator(ctx, "order_of_another_session", "compare the orders in the shop with the sessions and settle this one"), nil
	}
	r.at.OrderRef, r.at.Placed = snap.Ref, &snap
	if diff := differs(r.at, snap); len(diff) > 0 {
		r.alert(ctx, "order_unlike_the_quote", "none: the order is canceled and the hold let go; the order differs in "+strings.Join(diff, ", "))
		return r.undo(ctx, r.repriced(ctx, priceChanged(), "order differs in "+strings.Join(diff, ", ")))
	}
	if r.at.Taken || r.at.Free {
		return r.complete(ctx)
	}
	return next{step: stepCapturing, note: "order " + snap.Number}, nil
}

// ofAnother reports whether the books hold the order for another session: nothing may be taken for it, nor may it be canceled.
func (r *run) ofAnother(ctx context.Context, ref string) (bool, error) {
	o, err := r.store.Order(ctx, r.row.Shop, ref)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && o.SessionID != r.row.SessionID, err
}

// lookUp searches the shop for the attempt's order, after which it is known whether there is one.
func (r *run) lookUp(ctx context.Context) (next, error) {
	live, exact, err := r.findLive(ctx)
	if err != nil {
		return next{wait: r.backoff(), note: "look-up: " + commerce.KindOf(err).String()}, nil
	}
	switch {
	case len(live) == 0 && !exact: // nothing was found, but that proves nothing
		return r.operator(ctx, "order_unknown", "look for the order in the shop and settle the session"), nil
	case len(live) == 0 && r.at.Exists && r.quarantine() > 0:
		return next{wait: r.quarantine(), note: "not listed yet: quarantine"}, nil
	case len(live) == 0 && r.at.Exists:
		return r.operator(ctx, "order_not_found", "the shop says that the cart is an order: find it and settle the session"), nil
	case len(live) == 0 && r.abandoned():
		return r.undo(ctx, &reason{Quiet: true, Note: "abandoned"})
	case len(live) == 0:
		r.at.Rebuild = true // a cart with an unknown write is never used again (S3)
		return next{settled: true, note: "surely not placed"}, nil
	case !exact:
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

// findLive searches the shop for the attempt's orders. A canceled one is as good as none, and is never adopted (S3).
func (r *run) findLive(ctx context.Context) (live []commerce.Snapshot, exact bool, err error) {
	found, err := r.shop.Upstream.FindOrder(ctx, adapters.OrderQuery{
		Key: r.orderKey(), CartRef: r.at.CartRef, TxnID: r.at.IntentID, Since: r.row.CreatedAt,
	})
	return slices.DeleteFunc(found.Orders, commerce.Snapshot.Canceled), found.Exact, err
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

// cancelExtras cancels the unpaid orders under our exact key that stand beside the one to keep, or at all where none may. A paid one is
// left to a person. A second call changes nothing.
func (r *run) cancelExtras(ctx context.Context, keep string, live []commerce.Snapshot) error {
	for _, o := range live {
		if o.Ref == keep {
			continue
		}
		what := "second_order"
		if keep == "" {
			what = "order_of_an_undone_attempt"
		}
		r.alert(ctx, what, "none if it was unpaid: order "+o.Number+" is canceled; else settle it by hand")
		if o.Payment == commerce.Captured || o.Payment == commerce.Refunded {
			continue
		}
		err := r.shop.Upstream.CancelOrder(ctx, adapters.CancelRequest{
			Key: r.orderKey() + ":extra:" + o.Number, Ref: o.Ref, Reason: "no order of a checkout",
		})
		switch {
		case forGood(err):
			r.alert(ctx, "order_not_cancelable", "cancel order "+o.Number+" in the shop by hand")
		case err != nil:
			return err
		}
	}
	return nil
}

// placeAnew sends the order again, after it was surely not there, from a cart that is built anew. It must cost what was frozen, go by the
// frozen options, and be as ready to be paid as it was then.
func (r *run) placeAnew(ctx context.Context) (next, error) {
	p, err := r.price(ctx, r.shop, quoteKey(r.row.SessionID), priceRequest{cart: r.at.Cart})
	if err != nil {
		if k := commerce.KindOf(err); k == commerce.Invalid || k == commerce.NothingAvailable {
			return r.undo(ctx, &reason{Message: priceChanged(), Note: "cannot be priced any more"})
		}
		return next{wait: r.backoff(), settled: true, note: "price again"}, nil
	}
	now := commerce.Session{Cart: r.at.Cart}
	show(&now, p.quote, r.clock.Now())
	switch {
	case p.quote.Total != r.at.Quote.Total || now.Status != commerce.Ready:
		return r.undo(ctx, &reason{Message: priceChanged(), Quote: &p.quote, Note: "price moved"})
	case !same(r.at.Quote.Choices, p.quote.Choices, p.quote, r.at.Cart, r.shop.Upstream.Facts().Split):
		return r.undo(ctx, &reason{Message: deliveryChanged(), Quote: &p.quote, Note: "delivery moved"})
	}
	r.at.CartRef, r.at.Quote.CartRef = p.quote.CartRef, p.quote.CartRef
	r.at.Quote.Fingerprint, r.at.Quote.ExactTotal = p.quote.Fingerprint, p.quote.ExactTotal
	r.at.Rebuild = false
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
		m = upstream.SoldOut(f, upstream.LineOf(f, r.at.Cart.Lines))
	case commerce.PriceChanged, commerce.CouponRejected:
		m = priceChanged()
	case commerce.AddressRejected, commerce.NoShipping:
		m = addressMessage(f)
	case commerce.OptionGone:
		m = optionGone()
	default: // nothing that an agent could repair by itself
	}
	return r.undo(ctx, r.repriced(ctx, m, "shop refused: "+f.Kind.String()))
}

// repriced is a reason with the shop's present price, in a new cart. When the shop cannot be asked, the old price stands and the next
// request asks again.
func (r *run) repriced(ctx context.Context, m commerce.Message, note string) *reason {
	why := &reason{Message: m, Note: note}
	p, err := r.price(ctx, r.shop, quoteKey(r.row.SessionID), priceRequest{cart: r.at.Cart})
	if err != nil {
		return why
	}
	if p.quote.Total != r.at.Quote.Total && m.Code != commerce.CodePriceChange {
		p.quote.Messages = append(p.quote.Messages, priceChanged())
	}
	why.Quote = &p.quote
	return why
}
