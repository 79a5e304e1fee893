package rows

import (
	"strconv"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
	"github.com/postern-gateway/postern/translate/write"
)

// Discounts are what became of the codes, and the automatic promotions.
type Discounts struct {
	Codes    []string           `json:"codes"`
	Applied  []AppliedDiscount  `json:"applied"`
	Rejected []RejectedDiscount `json:"rejected"`
}

// AppliedDiscount is a promotion that lowered the price.
type AppliedDiscount struct {
	ID          string       `json:"id"`
	Code        string       `json:"code,omitzero"`
	Coupon      Coupon       `json:"coupon"`
	Amount      int64        `json:"amount"`
	Automatic   bool         `json:"automatic,omitzero"`
	Start       string       `json:"start,omitzero"`
	End         string       `json:"end,omitzero"`
	Method      string       `json:"method,omitzero"`
	Priority    int64        `json:"priority,omitzero"`
	Allocations []Allocation `json:"allocations,omitempty"`
}

// Coupon describes a promotion.
type Coupon struct {
	ID               string         `json:"id"`
	Name             string         `json:"name"`
	PercentOff       *wire.Number   `json:"percent_off,omitzero"`
	AmountOff        int64          `json:"amount_off,omitzero"`
	Currency         string         `json:"currency,omitzero"`
	Duration         string         `json:"duration,omitzero"`
	DurationInMonths int64          `json:"duration_in_months,omitzero"`
	MaxRedemptions   int64          `json:"max_redemptions,omitzero"`
	TimesRedeemed    int64          `json:"times_redeemed,omitzero"`
	Metadata         map[string]any `json:"metadata,omitempty"`
}

// Allocation is the part of a discount that falls on one place.
type Allocation struct {
	Path   string `json:"path"`
	Amount int64  `json:"amount"`
}

// RejectedDiscount is a code that was not taken.
type RejectedDiscount struct {
	Code    string `json:"code"`
	Reason  string `json:"reason"`
	Message string `json:"message,omitzero"`
}

// discountsOf shows discounts to an agent that named the extension or sent a
// code. Others see the totals alone.
func discountsOf(s commerce.Session) *Discounts {
	d := s.Quote.Discounts
	codes := d.Codes
	if len(codes) == 0 {
		codes = s.Cart.Codes
	}
	if !negotiated(s) && len(codes) == 0 && len(d.Rejected) == 0 {
		return nil
	}
	return &Discounts{
		Codes: codes,
		Applied: write.Each(d.Applied, func(a commerce.AppliedDiscount) AppliedDiscount {
			return appliedOf(a, s.Quote)
		}),
		Rejected: write.Each(d.Rejected, func(r commerce.RejectedDiscount) RejectedDiscount {
			out := RejectedDiscount{Code: r.Code, Reason: string(r.Reason), Message: write.Plain(r.Message)}
			if !r.Reason.Valid() {
				out.Reason = string(commerce.DiscountInvalid)
			}
			return out
		}),
	}
}

func appliedOf(a commerce.AppliedDiscount, q commerce.Quote) AppliedDiscount {
	out := AppliedDiscount{
		ID: a.ID, Code: a.Code, Coupon: couponOf(a), Amount: max(a.Amount, 0), Automatic: a.Automatic,
		Start: write.Timestamp(a.Start), End: write.Timestamp(a.End), Method: write.OneOf(a.Method, "each", "across"), Priority: max(a.Priority, 0),
	}
	if a.Automatic {
		out.Code = "" // an automatic discount has no code
	}
	for _, part := range a.Allocations {
		out.Allocations = append(out.Allocations, Allocation{Path: target(part, q).String(), Amount: max(part.Amount, 0)})
	}
	return out
}

// target is the place in the answer that a part of a discount falls on.
func target(part commerce.Allocation, q commerce.Quote) wire.Path {
	for i, l := range q.Lines {
		if part.LineID != "" && l.ID == part.LineID {
			return wire.Root.Name("line_items").Index(i)
		}
	}
	for i, o := range q.Options {
		if part.OptionID != "" && o.ID == part.OptionID {
			return wire.Root.Name("fulfillment_options").Index(i)
		}
	}
	whole := wire.Root.Name("totals")
	if part.Row != "" {
		return whole.Name(string(part.Row)) // as the published sample of free shipping has it
	}
	return whole
}

// couponOf fills id and name, which the schema requires and a shop may lack.
func couponOf(a commerce.AppliedDiscount) Coupon {
	c := a.Coupon
	out := Coupon{
		ID: c.ID, Name: write.Plain(c.Name), PercentOff: percentOf(c.PercentOff), AmountOff: max(c.AmountOff, 0),
		Duration:         write.OneOf(c.Duration, "once", "repeating", "forever"),
		DurationInMonths: max(c.DurationInMonths, 0), MaxRedemptions: max(c.MaxRedemptions, 0), TimesRedeemed: max(c.TimesRedeemed, 0),
		Metadata: textOnly(c.Metadata),
	}
	if out.AmountOff > 0 {
		out.Currency = string(c.Currency)
	}
	if out.ID == "" {
		out.ID = a.ID
	}
	if out.Name == "" {
		out.Name = a.Code
	}
	return out
}

// percentOf is a number from 0 to 100, or nil.
func percentOf(text string) *wire.Number {
	value, err := strconv.ParseFloat(text, 64) // a ratio and no money
	if err != nil || value < 0 || value > 100 {
		return nil
	}
	return write.Number(text)
}

// textOnly keeps the text members; a coupon's metadata has no others.
func textOnly(metadata map[string]any) map[string]any {
	out := make(map[string]any, len(metadata))
	for name, value := range metadata {
		if text, ok := value.(string); ok {
			out[name] = text
		}
	}
	return out
}
