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
	cs.Messages = graded(slices.Concat(q.Messages, missing(*cs), extra))
	cs.Status = standing(*cs)
}

// standing is the state of an open session by what stands in the way of paying, the gravest first:
//
//   - requires_escalation: the shop wants a sign-in or a proof of age, which a buyer can only do at the shop;
//   - pending_approval: somebody must approve of the purchase first;
//   - incomplete: a session that was never priced, because the shop wants more of the buyer before it can. It is a first state only: a
//     session that had a price once, or that anything else stands in the way of, is not_ready_for_payment;
//   - not_ready_for_payment: anything that an agent or buyer can repair here;
//   - ready_for_payment.
//
// The order is that of the readiness conditions of the protocol (R:agentic_checkout section 2.2, read 2026-11-22).
func standing(cs commerce.Session) commerce.Status {
	has := func(is func(commerce.Message) bool) bool { return slices.ContainsFunc(cs.Messages, is) }
	unpriced := len(cs.Quote.Totals) == 0
	switch {
	case has(func(m commerce.Message) bool {
		return m.Type == commerce.Error && (m.Code == commerce.CodeRequiresSignIn || m.Code == commerce.CodeAgeVerification)
	}):
		return commerce.RequiresEscalation
	case has(func(m commerce.Message) bool {
		return m.Type == commerce.Error && m.Code == commerce.CodeApprovalRequired
	}):
		return commerce.PendingApproval
	case unpriced && (cs.Status == "" || cs.Status == commerce.Incomplete) &&
		!has(func(m commerce.Message) bool { return m.Blocks() && m.Code != commerce.CodeMissing }):
		return commerce.Incomplete
	case unpriced || has(commerce.Message.Blocks):
		return commerce.NotReady
	default:
		return commerce.Ready
	}
}

// graded gives every message its severity and every error its resolution. The three codes that only a person at the shop can resolve are
// errors whatever the shop calls them: nothing is paid past them.
func graded(messages []commerce.Message) []commerce.Message {
	for i := range messages {
		m := &messages[i]
		resolution := commerce.RequiresBuyerReview
		switch m.Code {
		case commerce.CodeRequiresSignIn, commerce.CodeAgeVerification:
			m.Type, resolution = commerce.Error, commerce.RequiresBuyerInput
		case commerce.CodeApprovalRequired:
			m.Type = commerce.Error
		case commerce.CodeMissing, commerce.CodePaymentDeclined, commerce.CodeRegionRestricted, commerce.CodeInterventionRequired:
			resolution = commerce.RequiresBuyerInput
		case commerce.CodeInvalid, commerce.CodeConflict, commerce.CodeNotFound, commerce.CodeUnsupported:
			resolution = commerce.Recoverable
		}
		severity := "info"
		switch m.Type {
		case commerce.Error:
			severity = "high"
			if m.Resolution == "" {
				m.Resolution = resolution
			}
		case commerce.Warning:
			severity = "medium"
		case commerce.Info:
		}
		if m.Severity == "" {
			m.Severity = severity
		}
	}
	return messages
}

// missing lists what the agent has still to send, in the order in which it can be repaired.
func missing(cs commerce.Session) []commerce.Message {
	var m []commerce.Message
	if cs.Quote.NeedsShipping {
		m = undelivered(cs.Quote, cs.Cart)
	}
	if cs.Cart.Email() == "" {
		m = append(m, commerce.ErrorMessage(commerce.CodeMissing, paramEmail, commerce.RequiresBuyerInput,
			"The buyer's e-mail address is needed."))
	}
	return append(m, unmet(cs)...)
}

