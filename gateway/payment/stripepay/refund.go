package stripepay

import (
	"context"

	"github.com/stripe/stripe-go/v82"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
)

// Refund gives captured money back. A second call under the same key is answered from Stripe's store for 24 hours; later, look with
// [Processor.FindRefund] first, because the key would refund again.
func (p *Processor) Refund(ctx context.Context, r payment.RefundRequest) (payment.Refund, error) {
	c := call{what: "refund " + r.Amount.String() + " of " + r.IntentID, intentID: r.IntentID}
	if err := checkKey(c, r.Key); err != nil {
		return payment.Refund{}, err
	}
	if !intentForm.MatchString(r.IntentID) {
		return payment.Refund{}, &payment.Error{Kind: payment.Refused, Code: "resource_missing", Message: c.what + ": this is not the id of a payment intent"}
	}
	params := &stripe.RefundCreateParams{
		PaymentIntent: stripe.String(r.IntentID),
		Amount:        stripe.Int64(r.Amount.Minor),
		Metadata:      map[string]string{MetadataKey: r.Key},
	}
	if r.Reason != "" {
		params.Reason = stripe.String(r.Reason)
	}
	params.SetIdempotencyKey(r.Key)
	ctx, trip := follow(ctx)
	got, err := p.client.V1Refunds.Create(ctx, params)
	if err != nil {
		return payment.Refund{}, p.failure(c, err, trip).Error
	}
	return refundOf(c, got)
}

// FindRefund looks through the refunds of the intent for the key in their metadata. It moves nothing.
func (p *Processor) FindRefund(ctx context.Context, intentID, key string) (payment.Refund, bool, error) {
	c := call{what: "look for a refund of " + intentID, intentID: intentID, reads: true}
	params := &stripe.RefundListParams{PaymentIntent: stripe.String(intentID)}
	for after, more := "", true; more; {
		var items []*stripe.Refund
		var err error
		if items, more, err = readPage[*stripe.Refund](ctx, p, c, "/v1/refunds", params, after); err != nil {
			return payment.Refund{}, false, err
		}
		for _, got := range items {
			if got.Metadata[MetadataKey] == key {
				out, err := refundOf(c, got)
				return out, err == nil, err
			}
			after = got.ID
		}
	}
	return payment.Refund{}, false, nil
}

func refundOf(c call, got *stripe.Refund) (payment.Refund, error) {
	status, known := refundStatus(got.Status)
	currency, err := commerce.ParseCurrency(string(got.Currency))
	if got.ID == "" || !known || err != nil {
		return payment.Refund{}, &payment.Error{
			Kind: payment.Unknown, IntentID: c.intentID, RequestID: requestID(got.LastResponse),
			Message: c.what + ": the answer is not a refund that postern can read; look it up at stripe",
		}
	}
	return payment.Refund{ID: got.ID, Status: status, Amount: commerce.Money{Minor: got.Amount, Currency: currency}}, nil
}

// refundStatus reads Stripe's status. A canceled refund leaves the money with the seller, as a failed one does.
func refundStatus(s stripe.RefundStatus) (payment.RefundStatus, bool) {
	switch s {
	case stripe.RefundStatusPending, stripe.RefundStatusRequiresAction:
		return payment.RefundPending, true
	case stripe.RefundStatusSucceeded:
		return payment.RefundSucceeded, true
	case stripe.RefundStatusFailed, stripe.RefundStatusCanceled:
		return payment.RefundFailed, true
	default:
		return "", false
	}
}
