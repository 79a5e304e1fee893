package declarative

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// errorCodes and warningCodes are what a shop may say by its messages (2026-04-17, MessageError and MessageWarning, read 2026-11-22).
// What is left out is said by Postern alone: declined payments, card holder authentication and limits of traffic.
var (
	errorCodes = []string{
		commerce.CodeMissing, commerce.CodeInvalid, commerce.CodeOutOfStock, commerce.CodeRequiresSignIn, commerce.CodeLowStock,
		commerce.CodeQuantityExceeded, commerce.CodeCouponInvalid, commerce.CodeCouponExpired, commerce.CodeMinimumNotMet, "maximum_exceeded",
		commerce.CodeRegionRestricted, commerce.CodeAgeVerification, commerce.CodeApprovalRequired, commerce.CodeUnsupported,
		commerce.CodeNotFound, commerce.CodeConflict, "expired",
	}
	warningCodes = []string{
		commerce.CodeLowStock, "high_demand", "shipping_delay", commerce.CodePriceChange, "expiring_promotion", commerce.CodeLimitedAvailability,
	}
	severities = []string{"info", "low", "medium", "high", "critical"}
)

// needPerson are the errors that an agent cannot repair by asking the buyer for a value: the buyer goes on in the shop.
var needPerson = []string{commerce.CodeRequiresSignIn, commerce.CodeAgeVerification, commerce.CodeApprovalRequired}

// resultMessage is a message of a result. line is the id of the line that it points at, whose place is known only in the session.
type resultMessage struct {
	message commerce.Message
	line    string
}

// readMessage reads what a shop has to say. Its text is never markup.
func readMessage(o object, cart commerce.Cart) resultMessage {
	m := commerce.Message{
		Type: commerce.MessageType(o.oneOf("type", "info", "warning", "error")), Code: o.text("code"), Param: o.text("param"),
		Content: o.requiredWords("content"), Severity: o.oneOf("severity", severities...),
		Resolution: commerce.Resolution(o.oneOf("resolution", "recoverable", "requires_buyer_input", "requires_buyer_review")),
	}
	if m.Type == "" {
		m.Type = commerce.Info
	}
	switch {
	case m.Type == commerce.Error && !slices.Contains(errorCodes, m.Code):
		o.fail("code", "of an error wants one of "+strings.Join(errorCodes, ", "))
	case m.Type == commerce.Warning && !slices.Contains(warningCodes, m.Code) && !commerce.DiscountReason(m.Code).Valid():
		o.fail("code", "of a warning wants one of "+strings.Join(warningCodes, ", ")+", or a reason of a discount code")
	}
	switch {
	case m.Type != commerce.Error && m.Resolution != "":
		o.fail("resolution", "belongs to errors only")
	case m.Type == commerce.Error && m.Resolution == "" && slices.Contains(needPerson, m.Code):
		m.Resolution = commerce.RequiresBuyerReview
	case m.Type == commerce.Error && m.Resolution == "":
		m.Resolution = commerce.RequiresBuyerInput
	}
	if m.Severity == "" {
		m.Severity = map[commerce.MessageType]string{commerce.Error: "high", commerce.Warning: "medium"}[m.Type]
	}
	line := messageLine(o, m.Param, cart)
	o.done()
	return resultMessage{m, line}
}

// messageLine is the line that a message points at, by its id or its item; empty where it has a path, or points at nothing.
func messageLine(o object, param string, cart commerce.Cart) string {
	line, item := o.text("line"), o.text("item")
	if param != "" && !strings.HasPrefix(param, "$") {
		o.fail("param", "wants a path that starts with $")
	}
	if line == "" && item == "" {
		return ""
	}
	if param != "" {
		o.fail("param", "stands beside a line or an item: say one of them")
	}
	at := slices.IndexFunc(cart.Lines, func(l commerce.CartLine) bool { return l.ID == line || (line == "" && l.ItemID == item) })
	if at < 0 {
		o.fail("line", "is no line of the session: give the id of one of $in.lines, or item")
		return ""
	}
	return cart.Lines[at].ID
}
