package v20260116

import (
	"github.com/postern-gateway/postern/translate/write"
	"github.com/postern-gateway/postern/translate/write/flat"
)

// session is the answer of this date to every session operation.
type session struct {
	ID                         string                  `json:"id"`
	Buyer                      *flat.Buyer             `json:"buyer,omitzero"`
	PaymentProvider            *flat.PaymentProvider   `json:"payment_provider,omitzero"`
	AuthenticationProvider     *authenticationProvider `json:"authentication_provider,omitzero"`
	Status                     string                  `json:"status"`
	Currency                   string                  `json:"currency"`
	LineItems                  []flat.ProductLine      `json:"line_items"`
	FulfillmentDetails         *write.Contact          `json:"fulfillment_details,omitzero"`
	FulfillmentOptions         []option                `json:"fulfillment_options"`
	SelectedFulfillmentOptions []flat.Selection        `json:"selected_fulfillment_options,omitempty"`
	Totals                     []flat.Total            `json:"totals"`
	Messages                   []flat.Message          `json:"messages"`
	Links                      []flat.Link             `json:"links"`
	AuthenticationMetadata     *write.Authentication   `json:"authentication_metadata,omitzero"`
	Order                      *flat.Order             `json:"order,omitzero"`
}

// authenticationProvider stands in this date only.
type authenticationProvider struct {
	Provider   string   `json:"provider"`
	MerchantID string   `json:"merchant_id"`
	Methods    []string `json:"supported_authentication_methods"`
}

// option is a fulfillment option with rows of totals.
type option struct {
	flat.Option
	Totals []flat.Total `json:"totals"`
}
