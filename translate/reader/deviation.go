package reader

import "github.com/postern-gateway/postern/translate/wire"

// The deviations of lines.
const (
	// LinesName is items where the date has line_items, or the other way round.
	LinesName wire.Deviation = "lines_name"
	// LinesMissing is a create without lines that names a saved cart.
	LinesMissing wire.Deviation = "lines_missing"
	// ItemNested is {item: {id}} in a list of wished lines.
	ItemNested wire.Deviation = "item_nested"
	// QuantityMissing is a line without the quantity that the date requires; one is meant.
	QuantityMissing wire.Deviation = "quantity_missing"
	// QuantitySent is a quantity in a date whose lines have none (they are one piece each).
	QuantitySent wire.Deviation = "quantity_sent"
	// SuggestedPrice is a suggested_price in a date that does not have it.
	SuggestedPrice wire.Deviation = "suggested_price"
)

// The deviations of a delivery.
const (
	// FulfillmentAddress is the bare address in a date that has fulfillment_details.
	FulfillmentAddress wire.Deviation = "fulfillment_address"
	// FulfillmentDetails are details in a date that has the bare address, or on
	// complete in a date that takes none there.
	FulfillmentDetails wire.Deviation = "fulfillment_details"
	// FulfillmentGroups are groups in a date that has none.
	FulfillmentGroups wire.Deviation = "fulfillment_groups"
	// AddressPartMissing is an address without a part that the schemas require.
	AddressPartMissing wire.Deviation = "address_part_missing"
	// AddressCompany is a company in an address of a date that has none there.
	AddressCompany wire.Deviation = "address_company"
	// SelectionOnCreate is a selected option in a create; all dates have it in an update only.
	SelectionOnCreate wire.Deviation = "selection_on_create"
	// SelectionSingle is fulfillment_option_id, or one id as text, in a date that has a list.
	SelectionSingle wire.Deviation = "selection_single"
	// SelectionList is a list of selections in a date that has one id.
	SelectionList wire.Deviation = "selection_list"
	// SelectionNested is the nested shape in a date that has the flat one.
	SelectionNested wire.Deviation = "selection_nested"
	// SelectionFlat is the flat shape in a date that has the nested one.
	SelectionFlat wire.Deviation = "selection_flat"
	// SelectionTypeMissing is a selection without type.
	SelectionTypeMissing wire.Deviation = "selection_type_missing"
	// SelectionItemsMissing is a selection without the lines that it is for; all are meant.
	SelectionItemsMissing wire.Deviation = "selection_items_missing"
)

// The deviations of a buyer.
const (
	// BuyerName is name in the place of full_name, or of first_name and last_name.
	BuyerName wire.Deviation = "buyer_name"
	// BuyerNameMissing is a buyer without the first or last name that the date requires.
	BuyerNameMissing wire.Deviation = "buyer_name_missing"
	// BuyerProfile is a full name, an account, a company, a membership or a tax
	// exemption in a date that has none.
	BuyerProfile wire.Deviation = "buyer_profile"
	// PhoneName is phone in the place of phone_number.
	PhoneName wire.Deviation = "phone_name"
)

// The deviations of a payment.
const (
	// PaymentToken is {token, provider} in a date that has handlers.
	PaymentToken wire.Deviation = "payment_token"
	// PaymentHandler is {handler_id, instrument} in a date that has none.
	PaymentHandler wire.Deviation = "payment_handler"
	// ProviderMissing is a token without its provider.
	ProviderMissing wire.Deviation = "provider_missing"
	// InstrumentTypeMissing is an instrument without type.
	InstrumentTypeMissing wire.Deviation = "instrument_type_missing"
	// CredentialMissing is an instrument that holds the token itself.
	CredentialMissing wire.Deviation = "credential_missing" //nolint:gosec // the name of a deviation
	// CredentialTypeMissing is a credential without type.
	CredentialTypeMissing wire.Deviation = "credential_type_missing" //nolint:gosec // the name of a deviation
	// InvoiceTerms are a purchase order number or terms of payment in a date that has none.
	InvoiceTerms wire.Deviation = "invoice_terms"
)

// The deviations of a session: a member in a date that does not have it, or
// the lack of one that it requires.
const (
	CurrencyMissing     wire.Deviation = "currency_missing"      // the shop's is meant
	CapabilitiesMissing wire.Deviation = "capabilities_missing"  // none are meant
	Currency            wire.Deviation = "currency"              // before 2026-01-30
	Capabilities        wire.Deviation = "capabilities"          // before 2026-01-30
	Locale              wire.Deviation = "locale"                // before 2026-01-30
	Timezone            wire.Deviation = "timezone"              // before 2026-01-30
	QuoteID             wire.Deviation = "quote_id"              // before 2026-01-30
	Metadata            wire.Deviation = "metadata"              // before 2026-01-30
	Discounts           wire.Deviation = "discounts"             // before 2026-01-30
	Coupons             wire.Deviation = "coupons"               // before 2026-01-30
	RiskSignals         wire.Deviation = "risk_signals"          // before 2026-01-30
	OrderNotes          wire.Deviation = "order_notes"           // before 2026-04-17
	MarketingConsents   wire.Deviation = "marketing_consents"    // before 2026-04-17
	Affiliate           wire.Deviation = "affiliate_attribution" // in 2025-09-29
	IntentTrace         wire.Deviation = "intent_trace"          // in 2025-09-29
	Authentication      wire.Deviation = "authentication_result" // in 2025-09-29
	OutcomeOfOtherDate  wire.Deviation = "outcome_of_other_date" // its meaning is taken
	IntentTraceDropped  wire.Deviation = "intent_trace_dropped"  // it was malformed or held a card number; the cancellation goes on
	SourceTypeMissing   wire.Deviation = "source_type_missing"   // a source of an attribution without type
)

// The deviations that can stand anywhere.
const (
	// UnknownMember is a member that nothing here reads.
	UnknownMember wire.Deviation = "unknown_member"
	// UnknownValue is a word that is none of the date's for a member that only
	// passes through.
	UnknownValue wire.Deviation = "unknown_value"
	// NullValue is null, which no published schema allows; it means absence, or
	// clears in an update (rfc.agentic_checkout 6.2).
	NullValue wire.Deviation = "null_value"
)

// Published reports whether the specification asks for d elsewhere than in the schema that lacks it: without a quantity nobody could buy
// two of anything (the RFCs and samples of every date have it), and null clears (rfc.agentic_checkout 6.2, read 2026-11-22). Such a
// deviation is counted, and no agent is refused for it.
func Published(d wire.Deviation) bool { return d == QuantitySent || d == NullValue }
