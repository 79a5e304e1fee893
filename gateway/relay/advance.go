package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/store"
)

// advance asks the processor for the next step of d and returns d as it stands then. It writes one thing itself: the mark that the
// refund is about to be sent. It fails only when the store does.
func (r *Refunds) advance(ctx context.Context, row store.Order, rec commerce.OrderRecord, d store.Refund) (store.Refund, error) {
	p := r.processors[d.Shop]
	if p == nil {
		return r.postpone(ctx, d, "its shop has no payment processor in the configuration"), nil
	}
	if row.IntentID == "" {
		return r.refused(ctx, d, "its order was placed without a payment"), nil
	}
	key := RefundKey(row.SessionID, d.ID)
	switch {
	case d.ProcessorID != "":
		return r.look(ctx, p, row, d, key, "the processor does not know the refund any more"), nil
	case d.Mark.IsZero():
		if next, ok, err := r.covered(ctx, p, row, rec, d); err != nil || !ok {
			return next, err
		}
	case r.clock.Now().Sub(d.Mark) >= refundKeyLife:
		// The key may be forgotten, and a replay would be a second refund (S6).
		return r.look(ctx, p, row, d, key, "it was sent under a key that is too old to be sent again, and the processor does not list it"), nil
	}

	first := d.Mark.IsZero()
	if first {
		d.Mark = r.clock.Now()
		if err := r.store.Commit(ctx, store.Batch{Refunds: []store.RefundWrite{{Refund: d, Expect: d.Version}}}); err != nil {
			return d, fmt.Errorf("mark refund %s of order %s of shop %s before it is sent: %w", d.ID, d.OrderRef, d.Shop, err)
		}
		d.Version++
	}
	// The second call under this key and with these parameters gives the refund of the first.
	made, err := p.Refund(ctx, payment.RefundRequest{Key: key, IntentID: row.IntentID, Amount: d.Amount})
	if err == nil {
		return r.took(ctx, d, made), nil
	}
	return r.failed(ctx, p, row, d, key, first, err), nil
}

// covered proves before the first sending that the refund is within what was captured and not yet given back. When it is not sent, ok
// is false and the returned refund says what becomes of it.
func (r *Refunds) covered(ctx context.Context, p payment.Processor, row store.Order, rec commerce.OrderRecord, d store.Refund) (next store.Refund, ok bool, err error) {
	others, err := r.store.Refunds(ctx, d.Shop, d.OrderRef)
	if err != nil {
		return d, false, fmt.Errorf("read the refunds of order %s of shop %s: %w", d.OrderRef, d.Shop, err)
	}
	var given int64
	for _, o := range others {
		if o.ID == d.ID || o.Mark.IsZero() || o.State == store.RefundFailed {
			continue
		}
		if o.State == store.RefundDue && o.ProcessorID == "" {
			return r.postpone(ctx, d, "another refund of the order is on its way"), false, nil
		}
		if given, err = commerce.Add(given, o.Amount.Minor); err != nil {
			return r.needsOperator(ctx, d, "the refunds of its order are too large to be added"), false, nil
		}
	}
	intent, found, err := p.Find(ctx, payment.FindRequest{IntentID: row.IntentID})
	switch {
	case err != nil:
		return r.postpone(ctx, d, "its payment cannot be read: "+err.Error()), false, nil
	case !found:
		return r.needsOperator(ctx, d, "the processor does not know its payment"), false, nil
	case intent.State == payment.Gone || intent.State == payment.Failed:
		return r.refused(ctx, d, "its payment took no money"), false, nil
	case intent.State != payment.Taken:
		return r.postpone(ctx, d, "its payment is not captured yet"), false, nil
	case intent.Amount.Currency != d.Amount.Currency || rec.Purchase.Currency != d.Amount.Currency:
		return r.needsOperator(ctx, d, "it is in another currency than its payment"), false, nil
	}
	// Ours and the processor's count overlap, so the larger one stands.
	if left := intent.Received - max(given, intent.Refunded); d.Amount.Minor > left {
		return r.refused(ctx, d, fmt.Sprintf("it is above what is left of the captured amount, %s",
			commerce.Money{Minor: max(left, 0), Currency: d.Amount.Currency})), false, nil
	}
	return d, true, nil
}

