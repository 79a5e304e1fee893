package stripepay

import (
	"context"
	"net/http"

	"github.com/stripe/stripe-go/v82"
	"github.com/stripe/stripe-go/v82/form"

	"github.com/postern-gateway/postern/gateway/payment"
)

// pageSize is the largest page that Stripe gives.
const pageSize = 100

// page is one page of a list, newest first. The SDK's own iterator takes any answer without data for the end of the list; here, the end
// is what Stripe says it is, because "none" may be taken for leave to pay again.
// Source: docs.stripe.com/api/pagination, read 2026-11-22.
type page[T any] struct {
	stripe.APIResource
	Object  string `json:"object"`
	HasMore *bool  `json:"has_more"`
	Data    []T    `json:"data"`
}

// readPage reads the page of a list that follows the object named after, or the first page when that is empty. An answer that is not a
// page leaves nothing learned.
func readPage[T any](ctx context.Context, p *Processor, c call, path string, params stripe.ListParamsContainer, after string) (items []T, more bool, err error) {
	ctx, trip := follow(ctx)
	lp := params.GetListParams()
	lp.Context, lp.Limit, lp.StartingAfter = ctx, stripe.Int64(pageSize), nil
	if after != "" {
		lp.StartingAfter = stripe.String(after)
	}
	query := &form.Values{}
	form.AppendTo(query, params)
	var got page[T]
	if err := p.backend.CallRaw(http.MethodGet, path, string(p.settings.SecretKey), []byte(query.Encode()), lp.ToParams(), &got); err != nil {
		return nil, false, p.failure(c, err, trip).Error
	}
	if got.Object != "list" || got.HasMore == nil || (*got.HasMore && len(got.Data) == 0) {
		return nil, false, &payment.Error{
			Kind: payment.Unknown, IntentID: c.intentID, RequestID: requestID(got.LastResponse), Message: c.what + ": the answer is not a page of a list",
		}
	}
	return got.Data, *got.HasMore, nil
}
