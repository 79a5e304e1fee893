package stripepay

import (
	"context"
	"strconv"
	"time"

	"github.com/stripe/stripe-go/v82"

	"github.com/postern-gateway/postern/gateway/payment"
)

const (
	// pageSize is the largest page that Stripe gives.
	pageSize = 100
	// skew is how far our clock may run ahead of Stripe's without a search missing an intent.
	skew = 10 * time.Minute
)

// Find reads an intent by its id. Without an id it goes through all intents since r.Since, which is current, where Stripe's search
// lags, and compares the metadata. Of several matches the one that holds or took money counts.
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
	p.read(&params.Params)
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

func (p *Processor) search(ctx context.Context, r payment.FindRequest) (payment.Intent, bool, error) {
	c := call{what: "look for the intent of session " + r.SessionID, reads: true}
	if r.SessionID == "" || r.Since.IsZero() {
		return payment.Intent{}, false, &payment.Error{
			Kind: payment.Refused, Code: "search_unbounded", Message: c.what + ": a search needs the session and the time of the attempt",
		}
	}
	params := &stripe.PaymentIntentListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: r.Since.Add(-skew).Unix()}}
	params.Limit = stripe.Int64(pageSize)
	params.AddExpand("data." + latestCharge)
	if p.settings.Account != "" {
		params.SetStripeAccount(p.settings.Account)
	}
	attempt := strconv.Itoa(r.Attempt)
	var best payment.Intent
	found := false
	ctx, trip := follow(ctx)
	for pi, err := range p.client.V1PaymentIntents.List(ctx, params) {
		if err != nil {
			return payment.Intent{}, false, p.failure(c, err, trip).Error
		}
		if pi.Metadata[MetadataSession] != r.SessionID || pi.Metadata[MetadataAttempt] != attempt {
			continue
		}
		this, err := intentOf(c, pi)
		if err != nil {
			return payment.Intent{}, false, err
		}
		if !found || weight(this.State) > weight(best.State) {
			best, found = this, true
		}
	}
	return best, found, nil
}

// weight orders states by how much they matter for the money.
func weight(s payment.State) int {
	switch s {
	case payment.Taken:
		return 5
	case payment.Held:
		return 4
	case payment.Processing:
		return 3
	case payment.RequiresAction:
		return 2
	case payment.Failed:
		return 1
	default:
		return 0
	}
}
