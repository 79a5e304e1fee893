package v20250929

import (
	"slices"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// statusOf maps a state onto the five of this date, with a message for what
// the older word cannot say.
func statusOf(s commerce.Session) (string, []commerce.Message) {
	switch s.Status {
	case commerce.NotReady, commerce.Ready, commerce.Completed, commerce.Canceled:
		return string(s.Status), nil
	case commerce.CompleteInProgress:
		return "in_progress", nil
	case commerce.Expired:
		return string(commerce.Canceled), []commerce.Message{{
			Type: commerce.Info, Content: "The checkout session has expired. Start a new one to buy.",
		}}
	case commerce.AuthenticationRequired:
		return string(commerce.NotReady), []commerce.Message{{
			Type: commerce.Error, Code: commerce.CodeRequires3DS, Content: "The card holder must authenticate." + elsewhere(s),
		}}
	case commerce.Incomplete:
		return string(commerce.NotReady), []commerce.Message{{
			Type: commerce.Error, Code: commerce.CodeMissing, Content: "The checkout session is not complete yet." + elsewhere(s),
		}}
	case commerce.RequiresEscalation:
		return string(commerce.NotReady), []commerce.Message{{
			Type: commerce.Error, Code: commerce.CodeRequiresSignIn, Content: "The buyer must act in the shop." + elsewhere(s),
		}}
	case commerce.PendingApproval:
		return string(commerce.NotReady), []commerce.Message{{
			Type: commerce.Error, Code: commerce.CodeMissing, Content: "An approval is still missing." + elsewhere(s),
		}}
	default:
		return string(commerce.NotReady), nil
	}
}

// elsewhere tells in words where to go on; this date has no continue_url.
func elsewhere(s commerce.Session) string {
	if s.ContinueURL == "" {
		return ""
	}
	return " Continue at " + s.ContinueURL
}

// errorCodes maps the error codes of later dates onto the six of this one.
// What is not listed becomes invalid.
var errorCodes = map[string]string{
	commerce.CodeMissing:         commerce.CodeMissing,
	commerce.CodeInvalid:         commerce.CodeInvalid,
	commerce.CodeOutOfStock:      commerce.CodeOutOfStock,
	commerce.CodePaymentDeclined: commerce.CodePaymentDeclined,
	commerce.CodeRequiresSignIn:  commerce.CodeRequiresSignIn,
	commerce.CodeRequires3DS:     commerce.CodeRequires3DS,

	"low_stock":                   commerce.CodeOutOfStock,
	commerce.CodeQuantityExceeded: commerce.CodeOutOfStock,
	"age_verification_required":   commerce.CodeRequiresSignIn,
}

// messagesOf maps messages down: a warning becomes info with its text kept,
// and what later dates show as members of their own becomes info too.
func messagesOf(s commerce.Session, added []commerce.Message) []message {
	out := make([]message, 0, len(s.Messages)+len(added))
	for _, m := range append(slices.Clip(s.Messages), added...) {
		out = append(out, messageOf(m))
	}
	for _, d := range s.Quote.Discounts.Applied {
		if name := d.Coupon.Name; name != "" {
			out = append(out, messageOf(commerce.Message{Type: commerce.Info, Content: "Discount applied: " + name}))
		}
	}
	return out
}

func messageOf(m commerce.Message) message {
	out := message{Type: string(commerce.Info), Param: SessionParam(m.Param), ContentType: ContentType(m), Content: m.Content}
	if m.Type != commerce.Error {
		return out
	}
	out.Type, out.Code = string(commerce.Error), errorCodes[m.Code]
	if out.Code == "" {
		out.Code = commerce.CodeInvalid
	}
	return out
}

// ContentType is the wire word for how a message is written.
func ContentType(m commerce.Message) string {
	if m.Markdown {
		return "markdown"
	}
	return "plain"
}