// failed judges a failed sending. first says that no earlier one is in doubt.
func (r *Refunds) failed(ctx context.Context, p payment.Processor, row store.Order, d store.Refund, key string, first bool, err error) store.Refund {
	kind := payment.KindOf(err)
	switch kind {
	case payment.Unauthorized, payment.Unreachable:
		if first {
			d.Mark = time.Time{} // surely not sent
		}
		return r.postpone(ctx, d, err.Error())
	case payment.Unknown:
		if stored(err) {
			// The same key gives the same failure for ever, so only the list can tell.
			if r.clock.Now().Sub(d.Mark) < refundSettle {
				return r.lookOr(ctx, p, row, d, key, func() store.Refund { return r.postpone(ctx, d, err.Error()) })
			}
			return r.look(ctx, p, row, d, key, "the processor failed on it and does not list it")
		}
		return r.postpone(ctx, d, err.Error())
	case payment.Busy:
		return r.postpone(ctx, d, err.Error())
	case payment.KeyReused:
		return r.look(ctx, p, row, d, key, "its key was used with other parameters")
	case payment.Declined, payment.ActionRequired, payment.TokenDeactivated, payment.TokenLimit, payment.TokenCurrency,
		payment.TokenUnknown, payment.AlreadyCaptured, payment.Refused:
		if first {
			return r.refused(ctx, d, err.Error())
		}
		// An earlier sending is in doubt; a refusal of this one does not say what became of it.
		return r.lookOr(ctx, p, row, d, key, func() store.Refund { return r.refused(ctx, d, err.Error()) })
	default:
		return r.postpone(ctx, d, err.Error())
	}
}

// stored reports whether err is a replay of a reply that the processor keeps under the key.
func stored(err error) bool {
	e, ok := errors.AsType[*payment.Error](err)
	return ok && e.StoredReply
}

// look reads what became of the refund. When the processor surely has none, it needs an operator, for the given reason.
func (r *Refunds) look(ctx context.Context, p payment.Processor, row store.Order, d store.Refund, key, missing string) store.Refund {
	return r.lookOr(ctx, p, row, d, key, func() store.Refund { return r.needsOperator(ctx, d, missing) })
}

func (r *Refunds) lookOr(ctx context.Context, p payment.Processor, row store.Order, d store.Refund, key string, missing func() store.Refund) store.Refund {
	made, found, err := p.FindRefund(ctx, row.IntentID, key)
	switch {
	case err != nil:
		return r.postpone(ctx, d, "it cannot be looked up: "+err.Error())
	case !found:
		return missing()
	default:
		return r.took(ctx, d, made)
	}
}

// took is d after the processor told what it made of it.
func (r *Refunds) took(ctx context.Context, d store.Refund, made payment.Refund) store.Refund {
	d.ProcessorID = made.ID
	if made.Amount != d.Amount {
		return r.needsOperator(ctx, d, fmt.Sprintf("the processor gave %s back instead of %s", made.Amount, d.Amount))
	}
	switch made.Status {
	case payment.RefundSucceeded:
		d.State = store.RefundDone
		r.log.InfoContext(ctx, "refund made", "shop", d.Shop, "order", d.OrderRef, "refund", d.ID, "processor_refund", d.ProcessorID, "amount", d.Amount.String())
	case payment.RefundFailed:
		return r.refused(ctx, d, "the processor could not return the money")
	case payment.RefundPending:
		d.State, d.DueAt = store.RefundDue, r.clock.Now().Add(r.pause(d))
		d.Attempts++
		r.log.InfoContext(ctx, "refund is under way", "shop", d.Shop, "order", d.OrderRef, "refund", d.ID,
			"processor_refund", d.ProcessorID, "due", d.DueAt)
	default:
		return r.postpone(ctx, d, "the processor told a state that is not known: "+string(made.Status))
	}
	return d
}

// postpone makes d due again later.
func (r *Refunds) postpone(ctx context.Context, d store.Refund, why string) store.Refund {
	d.State, d.DueAt = store.RefundDue, r.clock.Now().Add(r.pause(d))
	d.Attempts++
	r.log.WarnContext(ctx, "refund waits", "shop", d.Shop, "order", d.OrderRef, "refund", d.ID, "attempt", d.Attempts, "due", d.DueAt, "reason", why)
	return d
}

// pause is the wait before the next look at d.
func (r *Refunds) pause(d store.Refund) time.Duration {
	return jitter(refundWaits[min(max(d.Attempts, 0), len(refundWaits)-1)], r.random())
}

// refused ends d: no money moves. The shop believes that it does, so somebody has to look.
func (r *Refunds) refused(ctx context.Context, d store.Refund, why string) store.Refund {
	d.State = store.RefundFailed
	r.log.ErrorContext(ctx, "refund failed; the shop has it, the buyer does not", "shop", d.Shop, "order", d.OrderRef, "refund", d.ID,
		"amount", d.Amount.String(), "reason", why)
	return d
}

// needsOperator leaves d to a person, because going on could pay twice.
func (r *Refunds) needsOperator(ctx context.Context, d store.Refund, why string) store.Refund {
	d.State = store.RefundNeedsOperator
	r.log.ErrorContext(ctx, "refund needs an operator", "shop", d.Shop, "order", d.OrderRef, "refund", d.ID,
		"amount", d.Amount.String(), "reason", why)
	return d
}
