package checkout

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/store"
)

// record tells the shop that its order is paid. The agent has its answer already. Each repeat is preceded by a read (S11).
func record(ctx context.Context, r *run) (next, error) {
	repeated, err := r.begin(ctx)
	if err != nil {
		return next{}, err
	}
	noted := func() bool {
		o, err := r.shop.Upstream.GetOrder(ctx, r.at.OrderRef)
		return err == nil && (o.Payment == commerce.Captured || o.Payment == commerce.Refunded)
	}
	done := next{step: stepSweeping, wait: r.timing.sweepAfter(0), note: "recorded"}
	if repeated && noted() {
		return done, nil
	}
	err = r.shop.Upstream.RecordPayment(ctx, adapters.PaymentRecord{
		Key: key(r.row.SessionID, "record", r.row.Attempt, 0), Ref: r.at.OrderRef, State: commerce.Captured,
		TxnID: r.at.IntentID, Amount: r.at.Total,
	})
	if err == nil {
		return done, nil
	}
	kind := commerce.KindOf(err)
	switch {
	case !forGood(err):
		return next{wait: r.backoff(), note: "record: " + kind.String()}, nil
	case !r.refusedForGood(true):
		return next{wait: r.backoff(), note: "record refused: " + kind.String()}, nil
	case noted():
		return done, nil
	case r.shop.RefundUnrecorded:
		r.alert(ctx, "payment_refused_by_shop", "none: the order is canceled and refunded")
		return next{step: stepReturning, note: "record refused for good"}, nil
	default:
		return r.review(ctx)
	}
}

// review tells the agent that the order is looked at by a person, and leaves it to one.
func (r *run) review(ctx context.Context) (next, error) {
	n := r.operator(ctx, "payment_refused_by_shop", "note the payment in the shop by hand, or cancel and refund")
	err := r.retell(ctx, &n, func(rec *commerce.OrderRecord) { rec.Purchase.UnderReview = true })
	return n, err
}

// giveBack undoes a completed order whose payment the shop will not note: the order is canceled, the money refunded, and the agent is
// told. Every call is under its key, and everything is read before it is repeated.
func giveBack(ctx context.Context, r *run) (next, error) {
	if _, err := r.begin(ctx); err != nil {
		return next{}, err
	}
	snap, err := r.shop.Upstream.GetOrder(ctx, r.at.OrderRef)
	if err == nil && !snap.Canceled() {
		if err = r.cancelOrder(ctx); err == nil {
			snap, err = r.shop.Upstream.GetOrder(ctx, r.at.OrderRef)
		}
	}
	if err != nil || !snap.Canceled() {
		if r.refusedForGood(forGood(err)) {
			return r.operator(ctx, "order_not_cancelable", "cancel the order in the shop, then refund"), nil
		}
		return next{wait: r.backoff(), note: "cancel"}, nil
	}
	back, n := r.payBack(ctx)
	if back == nil {
		return n, nil
	}
	if back.Status != payment.RefundSucceeded {
		err = r.tellReturn(ctx, &n, snap, *back)
		return n, err
	}
	// The shop's books are told where it takes notes; what it does not note is no reason to hold anything up.
	noteErr := r.shop.Upstream.RecordRefund(ctx, adapters.RefundRecord{
		Key: key(r.row.SessionID, "note", r.row.Attempt, 0), Ref: r.at.OrderRef, RefundID: back.ID, Amount: r.at.Total, Reason: "order canceled",
	})
	if noteErr != nil && !forGood(noteErr) && r.at.NoteTries < refusals {
		r.at.NoteTries++
		return next{wait: r.backoff(), note: "note the refund: " + commerce.KindOf(noteErr).String()}, nil
	}
	n = next{step: stepClosed, note: "refunded"}
	err = r.tellReturn(ctx, &n, snap, *back)
	return n, err
}

// tellReturn tells the agent how far the refund of a canceled order has come, once for each state: completed is told when the money
// has moved and not before (S14).
func (r *run) tellReturn(ctx context.Context, n *next, snap commerce.Snapshot, back payment.Refund) error {
	status := commerce.AdjustmentPending
	switch back.Status {
	case payment.RefundSucceeded:
		status = commerce.AdjustmentCompleted
	case payment.RefundFailed:
		status = commerce.AdjustmentFailed
	case payment.RefundPending:
	}
	if r.at.RefundTold == status {
		return nil
	}
	r.at.RefundTold = status
	return r.retell(ctx, n, func(rec *commerce.OrderRecord) {
		rec.Snapshot = snap
		p := &rec.Purchase
		if !slices.ContainsFunc(p.Returned, func(known commerce.ShopRefund) bool { return known.ID == back.ID }) {
			p.Returned = append(p.Returned, commerce.ShopRefund{
				ID: back.ID, Amount: r.at.Total.Minor, CreatedAt: r.clock.Now(), Reason: "order canceled",
			})
		}
		p.ReturnedStatus = map[string]commerce.AdjustmentStatus{back.ID: status}
	})
}

