package checkout

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// The members that messages are about, in terms of the 2026-04-17 session; older dates map them.
const (
	paramAddress    = "$.fulfillment_details.address"
	paramSelected   = "$.selected_fulfillment_options"
	paramEmail      = "$.buyer.email"
	paramCredential = "$.payment_data.instrument.credential.token" //nolint:gosec // the path of a member, no credential
	paramTotals     = "$.totals"
)

// show puts a fresh price into the session and works out what stands in the way of paying. extra are messages about what just
// happened; they are shown once and are gone with the next change.
func show(cs *commerce.Session, q commerce.Quote, now time.Time, extra ...commerce.Message) {
	cs.Quote = q
	cs.Untold = false
	cs.UpdatedAt = now
	cs.Messages = slices.Concat(q.Messages, missing(*cs), extra)
	cs.Status = commerce.Ready
	if len(cs.Quote.Totals) == 0 || slices.ContainsFunc(cs.Messages, commerce.Message.Blocks) {
		cs.Status = commerce.NotReady
	}
}

// missing lists what the agent has still to send, in the order in which it can be repaired.
func missing(cs commerce.Session) []commerce.Message {
	var m []commerce.Message
	said := func(param string) bool {
		return slices.ContainsFunc(cs.Quote.Messages, func(m commerce.Message) bool { return strings.HasPrefix(m.Param, param) })
	}
	hasAddress := cs.Cart.ShipTo != nil && cs.Cart.ShipTo.Address != nil
	if cs.Quote.NeedsShipping {
		switch {
		case !hasAddress:
			m = append(m, commerce.ErrorMessage(commerce.CodeMissing, paramAddress, commerce.RequiresBuyerInput,
				"A delivery address is needed."))
		case len(cs.Quote.Options) == 0 && !said(paramAddress) && len(cs.Quote.Totals) > 0:
			m = append(m, commerce.ErrorMessage(commerce.CodeRegionRestricted, paramAddress, commerce.RequiresBuyerInput,
				"The shop does not deliver to this address."))
		case len(cs.Quote.Options) > 0 && len(cs.Quote.Choices) == 0:
			m = append(m, commerce.ErrorMessage(commerce.CodeMissing, paramSelected, commerce.RequiresBuyerInput,
				"A fulfillment option must be selected."))
		}
	}
	if cs.Cart.Email() == "" {
		m = append(m, commerce.ErrorMessage(commerce.CodeMissing, paramEmail, commerce.RequiresBuyerInput,
			"The buyer's e-mail address is needed."))
	}
	return m
}

func outOfStock(f *commerce.Fault, cart commerce.Cart, lineID string) commerce.Message {
	param := "$.line_items" // a refusal that names no line blames none
	if i := slices.IndexFunc(cart.Lines, func(l commerce.CartLine) bool { return l.ID == lineID }); i >= 0 {
		param = fmt.Sprintf("$.line_items[%d]", i)
	}
	text := "This item is out of stock."
	if f.Available != nil && *f.Available > 0 {
		text = fmt.Sprintf("Only %d of this item are in stock.", *f.Available)
	}
	return commerce.ErrorMessage(commerce.CodeOutOfStock, param, commerce.RequiresBuyerReview, text)
}

func addressMessage(f *commerce.Fault) commerce.Message {
	if f.Kind == commerce.NoShipping {
		return commerce.ErrorMessage(commerce.CodeRegionRestricted, paramAddress, commerce.RequiresBuyerInput,
			"The shop does not deliver to this address.")
	}
	param := paramAddress
	if strings.HasPrefix(f.Param, paramAddress) {
		param = f.Param
	}
	return commerce.ErrorMessage(commerce.CodeInvalid, param, commerce.RequiresBuyerInput, "The shop cannot use this address.")
}

func optionGone() commerce.Message {
	return commerce.ErrorMessage(commerce.CodeInvalid, paramSelected, commerce.RequiresBuyerReview,
		"The selected fulfillment option is not offered; another one must be selected.")
}

func priceChanged() commerce.Message {
	return commerce.Message{
		Type: commerce.Warning, Code: commerce.CodePriceChange, Severity: "high", Resolution: commerce.RequiresBuyerReview,
		Param: paramTotals, Content: "The price has changed since it was last shown. Nothing was charged.",
	}
}

func declined(text string) commerce.Message {
	return commerce.ErrorMessage(commerce.CodePaymentDeclined, paramCredential, commerce.RequiresBuyerInput, text)
}

// equalCode compares discount codes as agents do: without case (R:discount_extension section 6.1).
func equalCode(a, b string) bool {
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}
