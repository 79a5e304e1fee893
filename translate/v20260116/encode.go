package v20260116

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
		PaymentProvider:            providerOf(s.Handlers),
		AuthenticationProvider:     authenticatorOf(s.AuthenticationProvider),
		Status:                     status,
		Currency:                   string(s.Currency),
		LineItems:                  write.Each(s.Quote.Lines, flat.ProductLineOf),
		FulfillmentDetails:         write.ContactOf(s.Cart.ShipTo),
		FulfillmentOptions:         optionsOf(s.Quote.Options),
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

// providerOf adds the merchant, whom this date requires.
func providerOf(handlers []commerce.PaymentHandler) *flat.PaymentProvider {
	out := flat.ProviderOf(handlers)
	if out == nil {
		return nil
	}
	h, _ := flat.Card(handlers)
	if h.MerchantID == "" {
		return nil
	}
	out.MerchantID = h.MerchantID
	return out
}

// authenticatorOf shows who may authenticate the card holder, when it is one
// of the two that the schema knows.
func authenticatorOf(p *commerce.AuthenticationProvider) *authenticationProvider {
	if p == nil || write.OneOf(p.Provider, "stripe", "adyen") == "" || p.MerchantID == "" {
		return nil
	}
	return &authenticationProvider{Provider: p.Provider, MerchantID: p.MerchantID, Methods: write.Known(p.Methods, "3ds")}
}

func optionsOf(options []commerce.FulfillmentOption) []option {
	out := make([]option, 0, len(options))
	for i := range options {
		if o := &options[i]; flat.Shown(o) {
			shown := option{Option: flat.OptionOf(o), Totals: write.Each(flat.Fold(write.OptionRows(*o)), flat.TotalOf)}
			shown.Description = write.Plain(o.Description)
			out = append(out, shown)
		}
	}
	return out
}

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
