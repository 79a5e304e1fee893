package v20250929

import (
	"slices"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
	"github.com/postern-gateway/postern/translate/write"
	"github.com/postern-gateway/postern/translate/write/flat"
)

// returns is this date's word for the return policy.
const returns = "seller_shop_policies"

// names are the members that this date calls by another name than 2026-04-17.
var names = slices.Concat(flat.Names{
	{Newer: "$.fulfillment_details.address", Older: "$.fulfillment_address"},
	{Newer: "$.fulfillment_details", Older: ""},
	{Newer: "$.selected_fulfillment_options", Older: "$.fulfillment_option_id"},
	{Newer: "$.authentication_metadata", Older: ""},
}, flat.Payment)

// EncodeSession writes the answer to create, get, update and cancel. This
// date's session has no order: its schema is closed and shows one in the
// answer to complete only. It fails when the quote does not add up, because
// inconsistent money must never be shown ([write.CheckQuote]).
func EncodeSession(s commerce.Session) ([]byte, error) {
	return encode(s, nil)
}

// EncodeCompletion writes the answer to complete: the session with its order,
// or without one when it has none, as after a declined payment. It fails as
// [EncodeSession] does.
func EncodeCompletion(s commerce.Session) ([]byte, error) {
	return encode(s, flat.OrderOf(s.Order))
}

func encode(s commerce.Session, placed *flat.Order) ([]byte, error) {
	if err := write.CheckQuote(s.Quote); err != nil {
		return nil, err
	}
	status, added := flat.Status(s, false)
	out := session{
		ID:                  s.ID,
		Buyer:               flat.BuyerOf(s.Cart.Buyer),
		PaymentProvider:     providerOf(s.Handlers),
		Status:              status,
		Currency:            string(s.Currency),
		LineItems:           write.Each(s.Quote.Lines, flat.LineOf),
		FulfillmentOptions:  flat.NumberedOptions(s.Quote.Options),
		FulfillmentOptionID: flat.Whole(s.Quote),
		Totals:              write.Each(flat.Fold(s.Quote.Totals), totalOf),
		Messages:            flat.Messages(s, added, names),
		Links:               flat.LinksOf(s.Links, returns),
		Order:               placed,
	}
	if s.Cart.ShipTo != nil {
		out.FulfillmentAddress = write.AddressOf(s.Cart.ShipTo.Address)
	}
	return wire.Marshal(out)
}

// providerOf shows the card handler of Stripe as this date's payment
// provider. Without one the member is left out: nothing else can be said here.
func providerOf(handlers []commerce.PaymentHandler) *paymentProvider {
	if _, ok := flat.Card(handlers); !ok {
		return nil
	}
	return &paymentProvider{Provider: "stripe", SupportedPaymentMethods: []string{"card"}}
}

func totalOf(t commerce.Total) total {
	return total{Type: string(t.Type), DisplayText: t.DisplayText, Amount: t.Amount}
}

// EncodeEvent writes the body of the order webhook.
func EncodeEvent(e commerce.Event) ([]byte, error) { return write.RefundEvent(e) }

// EncodeError writes the body of an error answer. This date's schema has no
// supported_versions, so a problem about the version is told in the newest.
// It fails only on a value that JSON cannot carry.
func EncodeError(p wire.Problem) ([]byte, error) {
	p.SupportedVersions = nil
	if !p.AsSent {
		p.Param = names.Request(p.Param)
	}
	return wire.Marshal(p)
}
