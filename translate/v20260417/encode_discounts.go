package v20260417

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// discountExtension is the name under which discounts are negotiated.
const discountExtension = "discount"

type discounts struct {
	Codes    []string           `json:"codes"`
	Applied  []appliedDiscount  `json:"applied"`
	Rejected []rejectedDiscount `json:"rejected"`
}

type appliedDiscount struct {
	ID          string       `json:"id"`
	Code        string       `json:"code,omitzero"`
	Coupon      coupon       `json:"coupon"`
	Amount      int64        `json:"amount"`
	Automatic   bool         `json:"automatic,omitzero"`
	Start       string       `json:"start,omitzero"`
	End         string       `json:"end,omitzero"`
	Method      string       `json:"method,omitzero"`
	Priority    int64        `json:"priority,omitzero"`
	Allocations []allocation `json:"allocations,omitempty"`
}

type coupon struct {
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

type allocation struct {
	Path   string `json:"path"`
	Amount int64  `json:"amount"`
}

type rejectedDiscount struct {
	Code    string `json:"code"`
	Reason  string `json:"reason"`
	Message string `json:"message,omitzero"`
}

// negotiated reports whether the agent named the discount extension, with or
// without a date.
func negotiated(s commerce.Session) bool {
	return slices.ContainsFunc(s.Capabilities.Extensions, func(name string) bool {
		name, _, _ = strings.Cut(name, "@")
		return name == discountExtension
	})
}

// extensionsOf declares the one extension that this gateway speaks, to agents
// that named it.
func extensionsOf(s commerce.Session) []extension {
	if !negotiated(s) {
		return nil
	}
	active := commerce.Extension{
		Name: discountExtension,
		Extends: []string{
			"$.CheckoutSession.discounts", "$.CheckoutSessionCreateRequest.discounts", "$.CheckoutSessionUpdateRequest.discounts",
		},
	}
	return []extension{{Name: active.Name, Extends: active.Extends, Schema: active.Schema, Spec: active.Spec}}
}

// discountsOf shows discounts to an agent that named the extension or sent a
// code. Others see the totals alone.
func discountsOf(s commerce.Session) *discounts {
	d := s.Quote.Discounts
	codes := d.Codes
	if len(codes) == 0 {
		codes = s.Cart.Codes
	}
	if !negotiated(s) && len(codes) == 0 {
		return nil
	}
	return &discounts{
		Codes: codes,
		Applied: each(d.Applied, func(a commerce.AppliedDiscount) appliedDiscount {
			return appliedOf(a, s.Quote)
		}),
		Rejected: each(d.Rejected, func(r commerce.RejectedDiscount) rejectedDiscount {
			out := rejectedDiscount{Code: r.Code, Reason: string(r.Reason), Message: r.Message}
			if !r.Reason.Valid() {
				out.Reason = string(commerce.DiscountInvalid)
			}
			return out
		}),
	}
}

func appliedOf(a commerce.AppliedDiscount, q commerce.Quote) appliedDiscount {
	out := appliedDiscount{
		ID: a.ID, Code: a.Code, Coupon: couponOf(a), Amount: a.Amount, Automatic: a.Automatic,
		Start: timestamp(a.Start), End: timestamp(a.End), Method: oneOf(a.Method, "each", "across"), Priority: max(a.Priority, 0),
	}
	if a.Automatic {
		out.Code = "" // an automatic discount has no code
	}
	for _, part := range a.Allocations {
		out.Allocations = append(out.Allocations, allocation{Path: target(part, q).String(), Amount: part.Amount})
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
	return wire.Root.Name("totals")
}

// couponOf fills id and name, which the schema requires and a shop may lack.
func couponOf(a commerce.AppliedDiscount) coupon {
	c := a.Coupon
	out := coupon{
		ID: c.ID, Name: c.Name, PercentOff: numberOf(c.PercentOff), AmountOff: c.AmountOff,
		Duration:         oneOf(c.Duration, "once", "repeating", "forever"),
		DurationInMonths: c.DurationInMonths, MaxRedemptions: c.MaxRedemptions, TimesRedeemed: c.TimesRedeemed,
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
