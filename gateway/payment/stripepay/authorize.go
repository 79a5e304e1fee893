package stripepay

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strconv"

	"github.com/stripe/stripe-go/v82"

	"github.com/postern-gateway/postern/gateway/payment"
)

// latestCharge is expanded because it alone tells how long the hold stands and how much was refunded.
const latestCharge = "latest_charge"

// tokenForm is a token's id. The agent sends it, so nothing else goes into a path or a parameter.
var tokenForm = regexp.MustCompile(`^spt_[A-Za-z0-9_]{1,251}$`)

// Authorize creates and confirms one PaymentIntent with manual capture, on a token or on a saved card. A second call under the same key is answered by Stripe from
// its store for 24 hours and holds nothing more; afterwards it would hold again, so the saga does not send it.
//
// An intent that asks for authentication is refused at once (error_on_requires_action): no buyer sits at this gateway. If an intent
// comes back that is not held, its state says so and the error is nil.
func (p *Processor) Authorize(ctx context.Context, r payment.AuthorizeRequest) (payment.Intent, error) {
	c := call{what: "authorize " + r.Amount.String() + " for session " + r.SessionID, authorizes: true, shape: r.Terms.Shape}
	if err := p.frozen(c, r.Terms); err != nil {
		return payment.Intent{}, err
	}
	if err := checkKey(c, r.Key); err != nil {
		return payment.Intent{}, err
	}
	params := &stripe.PaymentIntentCreateParams{
		Amount:                stripe.Int64(r.Amount.Minor),
		Currency:              stripe.String(string(r.Amount.Currency)),
		CaptureMethod:         stripe.String(string(stripe.PaymentIntentCaptureMethodManual)),
		Confirm:               stripe.Bool(true),
		ErrorOnRequiresAction: stripe.Bool(true),
		Metadata: map[string]string{
			MetadataSession: r.SessionID,
			MetadataAttempt: strconv.Itoa(r.Attempt),
			MetadataGateway: r.Gateway,
		},
	}
	params.AddExpand(latestCharge)
	prove(params, r)
	if err := payWith(c, params, r); err != nil {
		return payment.Intent{}, err
	}
	params.Headers = http.Header{"Stripe-Version": {r.Terms.APIVersion}}
	params.SetIdempotencyKey(r.Key)

	ctx, trip := follow(ctx)
	pi, err := p.client.V1PaymentIntents.Create(ctx, params)
	if err == nil {
		return intentOf(c, pi)
	}
	failure := p.failure(c, err, trip)
	if failure.Kind == payment.Refused && failure.tokenMayBeWhy && r.Saved == nil {
		return payment.Intent{}, p.explain(ctx, r, failure)
	}
	return payment.Intent{}, failure.Error
}

// payWith puts into params what is charged: the token, or a saved card.
func payWith(c call, params *stripe.PaymentIntentCreateParams, r payment.AuthorizeRequest) error {
	switch {
	case r.Saved != nil:
		return payWithSaved(c, params, r)
	case !tokenForm.MatchString(string(r.Token)):
		return unknownToken(c)
	default:
		params.AddExtra(parameterOf(r.Terms.Shape), string(r.Token))
		return nil
	}
}

// explain re-reads the token after a refusal: Stripe answers a spent, a revoked and an expired token and an
// exceeded limit all alike, and its text is for people. If the token looks fine the refusal stands as it is. Nothing is held.
func (p *Processor) explain(ctx context.Context, r payment.AuthorizeRequest, refused *failure) error {
	limits, err := p.Inspect(ctx, r.Terms, r.Token)
	if err != nil {
		return refused.Error
	}
	verdict, ok := errors.AsType[*payment.Error](limits.Allows(r.Amount, p.clock.Now(), 0))
	if !ok {
		return refused.Error
	}
	why := *refused.Error
	why.Kind, why.Code = verdict.Kind, verdict.Code
	return &why
}

// frozen refuses to send an attempt to another account than the one it was frozen for: there, the key would be new and hold again.
func (p *Processor) frozen(c call, t payment.Terms) error {
	if t.Account != p.terms.Account {
		return &payment.Error{
			Kind: payment.KeyReused, Code: "account_changed",
			Message: c.what + ": the attempt belongs to another stripe key or account; restore that one until the attempt is closed",
		}
	}
	if parameterOf(t.Shape) == "" {
		return &payment.Error{
			Kind: payment.KeyReused, Code: "shape_unknown",
			Message: c.what + ": the attempt was frozen with a parameter shape that this version does not know",
		}
	}
	return nil
}

// parameterOf is where a shape puts the token.
func parameterOf(shape string) string {
	switch shape {
	case ShapeMethodData:
		return "payment_method_data[shared_payment_granted_token]"
	case ShapeTopLevel:
		return "shared_payment_granted_token"
	default:
		return ""
	}
}

// idempotencyKeyForm is what fits into a header and Stripe's limit: 1 to 255 visible ASCII characters.
var idempotencyKeyForm = regexp.MustCompile(`^[!-~]{1,255}$`)

// checkKey refuses a write that could not be repeated safely, or not be sent at all.
func checkKey(c call, key string) error {
	if !idempotencyKeyForm.MatchString(key) {
		return &payment.Error{Kind: payment.Refused, Code: "key_invalid", Message: c.what + ": the key must have 1 to 255 visible characters"}
	}
	return nil
}
