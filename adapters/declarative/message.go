package declarative

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// Places of a session that messages point at, in terms of 2026-04-17.
const (
	paramAddress = "$.fulfillment_details.address"
	paramOption  = "$.selected_fulfillment_options"
	paramBuyer   = "$.buyer"
)

// messages tells what stands in the way of a quote: what the description says itself, what the rules went on from, lines without
// stock, and an address that no option serves.
func messages(res quoteResult, q commerce.Quote, cart commerce.Cart, address bool, faults []*commerce.Fault) []commerce.Message {
	var out []commerce.Message
	for _, m := range res.messages {
		if m.line != "" {
			m.message.Param = lineParam(cart, m.line)
		}
		out = append(out, m.message)
	}
	told := map[commerce.Kind]bool{}
	short := map[string]bool{}
	for _, f := range faults {
		if m, ok := faultMessage(f, cart); ok {
			told[f.Kind] = true
			short[f.LineID] = short[f.LineID] || f.Kind == commerce.OutOfStock
			out = append(out, m)
		}
	}
	for _, r := range q.Discounts.Rejected {
		at := slices.IndexFunc(cart.Codes, func(c string) bool { return strings.EqualFold(c, r.Code) })
		if at >= 0 {
			out = append(out, commerce.WarningMessage(string(r.Reason), fmt.Sprintf("$.discounts.codes[%d]", at), r.Message))
		}
	}
	for _, l := range q.Lines {
		if l.Availability == commerce.SoldOut && !short[l.ID] {
			out = append(out, stockMessage(lineParam(cart, l.ID), l.AvailableQuantity))
		}
	}
	if q.NeedsShipping && address && len(q.Options) == 0 && !told[commerce.AddressRejected] && !told[commerce.NoShipping] {
		out = append(out, commerce.ErrorMessage(commerce.CodeRegionRestricted, paramAddress, commerce.RequiresBuyerInput, sentences[commerce.NoShipping]))
	}
	if !told[commerce.OptionGone] && (address || !q.NeedsShipping) && unmet(q, cart) {
		out = append(out, commerce.ErrorMessage(commerce.CodeInvalid, paramOption, commerce.RequiresBuyerInput, sentences[commerce.OptionGone]))
	}
	return out
}

// unmet reports whether the agent selected what the shop does not offer, not for these lines, or not beside the rest of the selection. A
// quote with another selection than the wanted one must not be paid in silence.
func unmet(q commerce.Quote, cart commerce.Cart) bool {
	if len(q.Options) == 0 {
		return false // told by the address
	}
	for _, c := range cart.Choices {
		at := slices.IndexFunc(q.Options, func(o commerce.FulfillmentOption) bool { return o.ID == c.OptionID })
		if at < 0 {
			return true
		}
		delivered := q.Options[at].LineIDs
		if len(c.LineIDs) > 0 && len(delivered) > 0 &&
			!slices.ContainsFunc(c.LineIDs, func(id string) bool { return slices.Contains(delivered, id) }) {
			return true
		}
		if len(cart.Choices) > 1 && !slices.ContainsFunc(q.Choices, func(has commerce.Choice) bool { return has.OptionID == c.OptionID }) {
			return true
		}
	}
	return false
}

// faultMessage is a fault that a quote goes on from, as a message.
func faultMessage(f *commerce.Fault, cart commerce.Cart) (commerce.Message, bool) {
	param := func(otherwise string) string {
		if f.Param != "" {
			return f.Param
		}
		return otherwise
	}
	switch f.Kind {
	case commerce.CouponRejected:
		return commerce.Message{}, false // told with the rejected codes
	case commerce.OutOfStock:
		m := stockMessage(param(lineParam(cart, f.LineID)), f.Available)
		if f.Code != "" {
			m.Code = f.Code
		}
		return m, true
	case commerce.AddressRejected:
		return commerce.ErrorMessage(commerce.CodeInvalid, param(paramAddress), commerce.RequiresBuyerInput, f.Message), true
	case commerce.NoShipping:
		return commerce.ErrorMessage(commerce.CodeRegionRestricted, param(paramAddress), commerce.RequiresBuyerInput, f.Message), true
	case commerce.OptionGone:
		return commerce.ErrorMessage(commerce.CodeInvalid, param(paramOption), commerce.RequiresBuyerInput, f.Message), true
	default: // BuyerRejected
		return commerce.ErrorMessage(commerce.CodeInvalid, param(paramBuyer), commerce.RequiresBuyerInput, f.Message), true
	}
}

func stockMessage(param string, available *int64) commerce.Message {
	text := sentences[commerce.OutOfStock]
	if available != nil && *available > 0 {
		text = fmt.Sprintf("the shop has only %d of this item; lower the quantity", *available)
	}
	return commerce.ErrorMessage(commerce.CodeOutOfStock, param, commerce.RequiresBuyerInput, text)
}

// lineParam names a line by its place in the session.
func lineParam(cart commerce.Cart, id string) string {
	at := slices.IndexFunc(cart.Lines, func(l commerce.CartLine) bool { return l.ID == id })
	if at < 0 {
		return "$.line_items"
	}
	return fmt.Sprintf("$.line_items[%d]", at)
}
