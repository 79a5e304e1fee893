package v20251212

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
	"github.com/postern-gateway/postern/translate/write"
	"github.com/postern-gateway/postern/translate/write/flat"
)

// EncodeSession writes the answer to every session operation. A session shows
// its order as soon as it has one. It fails when the quote does not add up,
// because inconsistent money must never be shown ([write.CheckQuote]).
func EncodeSession(s commerce.Session) ([]byte, error) {
	if err := write.CheckQuote(s.Quote); err != nil {
		return nil, err
	}
	authentication := write.BrowserAuthenticationOf(s)
	status, added := flat.Status(s, authentication != nil)
	return wire.Marshal(session{
		ID:                         s.ID,
		Buyer:                      flat.BuyerOf(s.Cart.Buyer),
		PaymentProvider:            flat.ProviderOf(s.Handlers),
		Status:                     status,
		Currency:                   string(s.Currency),
		LineItems:                  write.Each(s.Quote.Lines, flat.ProductLineOf),
		FulfillmentDetails:         write.ContactOf(s.Cart.ShipTo),
		FulfillmentOptions:         flat.NumberedOptions(s.Quote.Options),
		SelectedFulfillmentOptions: flat.SelectionsOf(s.Quote),
		Totals:                     write.Each(flat.Fold(s.Quote.Totals), flat.TotalOf),
		Messages:                   flat.Messages(s, added, flat.Payment),
		Links:                      flat.LinksOf(s.Links, string(commerce.ReturnPolicy)),
		AuthenticationMetadata:     authentication,
		Order:                      flat.OrderOf(s.Order),
	})
}

// EncodeCompletion writes the answer to complete, which is the session: with
// its order, or without one when it has none, as after a declined payment.
func EncodeCompletion(s commerce.Session) ([]byte, error) { return EncodeSession(s) }

// EncodeEvent writes the body of the order webhook.
func EncodeEvent(e commerce.Event) ([]byte, error) { return write.RefundEvent(e) }

// EncodeError writes the body of an error answer. This date's schema has no
// supported_versions, so a problem about the version is told in the newest.
// It fails only on a value that JSON cannot carry.
func EncodeError(p wire.Problem) ([]byte, error) {
	p.SupportedVersions = nil
	if !p.AsSent {
		p.Param = flat.Payment.Request(p.Param)
	}
	return wire.Marshal(p)
}
