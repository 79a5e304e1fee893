package stripepay

import (
	"context"

	"github.com/stripe/stripe-go/v82"

	"github.com/postern-gateway/postern/gateway/payment"
)

// Find reads an intent by its id. Without an id it looks for it among all intents since r.Since, by the metadata.
func (p *Processor) Find(ctx context.Context, r payment.FindRequest) (payment.Intent, bool, error) {
	if r.IntentID == "" {
		return p.search(ctx, r)
	}
	c := call{what: "read " + r.IntentID, intentID: r.IntentID, reads: true}
	if !intentForm.MatchString(r.IntentID) {
		return payment.Intent{}, false, nil
	}
	params := &stripe.PaymentIntentRetrieveParams{}
	params.AddExpand(latestCharge)
	ctx, trip := follow(ctx)
	pi, err := p.client.V1PaymentIntents.Retrieve(ctx, r.IntentID, params)
	if err != nil {
		failed := p.failure(c, err, trip)
		if failed.missing {
			return payment.Intent{}, false, nil
		}
		return payment.Intent{}, false, failed.Error
	}
	out, err := intentOf(c, pi)
	return out, err == nil, err
}
