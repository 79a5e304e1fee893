package stripepay

import (
	"context"
	"net/http"
	"time"

	"github.com/stripe/stripe-go/v82"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
)

// grantedToken is what the seller may read of a token. Source: Stripe's OpenAPI description 2026-08-26.preview,
// shared_payment.granted_token, read 2026-11-22.
type grantedToken struct {
	stripe.APIResource
	ID                string `json:"id"`
	Livemode          bool   `json:"livemode"`
	DeactivatedAt     int64  `json:"deactivated_at"`
	DeactivatedReason string `json:"deactivated_reason"`
	UsageLimits       *struct {
		Currency  string `json:"currency"`
		MaxAmount int64  `json:"max_amount"`
		ExpiresAt int64  `json:"expires_at"`
	} `json:"usage_limits"`
	UsageDetails *struct {
		AmountCaptured *struct {
			Value int64 `json:"value"`
		} `json:"amount_captured"`
	} `json:"usage_details"`
}

// Inspect reads a token's limits under the given terms. The token stands in the path; the transport keeps it out of logs.
// It moves nothing and may be repeated at will.
func (p *Processor) Inspect(ctx context.Context, t payment.Terms, token payment.Secret) (payment.Limits, error) {
	c := call{what: "read the limits of the payment token", inspects: true}
	if !tokenForm.MatchString(string(token)) {
		return payment.Limits{}, unknownToken(c)
	}
	ctx, trip := follow(ctx)
	params := &stripe.Params{Context: ctx, Headers: http.Header{"Stripe-Version": {t.APIVersion}}}
	var got grantedToken
	path := stripe.FormatURLPath("/v1/shared_payment/granted_tokens/%s", string(token))
	if err := p.backend.Call(http.MethodGet, path, string(p.settings.SecretKey), params, &got); err != nil {
		return payment.Limits{}, p.failure(c, err, trip).Error
	}
	if got.UsageLimits == nil || got.ID != string(token) {
		return payment.Limits{}, &payment.Error{
			Kind: payment.Unknown, RequestID: requestID(got.LastResponse), Message: c.what + ": the answer has no limits",
		}
	}
	currency, err := commerce.ParseCurrency(got.UsageLimits.Currency)
	if err != nil {
		return payment.Limits{}, &payment.Error{
			Kind: payment.Unknown, RequestID: requestID(got.LastResponse), Message: c.what + ": the answer has no currency",
		}
	}
	if got.Livemode != p.settings.live() {
		return payment.Limits{}, unknownToken(c)
	}
	out := payment.Limits{
		Currency:          currency,
		Max:               got.UsageLimits.MaxAmount,
		ExpiresAt:         moment(got.UsageLimits.ExpiresAt),
		DeactivatedAt:     moment(got.DeactivatedAt),
		DeactivatedReason: got.DeactivatedReason,
		Live:              got.Livemode,
	}
	if got.UsageDetails != nil && got.UsageDetails.AmountCaptured != nil {
		out.Captured = got.UsageDetails.AmountCaptured.Value
	}
	return out, nil
}

// unknownToken does not tell why, so that tokens cannot be probed.
func unknownToken(c call) *payment.Error {
	return &payment.Error{Kind: payment.TokenUnknown, Code: "resource_missing", Message: c.what + ": there is no such payment token"}
}

// moment is the zero time for 0, which is how an absent or null number arrives.
func moment(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}