// retell changes what is remembered of the order, tells the agent, and adds both to the step's commit.
func (r *run) retell(ctx context.Context, n *next, change func(*commerce.OrderRecord)) error {
	o, err := r.store.Order(ctx, r.row.Shop, r.at.OrderRef)
	if err != nil {
		return fmt.Errorf("read order %s of session %s: %w", r.at.Placed.Number, r.row.SessionID, err)
	}
	rec, err := commerce.DecodeOrderRecord(o.Body)
	if err != nil {
		return err
	}
	refunds, err := r.store.Refunds(ctx, o.Shop, o.Ref)
	if err != nil {
		return fmt.Errorf("read the refunds of session %s: %w", r.row.SessionID, err)
	}
	change(&rec)
	rec.Told = rec.Purchase.Order(rec.Snapshot, store.Adjustments(refunds))
	if o.Body, err = rec.Encode(); err != nil {
		return err
	}
	o.UpdatedAt = r.clock.Now()
	n.batch.Order = &store.OrderWrite{Order: o, Expect: o.Version}
	n.batch.Events = r.event(ctx, commerce.Session{ID: o.SessionID, Agent: o.Agent, Shop: o.Shop}, commerce.OrderUpdate, rec.Told)
	return nil
}

// sweepAfter is the wait before search n for a second order, or zero when there is none.
func (t Timing) sweepAfter(n int) time.Duration {
	switch {
	case n >= len(t.Sweeps):
		return 0
	case n == 0:
		return max(t.Sweeps[0], time.Millisecond)
	default:
		return max(t.Sweeps[n]-t.Sweeps[n-1], time.Millisecond)
	}
}

// sweep looks, some time after the end, for an order under our key that must not be: a call that was cut off long ago may still have
// taken effect (S16). Beside a completed order it is a second one; of an undone attempt it is one too many. What the shop changed before
// the order was completed is nobody's news yet, so that the relay is asked to look too; each search asks again, in case a process ended.
func sweep(ctx context.Context, r *run) (next, error) {
	keep := r.at.OrderRef
	if r.at.Undone {
		keep = ""
	} else {
		r.look(r.row.Shop, keep)
	}
	if !r.shop.Upstream.CanFind() || r.at.Sweep >= len(r.timing.Sweeps) {
		return r.swept(), nil
	}
	extra, exact, err := r.findLive(ctx)
	if err != nil {
		return next{wait: r.backoff(), note: "sweep: " + commerce.KindOf(err).String()}, nil
	}
	extra = slices.DeleteFunc(extra, func(o commerce.Snapshot) bool { return o.Ref == keep })
	switch {
	case len(extra) > 0 && !exact:
		r.alert(ctx, "second_order_by_a_weak_match", "compare the orders in the shop")
	case len(extra) > 0:
		if _, err := r.begin(ctx); err != nil {
			return next{}, err
		}
		if err := r.cancelExtras(ctx, keep, extra); err != nil {
			return next{wait: r.backoff(), note: "sweep: " + commerce.KindOf(err).String()}, nil
		}
	}
	r.at.Sweep++
	if wait := r.timing.sweepAfter(r.at.Sweep); wait > 0 {
		return next{wait: wait, settled: true}, nil
	}
	return r.swept(), nil
}

// swept is where a saga goes after its last search. The cart of an attempt that was in doubt is given up only then.
func (r *run) swept() next {
	if r.at.Undone && r.at.CartRef != "" {
		return next{step: stepReleasing}
	}
	return next{step: stepClosed}
}

// cancelOrder gives the shop's order up. A second call changes nothing.
func (r *run) cancelOrder(ctx context.Context) error {
	return r.shop.Upstream.CancelOrder(ctx, adapters.CancelRequest{
		Key: key(r.row.SessionID, "cancel", r.row.Attempt, 0), Ref: r.at.OrderRef, Reason: "checkout was not completed",
	})
}
