package v20260417

import (
	"encoding/json"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// The answer shapes of this date: spec/2026-04-17/json-schema, read
// 2026-11-22. Objects are closed there. A slice without omitempty is required
// and stands even when it is empty.

type session struct {
	ID                     string              `json:"id"`
	Protocol               protocol            `json:"protocol"`
	Capabilities           capabilities        `json:"capabilities"`
	Buyer                  *buyer              `json:"buyer,omitzero"`
	Status                 commerce.Status     `json:"status"`
	Currency               commerce.Currency   `json:"currency"`
	PresentmentCurrency    commerce.Currency   `json:"presentment_currency,omitzero"`
	ExchangeRate           *wire.Number        `json:"exchange_rate,omitzero"`
	ExchangeRateTimestamp  string              `json:"exchange_rate_timestamp,omitzero"`
	Locale                 string              `json:"locale,omitzero"`
	Timezone               string              `json:"timezone,omitzero"`
	LineItems              []lineItem          `json:"line_items"`
	FulfillmentDetails     *contact            `json:"fulfillment_details,omitzero"`
	FulfillmentOptions     []option            `json:"fulfillment_options"`
	SelectedOptions        []selection         `json:"selected_fulfillment_options,omitempty"`
	FulfillmentGroups      []fulfillmentGroup  `json:"fulfillment_groups,omitempty"`
	Totals                 []total             `json:"totals"`
	Messages               []message           `json:"messages"`
	Links                  []link              `json:"links"`
	AuthenticationMetadata *authenticationData `json:"authentication_metadata,omitzero"`
	CreatedAt              string              `json:"created_at,omitzero"`
	UpdatedAt              string              `json:"updated_at,omitzero"`
	ExpiresAt              string              `json:"expires_at,omitzero"`
	ContinueURL            string              `json:"continue_url,omitzero"`
	Metadata               map[string]any      `json:"metadata,omitempty"`
	QuoteID                string              `json:"quote_id,omitzero"`
	QuoteExpiresAt         string              `json:"quote_expires_at,omitzero"`
	Discounts              *discounts          `json:"discounts,omitzero"`
	MarketingOptions       []marketingOption   `json:"marketing_consent_options,omitempty"`
	Order                  *order              `json:"order,omitzero"`
}

type protocol struct {
	Version string `json:"version"`
}

type capabilities struct {
	Payment       payment       `json:"payment"`
	Interventions interventions `json:"interventions"`
	// Extensions is left out when empty: an empty array matches both forms of
	// the schema's oneOf and so none.
	Extensions []extension `json:"extensions,omitempty"`
}

type payment struct {
	Handlers []handler `json:"handlers"`
}

type handler struct {
	ID                      string          `json:"id"`
	Name                    string          `json:"name"`
	DisplayName             string          `json:"display_name,omitzero"`
	Version                 string          `json:"version"`
	Spec                    string          `json:"spec"`
	RequiresDelegatePayment bool            `json:"requires_delegate_payment"`
	RequiresPCICompliance   bool            `json:"requires_pci_compliance"`
	PSP                     string          `json:"psp"`
	ConfigSchema            string          `json:"config_schema"`
	InstrumentSchemas       []string        `json:"instrument_schemas"`
	Config                  json.RawMessage `json:"config"`
	DisplayOrder            int64           `json:"display_order,omitzero"`
}

type interventions struct {
	Supported   []string `json:"supported"`
	Required    []string `json:"required,omitempty"`
	Enforcement string   `json:"enforcement,omitzero"`
}

type extension struct {
	Name    string   `json:"name"`
	Extends []string `json:"extends,omitempty"`
	Schema  string   `json:"schema,omitzero"`
	Spec    string   `json:"spec,omitzero"`
}

type item struct {
	ID string `json:"id"`
}

type lineItem struct {
	ID                 string             `json:"id"`
	Item               item               `json:"item"`
	Quantity           int64              `json:"quantity"`
	Name               string             `json:"name,omitzero"`
	Description        string             `json:"description,omitzero"`
	Images             []string           `json:"images,omitempty"`
	UnitAmount         int64              `json:"unit_amount"`
	Disclosures        []disclosure       `json:"disclosures,omitempty"`
	CustomAttributes   []customAttribute  `json:"custom_attributes,omitempty"`
	Marketplace        *marketplaceSeller `json:"marketplace_seller_details,omitzero"`
	ProductID          string             `json:"product_id,omitzero"`
	SKU                string             `json:"sku,omitzero"`
	VariantID          string             `json:"variant_id,omitzero"`
	Category           string             `json:"category,omitzero"`
	Tags               []string           `json:"tags,omitempty"`
	Weight             *weight            `json:"weight,omitzero"`
	Dimensions         *dimensions        `json:"dimensions,omitzero"`
	AvailabilityStatus string             `json:"availability_status,omitzero"`
	AvailableQuantity  *int64             `json:"available_quantity,omitzero"`
	MaxPerOrder        *int64             `json:"max_quantity_per_order,omitzero"`
	FulfillableOn      string             `json:"fulfillable_on,omitzero"`
	VariantOptions     []variantOption    `json:"variant_options,omitempty"`
	DiscountDetails    []discountDetail   `json:"discount_details,omitempty"`
	TaxExempt          *bool              `json:"tax_exempt,omitzero"`
	TaxExemptionReason string             `json:"tax_exemption_reason,omitzero"`
	ParentID           string             `json:"parent_id,omitzero"`
	Totals             []total            `json:"totals"`
}

type disclosure struct {
	Type        string `json:"type"`
	ContentType string `json:"content_type"`
	Content     string `json:"content"`
}

type customAttribute struct {
	DisplayName string `json:"display_name"`
	Value       string `json:"value"`
}

type variantOption struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type marketplaceSeller struct {
	Name string `json:"name"`
}

type weight struct {
	Value wire.Number `json:"value"`
	Unit  string      `json:"unit"`
}

type dimensions struct {
	Length wire.Number `json:"length"`
	Width  wire.Number `json:"width"`
	Height wire.Number `json:"height"`
	Unit   string      `json:"unit"`
}

type discountDetail struct {
	Code        string `json:"code,omitzero"`
	Type        string `json:"type"`
	Amount      int64  `json:"amount"`
	Description string `json:"description,omitzero"`
	Source      string `json:"source,omitzero"`
}

type total struct {
	Type              string             `json:"type"`
	DisplayText       string             `json:"display_text"`
	Amount            int64              `json:"amount"`
	PresentmentAmount *int64             `json:"presentment_amount,omitzero"`
	Description       string             `json:"description,omitzero"`
	Breakdown         []taxBreakdownItem `json:"breakdown,omitempty"`
}

type taxBreakdownItem struct {
	Jurisdiction string      `json:"jurisdiction"`
	Rate         wire.Number `json:"rate"`
	Amount       int64       `json:"amount"`
}

type message struct {
	Type        string `json:"type"`
	Code        string `json:"code,omitzero"`
	Severity    string `json:"severity,omitzero"`
	Resolution  string `json:"resolution,omitzero"`
	Param       string `json:"param,omitzero"`
	ContentType string `json:"content_type"`
	Content     string `json:"content"`
}

type link struct {
	Type  string `json:"type"`
	Title string `json:"title,omitzero"`
	URL   string `json:"url"`
}

type marketingOption struct {
	Channel          string `json:"channel"`
	DisplayText      string `json:"display_text"`
	PrivacyPolicyURL string `json:"privacy_policy_url"`
	IsSubscribed     *bool  `json:"is_subscribed,omitzero"`
}

type authenticationData struct {
	AcquirerDetails acquirerDetails `json:"acquirer_details"`
	DirectoryServer string          `json:"directory_server"`
	FlowPreference  *flowPreference `json:"flow_preference,omitzero"`
}

type acquirerDetails struct {
	BIN          string `json:"acquirer_bin"`
	Country      string `json:"acquirer_country"`
	MerchantID   string `json:"acquirer_merchant_id"`
	MerchantName string `json:"merchant_name"`
	RequestorID  string `json:"requestor_id,omitzero"`
}

type flowPreference struct {
	Type         string    `json:"type"`
	Challenge    *flowKind `json:"challenge,omitzero"`
	Frictionless *flowKind `json:"frictionless,omitzero"`
}

type flowKind struct {
	Type string `json:"type"`
}
