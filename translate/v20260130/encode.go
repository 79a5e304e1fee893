package v20260130

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
	"github.com/postern-gateway/postern/translate/write"
	"github.com/postern-gateway/postern/translate/write/rows"
)

// EncodeSession writes the answer to every session operation. A session shows
// its order as soon as it has one. It fails when the quote does not add up,
// because inconsistent money must never be shown ([write.CheckQuote]).
func EncodeSession(s commerce.Session) ([]byte, error) {
	s.MarketingOptions = nil
	s.Quote.Totals = withoutRefunds(s.Quote.Totals)
	out, err := rows.SessionOf(s, Date, write.BrowserAuthenticationOf(s))
	if err != nil {
		return nil, err
	}
	older(out)
	if out.Order = rows.OrderHead(s.Order); out.Order != nil {
		out.Order.Status = orderStatus(s.Order.Status)
	}
	return wire.Marshal(out)
}

// EncodeCompletion writes the answer to complete, which is the session: with
// its order, or without one when it has none, as after a declined payment.
func EncodeCompletion(s commerce.Session) ([]byte, error) { return EncodeSession(s) }

// older takes away what came with 2026-04-17: how a handler is shown, what can
// be done about a message, and the company in an address.
func older(s *rows.Session) {
	for i := range s.Capabilities.Payment.Handlers {
		h := &s.Capabilities.Payment.Handlers[i]
		h.DisplayName, h.DisplayOrder = "", nil
	}
	for i := range s.Messages {
		s.Messages[i].Resolution = ""
	}
	withoutCompany(s.FulfillmentDetails)
	for _, g := range s.FulfillmentGroups {
		withoutCompany(g.FulfillmentDetails)
	}
	for _, o := range s.FulfillmentOptions {
		if o.Location != nil {
			o.Location.Address.Company = ""
		}
	}
}

func withoutCompany(c *write.Contact) {
	if c != nil && c.Address != nil {
		c.Address.Company = ""
	}
}

// withoutRefunds drops the row that came with 2026-04-17.
func withoutRefunds(totals []commerce.Total) []commerce.Total {
	out := make([]commerce.Total, 0, len(totals))
	for _, t := range totals {
		if t.Type != commerce.TotalRefunded {
			out = append(out, t)
		}
	}
	return out
}

// orderStatus maps the open list of 2026-04-17 onto the four words of this
// date; an order of another state, a canceled one above all, shows none.
func orderStatus(s commerce.OrderStatus) string {
	switch s {
	case commerce.OrderConfirmed, commerce.OrderProcessing, commerce.OrderShipped:
		return string(s)
	case commerce.OrderCreated, commerce.OrderManualReview:
		return string(commerce.OrderConfirmed)
	case commerce.OrderCompleted:
		return "delivered"
	case commerce.OrderCanceled:
	}
	return ""
}

// EncodeEvent writes the body of the order webhook.
func EncodeEvent(e commerce.Event) ([]byte, error) { return write.RefundEvent(e) }

// EncodeError writes the body of an error answer. This date's schema has no
// supported_versions, so a problem about the version is told in the newest.
// It fails only on a value that JSON cannot carry.
func EncodeError(p wire.Problem) ([]byte, error) {
	p.SupportedVersions = nil
	return wire.Marshal(p)
}
