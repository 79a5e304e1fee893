package reader

// Dialect says which shapes are native to a date. Any other shape is read all
// the same, and recorded as a deviation. The zero value is 2025-09-29.
type Dialect struct {
	// LineItems says that lines are line_items of {id, name, unit_amount}, one
	// piece each; otherwise they are items of {id, quantity}.
	LineItems bool
	// SuggestedPrice says that a line can hold the price that a feed showed.
	SuggestedPrice bool

	// Details says that the delivery is fulfillment_details; otherwise it is
	// the bare fulfillment_address.
	Details bool
	// DetailsOnComplete says that complete takes fulfillment_details too.
	DetailsOnComplete bool
	// Company says that an address can name a company.
	Company bool
	// Selection is the shape of the selected fulfillment options in an update.
	Selection Selection
	// Groups says that there are fulfillment_groups.
	Groups bool

	// Profile says that a buyer can have a full name, an account, a company, a
	// loyalty membership and a tax exemption, and that first and last name are
	// not required.
	Profile bool
	// Handlers says that payment_data is {handler_id, instrument} or the terms
	// of an invoice; otherwise it is {token, provider}.
	Handlers bool

	// Negotiation says that create needs currency and capabilities.
	Negotiation bool
	// Context says that create takes locale, timezone, quote_id and metadata,
	// and complete takes risk_signals.
	Context bool
	// Discounts says that there are discounts and coupons.
	Discounts bool
	// Notes says that there are order_notes, and marketing_consents on complete.
	Notes bool

	// SideData says that there are affiliate_attribution and intent_trace.
	SideData bool
	// Outcomes are the words of authentication_result.
	Outcomes Outcomes
}

// Selection is the shape of the selected fulfillment options.
type Selection uint8

// The shapes of a selection.
const (
	// OneOption is fulfillment_option_id, one for everything.
	OneOption Selection = iota
	// NestedOptions are {type, shipping|digital: {option_id, item_ids}}.
	NestedOptions
	// FlatOptions are {type, option_id, item_ids}.
	FlatOptions
)

// Outcomes are the words of an authentication result.
type Outcomes uint8

// The sets of words.
const (
	// NoOutcomes means that the date has no authentication results.
	NoOutcomes Outcomes = iota
	// TenOutcomes are those of 2025-12-12 and of 2026-01-30 on; three of them
	// come with details.
	TenOutcomes
	// FiveOutcomes are those of 2026-01-16; none needs details.
	FiveOutcomes
)
