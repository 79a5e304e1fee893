package v20250929

import (
	"github.com/postern-gateway/postern/translate/write"
	"github.com/postern-gateway/postern/translate/write/flat"
)

// The answer shapes that this date has alone: spec/2025-09-29/json-schema, read
// 2026-11-22. All objects are closed there, and all arrays are required.

type session struct {
	ID                  string                `json:"id"`
	Buyer               *flat.Buyer           `json:"buyer,omitzero"`
	PaymentProvider     *paymentProvider      `json:"payment_provider,omitzero"`
	Status              string                `json:"status"`
	Currency            string                `json:"currency"`
	LineItems           []flat.Line           `json:"line_items"`
	FulfillmentAddress  *write.Address        `json:"fulfillment_address,omitzero"`
	FulfillmentOptions  []flat.NumberedOption `json:"fulfillment_options"`
	FulfillmentOptionID string                `json:"fulfillment_option_id,omitzero"`
	Totals              []total               `json:"totals"`
	Messages            []flat.Message        `json:"messages"`
	Links               []flat.Link           `json:"links"`
	// Order stands only in the answer to complete.
	Order *flat.Order `json:"order,omitzero"`
}

type paymentProvider struct {
	Provider                string   `json:"provider"`
	SupportedPaymentMethods []string `json:"supported_payment_methods"`
}

// total has no description yet.
type total struct {
	Type        string `json:"type"`
	DisplayText string `json:"display_text"`
	Amount      int64  `json:"amount"`
}
