package stripepay

import (
	"context"
	"regexp"

	"github.com/stripe/stripe-go/v82"

	"github.com/postern-gateway/postern/gateway/payment"
)

// intentForm is an intent's id. It comes from our store, but it goes into a path.
var intentForm = regexp.MustCompile(`^pi_[A-Za-z0-9_]{1,251}$`)

// Capture takes the whole hold. A second call under the same key is answered from Stripe's store; one under another key finds the
// intent captured and gives it, because a PaymentIntent is captured at most once.
func (p *Processor) Capture(ctx context.Context, r payment.ChangeRequest) (payment.Intent, error) {
	c := call{what: "capture " + r.IntentID, intentID: r.IntentID}
	return p.change(ctx, c, r, payment.Taken, func(ctx context.Context) (*stripe.PaymentIntent, error) {
		params := &stripe.PaymentIntentCaptureParams{}
		params.SetIdempotencyKey(r.Key)
		return p.client.V1PaymentIntents.Capture(ctx, r.IntentID, params)
	})
}

// Void cancels the intent and lets its hold go; it costs nothing and makes no refund. A second call finds the intent canceled and
// gives it. A void that comes after the capture fails with [payment.AlreadyCaptured].
func (p *Processor) Void(ctx context.Context, r payment.ChangeRequest) (payment.Intent, error) {
	c := call{what: "void " + r.IntentID, intentID: r.IntentID}
	out, err := p.change(ctx, c, r, payment.Gone, func(ctx context.Context) (*stripe.PaymentIntent, error) {
		params := &stripe.PaymentIntentCancelParams{CancellationReason: stripe.String(string(stripe.PaymentIntentCancellationReasonAbandoned))}
		params.SetIdempotencyKey(r.Key)
		return p.client.V1PaymentIntents.Cancel(ctx, r.IntentID, params)
	})
	if err == nil && out.State == payment.Taken {
		return out, alreadyCaptured(c, "")
	}
	return out, err
}

// change sends one write to an intent. If Stripe says that the intent's status forbids it, the intent is read: the change may have
// been made before.
func (p *Processor) change(
	ctx context.Context, c call, r payment.ChangeRequest, wanted payment.State, send func(context.Context) (*stripe.PaymentIntent, error),
) (payment.Intent, error) {
	if err := checkKey(c, r.Key); err != nil {
		return payment.Intent{}, err
	}
	if !intentForm.MatchString(r.IntentID) {
		return payment.Intent{}, &payment.Error{Kind: payment.Refused, Code: "resource_missing", Message: c.what + ": this is not the id of a payment intent"}
	}
	followed, trip := follow(ctx)
	pi, err := send(followed)
	if err == nil {
		return intentOf(c, pi)
	}
	refused := p.failure(c, err, trip)
	if refused.Kind != payment.Refused || !refused.unexpectedState {
		return payment.Intent{}, refused.Error
	}
	now, ok, err := p.Find(ctx, payment.FindRequest{IntentID: r.IntentID})
	switch {
	case err != nil:
		// The change was refused, but whether it had been made before is open.
		unread := *refused.Error
		unread.Kind, unread.Message = payment.Unknown, c.what+": it was refused and the intent could not be read afterwards"
		return payment.Intent{}, &unread
	case !ok:
		return payment.Intent{}, refused.Error
	case now.State == wanted:
		return now, nil
	case wanted == payment.Gone && now.State == payment.Taken:
		return now, alreadyCaptured(c, refused.RequestID)
	default:
		return now, refused.Error
	}
}

func alreadyCaptured(c call, request string) *payment.Error {
	return &payment.Error{
		Kind: payment.AlreadyCaptured, IntentID: c.intentID, RequestID: request,
		Message: c.what + ": the money has been taken already; refund it instead",
	}
}
