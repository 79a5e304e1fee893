package flat

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/write"
)

// Message is a message of these dates.
type Message struct {
	Type        string `json:"type"`
	Code        string `json:"code,omitzero"`
	Param       string `json:"param,omitzero"`
	ContentType string `json:"content_type"`
	Content     string `json:"content"`
}

// Status maps a state onto the words of these dates, with a message for what
// the older word cannot say. authenticates says that the date has the status
// authentication_required and that the answer shows what it needs.
func Status(s commerce.Session, authenticates bool) (string, []commerce.Message) {
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
		if authenticates {
			return string(commerce.AuthenticationRequired), nil
		}
		return string(commerce.NotReady), []commerce.Message{write.MustAuthenticate(s)}
	case commerce.Incomplete:
		return string(commerce.NotReady), []commerce.Message{{
			Type: commerce.Error, Code: commerce.CodeMissing, Content: "The checkout session is not complete yet." + write.Elsewhere(s),
		}}
	case commerce.RequiresEscalation:
		return string(commerce.NotReady), []commerce.Message{{
			Type: commerce.Error, Code: commerce.CodeRequiresSignIn, Content: "The buyer must act in the shop." + write.Elsewhere(s),
		}}
	case commerce.PendingApproval:
		return string(commerce.NotReady), []commerce.Message{{
			Type: commerce.Error, Code: commerce.CodeMissing, Content: "An approval is still missing." + write.Elsewhere(s),
		}}
	default:
		return string(commerce.NotReady), nil
	}
}

// errorCodes maps the error codes of later dates onto the six of these ones.
// What is not listed becomes invalid.
var errorCodes = map[string]string{
	commerce.CodeMissing:         commerce.CodeMissing,
	commerce.CodeInvalid:         commerce.CodeInvalid,
	commerce.CodeOutOfStock:      commerce.CodeOutOfStock,
	commerce.CodePaymentDeclined: commerce.CodePaymentDeclined,
	commerce.CodeRequiresSignIn:  commerce.CodeRequiresSignIn,
	commerce.CodeRequires3DS:     commerce.CodeRequires3DS,

	commerce.CodeLowStock:         commerce.CodeOutOfStock,
	commerce.CodeQuantityExceeded: commerce.CodeOutOfStock,
	"age_verification_required":   commerce.CodeRequiresSignIn,
}

// Messages are the session's messages, those that [Status] added, and what
// later dates show by members of their own: applied discounts, a chosen
// delivery that cannot be shown, and where the buyer can go on. names maps the
// place of a message onto the date's session.
func Messages(s commerce.Session, added []commerce.Message, names Names) []Message {
	out := make([]Message, 0, len(s.Messages)+len(added)+len(s.Quote.Discounts.Applied)+1)
	for _, m := range s.Messages {
		out = append(out, messageOf(m, names))
	}
	for _, m := range added {
		out = append(out, messageOf(m, names))
	}
	for _, d := range s.Quote.Discounts.Applied {
		name := d.Coupon.Name
		if name == "" {
			name = d.Code
		}
		if name != "" {
			out = append(out, info("Discount applied: "+name))
		}
	}
	for _, c := range s.Quote.Choices {
		if o := write.Option(s.Quote, c); o != nil && !Shown(o) {
			out = append(out, info("Chosen delivery: "+o.Title+kinds[o.Type]))
		}
	}
	if there := write.Elsewhere(s); there != "" && len(added) == 0 && !s.Status.Terminal() {
		out = append(out, info("The buyer can go on in the shop."+there))
	}
	return out
}

// kinds say in words what these dates have no type for.
var kinds = map[commerce.FulfillmentType]string{commerce.Pickup: " (pickup)", commerce.LocalDelivery: " (local delivery)"}

func info(content string) Message {
	return Message{Type: string(commerce.Info), ContentType: "plain", Content: write.Plain(content)}
}

// messageOf maps a message down: a warning becomes info with its text kept.
func messageOf(m commerce.Message, names Names) Message {
	out := Message{Type: string(commerce.Info), Param: names.Session(m.Param)}
	out.Content, out.ContentType = write.Content(m)
	if m.Type != commerce.Error {
		return out
	}
	out.Type, out.Code = string(commerce.Error), errorCodes[m.Code]
	if out.Code == "" {
		out.Code = commerce.CodeInvalid
	}
	return out
}
