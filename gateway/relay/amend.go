package relay

import (
	"context"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// maxAmendments is how many changed refunds are remembered, so that they cannot fill the memory.
const maxAmendments = 4096

// amendments are changed refunds with the amount that was told of each. The poll's lock guards it.
type amendments map[amendment]int64

type amendment struct{ order, refund string }

// amended tells an operator, once for each amount, of a refund that the shop changed after it was taken up. A refund stands as it was
// decided: it may have been made, and a second one for the difference could be the seller's own. Only a person knows what is owed.
func (i *Intake) amended(ctx context.Context, p commerce.Purchase, s commerce.Snapshot, refunds []store.Refund) {
	now := make(map[string]int64, len(s.Refunds))
	for _, sr := range s.Refunds {
		now[sr.ID] = sr.Amount
	}
	for _, r := range refunds {
		what := amendment{r.OrderRef, r.ID}
		amount, shown := now[r.ID]
		told, before := i.amendments[what]
		switch {
		case !shown || amount == r.Amount.Minor || rounded(p, refunds, amount-r.Amount.Minor):
			delete(i.amendments, what)
			continue
		case before && told == amount:
			continue
		}
		if len(i.amendments) >= maxAmendments {
			clear(i.amendments)
		}
		if i.amendments == nil {
			i.amendments = make(amendments)
		}
		i.amendments[what] = amount
		i.log.ErrorContext(ctx, "refund was changed in the shop after it was taken up; no money moves for the difference, settle it by hand",
			"shop", r.Shop, "order", r.OrderRef, "refund", r.ID, "state", string(r.State), "processor_refund", r.ProcessorID,
			"amount", r.Amount.String(), "amount_in_shop", commerce.Money{Minor: amount, Currency: r.Amount.Currency}.String())
	}
}

// rounded reports whether a refund is below the shop's by what [roundedUp] took off: everything that was charged goes back.
func rounded(p commerce.Purchase, refunds []store.Refund, less int64) bool {
	total, given, n, ok := returned(p, refunds)
	return ok && given == total && less > 0 && less <= n
}
