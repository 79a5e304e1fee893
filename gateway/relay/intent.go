package relay

import (
	"context"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// newRefunds makes an intent of each refund in s that is not known yet. The row is unique, so that a refund seen twice, or by two
// replicas, is one intent. A refund whose id is that of a refund which the processor already made for us is only noted: what Postern
// recorded in the shop never comes back as a new refund.
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
		if known[sr.ID] {
			continue
		}
		known[sr.ID] = true
		r := store.Refund{
			Shop: row.Shop, OrderRef: row.Ref, ID: sr.ID, State: store.RefundDue,
			Amount: commerce.Money{Minor: sr.Amount, Currency: p.Currency}, DueAt: i.clock.Now(),
		}
		switch {
		case sr.ID == "":
			i.log.ErrorContext(ctx, "refund in the shop has no id and is not made: it could not be told from another", "shop", row.Shop, "order", row.Ref)
			continue
		case ours[sr.ID]:
			r.State, r.ProcessorID = store.RefundKnown, sr.ID
		case sr.Amount == 0:
			r.State = store.RefundKnown // goods came back, no money
		case sr.Amount < 0:
			r.State = store.RefundFailed
			i.log.ErrorContext(ctx, "refund in the shop is negative and is not made", "shop", row.Shop, "order", row.Ref, "refund", sr.ID)
		}
		out = append(out, store.RefundWrite{Refund: r})
	}
	return out
}