// undelivered lists what is missing for every line that needs delivery to have one: an address, unless it is fetched or sent as data,
// and a selected option that covers it.
func undelivered(q commerce.Quote, cart commerce.Cart) (m []commerce.Message) {
	said := func(param string) bool {
		return slices.ContainsFunc(q.Messages, func(m commerce.Message) bool { return strings.HasPrefix(m.Param, param) })
	}
	open := uncovered(q, cart)
	lost := slices.DeleteFunc(slices.Clone(open), func(id string) bool { // no option delivers them
		return slices.ContainsFunc(q.Options, func(o commerce.FulfillmentOption) bool { return delivers(o, id) })
	})
	nowhere := addressless(q, cart)
	switch {
	case nowhere:
		m = append(m, commerce.ErrorMessage(commerce.CodeMissing, paramAddress, commerce.RequiresBuyerInput,
			"A delivery address is needed."))
	case len(q.Options) == 0 && !said(paramAddress) && len(q.Totals) > 0:
		m = append(m, commerce.ErrorMessage(commerce.CodeRegionRestricted, paramAddress, commerce.RequiresBuyerInput,
			"The shop does not deliver to this address."))
	}
	if len(q.Options) == 0 {
		return m
	}
	if len(open) > len(lost) {
		m = append(m, commerce.ErrorMessage(commerce.CodeMissing, paramSelected, commerce.RequiresBuyerInput,
			"A fulfillment option must be selected."))
	}
	if nowhere {
		return m // with an address, more may be offered
	}
	for _, id := range lost {
		param := fmt.Sprintf("%s%d]", paramLines, slices.IndexFunc(cart.Lines, func(l commerce.CartLine) bool { return l.ID == id }))
		if !said(param) {
			m = append(m, commerce.ErrorMessage(commerce.CodeRegionRestricted, param, commerce.RequiresBuyerReview,
				"None of the fulfillment options can deliver this item to this address."))
		}
	}
	return m
}

// addressless reports whether something is to be sent and it is not known where to. What is fetched or sent as data needs no address;
// before anything is selected, an address is what the options rest on. So it is with lines that the shop could not price.
func addressless(q commerce.Quote, cart commerce.Cart) bool {
	covered := named(q.Choices, q, cart)
	for _, l := range cart.Lines {
		if i := slices.IndexFunc(q.Lines, func(p commerce.Line) bool { return p.ID == l.ID }); i >= 0 && q.Lines[i].NoDelivery {
			continue
		}
		i := slices.IndexFunc(covered, func(c commerce.Choice) bool { return slices.Contains(c.LineIDs, l.ID) })
		sent := i < 0 || covered[i].Type == commerce.Shipping || covered[i].Type == commerce.LocalDelivery || covered[i].Type == ""
		if sent && !addressed(cart, l.ID) {
			return true
		}
	}
	return false
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

// undeliverable is about a selected option that cannot deliver a line that it is selected for.
func undeliverable() commerce.Message {
	return commerce.ErrorMessage(commerce.CodeInvalid, paramSelected, commerce.RequiresBuyerReview,
		"The selected fulfillment option cannot deliver every item that it is selected for.")
}

func priceChanged() commerce.Message {
	return commerce.Message{
		Type: commerce.Warning, Code: commerce.CodePriceChange, Severity: "high", Resolution: commerce.RequiresBuyerReview,
		Param: paramTotals, Content: "The price has changed since it was last shown. Nothing was charged.",
	}
}

// deliveryChanged is about a default that the shop has withdrawn: another option stands in its place, which nobody has seen.
func deliveryChanged() commerce.Message {
	return commerce.Message{
		Type: commerce.Warning, Code: commerce.CodeLimitedAvailability, Severity: "high", Resolution: commerce.RequiresBuyerReview,
		Param: paramSelected, Content: "The fulfillment option that was shown is not offered any more, and another one is selected. Nothing was charged.",
	}
}

func declined(text string) commerce.Message {
	return commerce.ErrorMessage(commerce.CodePaymentDeclined, paramCredential, commerce.RequiresBuyerInput, text)
}

// otherPrice is about line i, whose price is not the one that the agent saw in a feed. A suggestion is never honoured: what the shop says
// is what is charged (C:VU/suggested-pricing, read 2026-11-22).
func otherPrice(i int) commerce.Message {
	return commerce.WarningMessage(commerce.CodePriceChange, fmt.Sprintf("%s%d].unit_amount", paramLines, i),
		"The shop's price of this item is not the suggested one.")
}
