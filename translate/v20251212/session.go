package v20251212

import (
	"github.com/postern-gateway/postern/translate/write"
	"github.com/postern-gateway/postern/translate/write/flat"
)

// session is the answer of this date to every session operation.
type session struct {
	ID                         string                `json:"id"`
	Buyer                      *flat.Buyer           `json:"buyer,omitzero"`
	PaymentProvider            *flat.PaymentProvider `json:"payment_provider,omitzero"`
	Status                     string                `json:"status"`
	Currency                   string                `json:"currency"`
	LineItems                  []flat.ProductLine    `json:"line_items"`
	FulfillmentDetails         *write.Contact        `json:"fulfillment_details,omitzero"`
	FulfillmentOptions         []flat.NumberedOption `json:"fulfillment_options"`
	SelectedFulfillmentOptions []flat.Selection      `json:"selected_fulfillment_options,omitempty"`
	Totals                     []flat.Total          `json:"totals"`
	Messages                   []flat.Message        `json:"messages"`
	Links                      []flat.Link           `json:"links"`
	AuthenticationMetadata     *write.Authentication `json:"authentication_metadata,omitzero"`
	Order                      *flat.Order           `json:"order,omitzero"`
}
