package checkout

import (
	"context"
	"errors"
	"strings"

	"go.opentelemetry.io/otel/propagation"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/store"
)

// capture takes the hold. A hold can be taken once only, so a repeat, even under a new key after a stored failure, takes nothing
// twice; the intent as it is read back decides. Unless the order was seen a moment ago, it is read first: the shop may have given it up
// while the capture was held up, and no money is taken for an order that cannot be seen.
func capture(ctx context.Context, r *run) (next, error) {
	seen := r.fresh && r.clock.Now().Sub(r.row.Mark) <= r.timing.Margin
	if _, err := r.begin(ctx); err != nil {
		return next{}, err
	}
	if !seen {
		switch snap, err := r.shop.Upstream.GetOrder(ctx, r.at.OrderRef); {
		case err != nil:
			if forGood(err) && r.at.Refusals == 0 {
				r.at.Refusals++
				r.alert(ctx, "order_unreadable", "find the order in the shop; its payment is held and taken only when the order can be read")
			}
			return next{wait: r.backoff(), note: "order unreadable: " + commerce.KindOf(err).String()}, nil
		case snap.Canceled():
			return r.undo(ctx, &reason{Message: commerce.ErrorMessage(commerce.CodeInvalid, "$", commerce.RequiresBuyerReview,
				"The shop canceled the order. Nothing was charged."), Note: "canceled by the shop"})
		}
	}
	i, err := r.shop.Payment.Capture(ctx, payment.ChangeRequest{Key: r.key("capture"), IntentID: r.at.IntentID})
	if err != nil || i.State != payment.Taken {
		var ok bool
		var readErr error
		if i, ok, readErr = r.shop.Payment.Find(ctx, payment.FindRequest{IntentID: r.at.IntentID}); readErr != nil || !ok {
			return next{wait: r.backoff(), note: "capture unknown"}, nil
		}
	}
	switch {
	case i.State == payment.Taken && i.Received == r.at.Total.Minor:
		r.at.Taken = true
		return r.complete(ctx)
	case i.State == payment.Taken:
		return r.operator(ctx, "captured_unlike_the_total", "compare the intent with the order and settle the session"), nil
	case i.State == payment.Processing:
		return next{wait: r.backoff(), note: "capture under way"}, nil
	case i.State == payment.Held && !r.refusedForGood(payment.KindOf(err) == payment.Refused):
		if replayed(err) {
			r.at.KeyVersion++
		}
		return next{wait: r.backoff(), note: "capture failed, hold stands"}, nil
	default: // S11: the hold is gone, or will never be taken
		r.alert(ctx, "capture_refused", "none: the order is canceled")
		return r.undo(ctx, declineReason("The payment could not be taken. Nothing was charged and the order was canceled.", "capture refused"))
	}
}

// complete commits the end of a good saga: session, order, first event and stored answers in one write. The event exists only with
// the order that it is about (S13).
func (r *run) complete(ctx context.Context) (next, error) {
	now := r.clock.Now()
	srow, cs, err := r.session(ctx)
	if err != nil {
		return next{}, err
	}
	snap := *r.at.Placed
	rec := commerce.OrderRecord{Purchase: r.at.purchase(cs.ID, snap, r.shop.permalink(snap), now), Snapshot: snap}
	rec.Told = rec.Purchase.Order(snap, nil)
	cs.Status, cs.Messages, cs.Order, cs.UpdatedAt = commerce.Completed, nil, &rec.Told, now
	cs.Cart, cs.Quote = r.at.Cart, r.at.Quote
	cs.Quote.CartRef = ""
	cs.Consents = append(cs.Consents, answersOf(r.at.Consents)...)
	fresh, err := sessionRow(cs)
	if err != nil {
		return next{}, err
	}
	body, err := rec.Encode()
	if err != nil {
		return next{}, err
	}
	n := next{step: stepRecording, note: "completed with order " + snap.Number}
	if r.at.Free {
		n.step, n.wait = stepSweeping, r.timing.sweepAfter(0)
	}
	n.batch.Session = &store.SessionWrite{Session: fresh, Expect: srow.Version}
	n.batch.Order = &store.OrderWrite{Order: store.Order{
		Shop: cs.Shop, Ref: snap.Ref, SessionID: cs.ID, Agent: cs.Agent, IntentID: r.at.IntentID, UpdatedAt: now, Body: body,
	}}
	n.batch.Events = r.event(ctx, cs, commerce.OrderCreate, rec.Told)
	if err := r.tellConsents(ctx, &n, snap.Ref); err != nil {
		return next{}, err
	}
	if err := r.finish(ctx, &n, cs, nil); err != nil {
		if other, _ := r.ofAnother(ctx, snap.Ref); other && errors.Is(err, store.ErrStale) { // it would be stale for ever
			return r.operator(ctx, "order_of_another_session", "compare the orders in the shop with the sessions and settle this one"), nil
		}
		return next{}, err
	}
	r.delivered()
	return n, nil
}

// event is the delivery of an order's event to the session's agent, if it wants any. An event that cannot be rendered must not undo
// a paid order: it is left out and the operator is told (S12).
func (r *run) event(ctx context.Context, cs commerce.Session, t commerce.EventType, o commerce.Order) []store.Delivery {
	now := r.clock.Now()
	e := commerce.Event{ID: r.newID("evt_"), Type: t, Order: o, At: now}
	body, ok, err := r.eventBody(cs.Agent, e)
	if err != nil {
		r.alert(ctx, "event_not_rendered", "report the fault; the order stands")
		return nil
	}
	if !ok {
		return nil
	}
	trace := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, trace)
	return []store.Delivery{{
		ID: e.ID, Lane: cs.ID, Agent: cs.Agent, Type: t, State: store.DeliveryPending, DueAt: now, CreatedAt: now,
		Trace: trace["traceparent"], Body: body,
	}}
}

// permalink is where the buyer sees the order: the shop's own address, else the configured one.
func (s *Shop) permalink(o commerce.Snapshot) string {
	if o.Permalink != "" {
		return o.Permalink
	}
	return strings.ReplaceAll(s.OrderURL, "{number}", o.Number)
}
