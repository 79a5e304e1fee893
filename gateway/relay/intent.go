package relay

import (
	"context"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// newRefunds makes an intent of each refund in s that is not known yet. The row is unique, so that a refund seen twice, or by two
// replicas, is one intent. A refund whose id is that of a refund which the processor already made for us is only noted: what Postern
// recorded in the shop never comes back as a new refund. A refund without an amount is none yet: it is goods that came back, or its
// amount is filled in later.
func (i *Intake) newRefunds(ctx context.Context, row store.Order, p commerce.Purchase, s commerce.Snapshot, have []store.Refund) []store.RefundWrite {
	var out []store.RefundWrite
	known := make(map[string]bool, len(have))
	ours := make(map[string]bool, len(have))
	for _, r := range have {
		known[r.ID] = true
		ours[r.ProcessorID] = r.ProcessorID != ""
	}
	for _, r := range p.Returned {
		known[r.ID] = true
	}
	for _, sr := range s.Refunds {
		if known[sr.ID] || (sr.Amount == 0 && !ours[sr.ID]) {
			continue
		}
		known[sr.ID] = true
		r := store.Refund{
			Shop: row.Shop, OrderRef: row.Ref, ID: sr.ID, State: store.RefundDue,
			Amount: commerce.Money{Minor: sr.Amount - roundedUp(p, have, sr.Amount), Currency: p.Currency}, DueAt: i.clock.Now(),
		}
		switch {
		case sr.ID == "":
			i.log.ErrorContext(ctx, "refund in the shop has no id and is not made: it could not be told from another", "shop", row.Shop, "order", row.Ref)
			continue
		case ours[sr.ID]:
			r.State, r.ProcessorID = store.RefundKnown, sr.ID
		case sr.Amount < 0:
			r.State = store.RefundFailed
			i.log.ErrorContext(ctx, "refund in the shop is negative and is not made", "shop", row.Shop, "order", row.Ref, "refund", sr.ID)
		}
		out = append(out, store.RefundWrite{Refund: r})
		have = append(have, r)
	}
	return out
}

// roundedUp is by how much amount is above what is left of the total, as far as rounding explains it: a shop that computes in more
// digits gives half of 49.23 back twice as 24.62, and the last minor unit was never paid. Each refund explains one minor unit.
func roundedUp(p commerce.Purchase, have []store.Refund, amount int64) int64 {
	total, given, n, ok := returned(p, have)
	if !ok {
		return 0
	}
	sum, err := commerce.Add(given, amount)
	if over := sum - total; err == nil && over > 0 && over <= n+1 && over < amount {
		return over
	}
	return 0
}

// returned is what was charged for p, how much of it refunds gave or will give back, and how many they are. ok is false where that
// cannot be added up.
func returned(p commerce.Purchase, refunds []store.Refund) (total, given, n int64, ok bool) {
	for _, t := range p.Totals {
		if t.Type == commerce.TotalDue {
			total = t.Amount
		}
	}
	add := func(amount int64) {
		var err error
		given, err = commerce.Add(given, amount)
		n, ok = n+1, ok && err == nil
	}
	ok = total > 0
	for _, r := range p.Returned {
		if p.ReturnedStatus[r.ID] != commerce.AdjustmentFailed {
			add(r.Amount)
		}
	}
	for _, r := range refunds {
		if r.State != store.RefundFailed && r.State != store.RefundKnown {
			add(r.Amount.Minor)
		}
	}
	return total, given, n, ok
}
