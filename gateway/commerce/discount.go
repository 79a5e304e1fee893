package commerce

import "time"

// Discounts is what became of the discount codes of a session, and of the shop's automatic promotions.
type Discounts struct {
	Codes    []string // as the agent sent them
	Applied  []AppliedDiscount
	Rejected []RejectedDiscount
}

// AppliedDiscount is a promotion that lowered the price. The allocations add up to Amount.
type AppliedDiscount struct {
	ID, Code    string // Code is empty when Automatic
	Coupon      Coupon
	Amount      int64
	Automatic   bool
	Start, End  time.Time
	Method      string // each or across; empty if not said
	Priority    int64  // lower applies first; 0 is not said
	Allocations []Allocation
}

// Allocation is the part of a discount that falls on one thing: LineID for a line, OptionID for a fulfillment option, Row for what
// the session pays under one name, such as fulfillment; none of them for the whole order.
type Allocation struct {
	LineID, OptionID string
	Row              TotalType `json:",omitempty"`
	Amount           int64
}

// Coupon describes a promotion. PercentOff is decimal text.
type Coupon struct {
	ID, Name, PercentOff          string
	AmountOff                     int64
	Currency                      Currency
	Duration                      string // once, repeating or forever
	DurationInMonths              int64
	MaxRedemptions, TimesRedeemed int64
	Metadata                      map[string]any
}

// RejectedDiscount is a code that the shop did not take.
type RejectedDiscount struct {
	Code    string
	Reason  DiscountReason
	Message string
}

// DiscountReason is why a code was not taken.
type DiscountReason string

// The eight reasons of the discount extension (spec 2026-04-17, schema.discount.json).
const (
	DiscountExpired         DiscountReason = "discount_code_expired"
	DiscountInvalid         DiscountReason = "discount_code_invalid"
	DiscountAlreadyApplied  DiscountReason = "discount_code_already_applied"
	DiscountNotCombinable   DiscountReason = "discount_code_combination_disallowed"
	DiscountMinimumNotMet   DiscountReason = "discount_code_minimum_not_met"
	DiscountSignInNeeded    DiscountReason = "discount_code_user_not_logged_in"
	DiscountBuyerIneligible DiscountReason = "discount_code_user_ineligible"
	DiscountUsedUp          DiscountReason = "discount_code_usage_limit_reached"
)

// Valid reports whether r is one of the eight reasons.
func (r DiscountReason) Valid() bool {
	switch r {
	case DiscountExpired, DiscountInvalid, DiscountAlreadyApplied, DiscountNotCombinable, DiscountMinimumNotMet,
		DiscountSignInNeeded, DiscountBuyerIneligible, DiscountUsedUp:
		return true
	default:
		return false
	}
}
