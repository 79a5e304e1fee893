package flat

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/write"
)

// stripe is the one payment provider that these dates know.
const stripe = "stripe"

// Card is the handler that can be shown as the payment provider of these
// dates: the first one of Stripe. False means that nothing can be said, and
// the member is left out.
func Card(handlers []commerce.PaymentHandler) (commerce.PaymentHandler, bool) {
	for _, h := range handlers {
		if h.PSP == stripe {
			return h, true
		}
	}
	return commerce.PaymentHandler{}, false
}

// PaymentProvider is who takes the payment, with methods as objects, of
// 2025-12-12 and 2026-01-16. MerchantID stands in the latter only, where it is
// required.
type PaymentProvider struct {
	Provider                string          `json:"provider"`
	MerchantID              string          `json:"merchant_id,omitzero"`
	SupportedPaymentMethods []PaymentMethod `json:"supported_payment_methods"`
}

// PaymentMethod is a way to pay with its card networks.
type PaymentMethod struct {
	Type                  string   `json:"type"`
	SupportedCardNetworks []string `json:"supported_card_networks"`
}

// networks are the closed list of card networks.
var networks = []string{"amex", "discover", "mastercard", "visa"}

// ProviderOf is the provider without a merchant, or nil. A handler that names
// no brands takes them all.
func ProviderOf(handlers []commerce.PaymentHandler) *PaymentProvider {
	h, ok := Card(handlers)
	if !ok {
		return nil
	}
	taken := networks
	if len(h.CardBrands) > 0 {
		taken = write.Known(h.CardBrands, networks...)
	}
	return &PaymentProvider{Provider: stripe, SupportedPaymentMethods: []PaymentMethod{{Type: "card", SupportedCardNetworks: taken}}}
}

// Link is an address of the shop.
type Link struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

// LinksOf keeps the types that these dates know, and calls the return policy
// by the date's word for it.
func LinksOf(links []commerce.Link, returns string) []Link {
	out := make([]Link, 0, len(links))
	for _, l := range links {
		if write.URL(l.URL) == "" {
			continue
		}
		switch l.Type {
		case commerce.TermsOfUse, commerce.PrivacyPolicy:
			out = append(out, Link{Type: string(l.Type), URL: l.URL})
		case commerce.ReturnPolicy:
			out = append(out, Link{Type: returns, URL: l.URL})
		case commerce.ShippingPolicy, commerce.ContactUs, commerce.AboutUs, commerce.FAQ, commerce.Support:
		}
	}
	return out
}

// Order is an order by its three members.
type Order struct {
	ID                string `json:"id"`
	CheckoutSessionID string `json:"checkout_session_id"`
	PermalinkURL      string `json:"permalink_url"`
}

// OrderOf shows an order; nil where there is none.
func OrderOf(o *commerce.Order) *Order {
	if o == nil {
		return nil
	}
	return &Order{ID: o.ID, CheckoutSessionID: o.SessionID, PermalinkURL: o.PermalinkURL}
}
