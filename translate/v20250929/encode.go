package v20250929

import (
	"strings"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// EncodeSession writes the answer to create, get, update and cancel. This
// date's session has no order: its schema is closed and shows one in the
// answer to complete only. It fails when the quote does not add up, because
// inconsistent money must never be shown ([CheckQuote]).
func EncodeSession(s commerce.Session) ([]byte, error) {
	return encode(s, nil)
}

// EncodeCompletion writes the answer to complete: the session with its order,
// or without one when it has none, as after a declined payment. It fails as
// [EncodeSession] does.
func EncodeCompletion(s commerce.Session) ([]byte, error) {
	if s.Order == nil {
		return encode(s, nil)
	}
	return encode(s, &order{ID: s.Order.ID, CheckoutSessionID: s.Order.SessionID, PermalinkURL: s.Order.PermalinkURL})
}

func encode(s commerce.Session, placed *order) ([]byte, error) {
	if err := CheckQuote(s.Quote); err != nil {
		return nil, err
	}
	options := optionsOf(s.Quote.Options)
	status, added := statusOf(s)
	return wire.Marshal(session{
		ID:                  s.ID,
		Buyer:               buyerOf(s.Cart.Buyer),
		PaymentProvider:     providerOf(s.Handlers),
		Status:              status,
		Currency:            string(s.Currency),
		LineItems:           linesOf(s.Quote.Lines),
		FulfillmentAddress:  addressOf(s.Cart.ShipTo),
		FulfillmentOptions:  options,
		FulfillmentOptionID: selected(s.Quote, options),
		Totals:              totalsOf(s.Quote.Totals),
		Messages:            messagesOf(s, added),
		Links:               linksOf(s.Links),
		Order:               placed,
	})
}

// buyerOf shows a buyer only whole: this date requires both names and the
// e-mail address, so a buyer without any name is left out and a single name
// stands as the first.
func buyerOf(b *commerce.Buyer) *buyer {
	if b == nil || b.Email == "" || b.Name() == "" {
		return nil
	}
	out := buyer{FirstName: b.FirstName, LastName: b.LastName, Email: b.Email, PhoneNumber: b.Phone}
	if out.FirstName == "" || out.LastName == "" {
		out.FirstName, out.LastName = splitName(b.Name())
	}
	return &out
}

// splitName takes the last word as the last name. It is a guess that only
// this date asks for; shops get the name as it was sent.
func splitName(full string) (first, last string) {
	words := strings.Fields(full)
	if len(words) < 2 {
		return strings.TrimSpace(full), ""
	}
	return strings.Join(words[:len(words)-1], " "), words[len(words)-1]
}

// providerOf shows the card handler of Stripe as this date's payment
// provider. Without one the member is left out: nothing else can be said here.
func providerOf(handlers []commerce.PaymentHandler) *paymentProvider {
	for _, h := range handlers {
		if h.PSP == provider {
			return &paymentProvider{Provider: provider, SupportedPaymentMethods: []string{"card"}}
		}
	}
	return nil
}

func linesOf(lines []commerce.Line) []lineItem {
	out := make([]lineItem, len(lines))
	for i, l := range lines {
		out[i] = lineItem{
			ID:         l.ID,
			Item:       item{ID: l.ItemID, Quantity: l.Quantity},
			BaseAmount: l.Base, Discount: l.Discount, Subtotal: l.Subtotal, Tax: l.Tax, Total: l.Total,
		}
	}
	return out
}

// addressOf fills the parts that the schema requires and a country may lack.
func addressOf(c *commerce.Contact) *address {
	if c == nil || c.Address == nil {
		return nil
	}
	a := c.Address
	return &address{
		Name: a.Name, LineOne: a.LineOne, LineTwo: a.LineTwo, City: a.City, State: a.State, Country: a.Country, PostalCode: a.PostalCode,
	}
}

// optionsOf leaves out pickup and local delivery, which this date cannot say.
func optionsOf(options []commerce.FulfillmentOption) []option {
	out := make([]option, 0, len(options))
	for _, o := range options {
		shown := option{
			Type: string(o.Type), ID: o.ID, Title: o.Title, Subtitle: o.Description, Subtotal: o.Subtotal, Tax: o.Tax, Total: o.Total,
		}
		switch o.Type {
		case commerce.Shipping:
			shown.Carrier = o.Carrier
			shown.EarliestDeliveryTime, shown.LatestDeliveryTime = Timestamp(o.Delivery.Earliest), Timestamp(o.Delivery.Latest)
		case commerce.Digital:
		case commerce.Pickup, commerce.LocalDelivery:
			continue
		default:
			shown.Type = string(commerce.Shipping)
		}
		out = append(out, shown)
	}
	return out
}

// selected is the chosen option when it covers every line and is shown; this
// date can name no other choice.
func selected(q commerce.Quote, shown []option) string {
	if len(q.Choices) != 1 {
		return ""
	}
	choice := q.Choices[0]
	if len(choice.LineIDs) > 0 {
		covered := make(map[string]bool, len(choice.LineIDs))
		for _, id := range choice.LineIDs {
			covered[id] = true
		}
		for _, l := range q.Lines {
			if !covered[l.ID] {
				return ""
			}
		}
	}
	for _, o := range shown {
		if o.ID == choice.OptionID {
			return o.ID
		}
	}
	return ""
}

// linksOf keeps the types that this date knows. Its seller_shop_policies is
// the return_policy of later dates.
func linksOf(links []commerce.Link) []link {
	out := make([]link, 0, len(links))
	for _, l := range links {
		switch l.Type {
		case commerce.TermsOfUse, commerce.PrivacyPolicy:
			out = append(out, link{Type: string(l.Type), URL: l.URL})
		case commerce.ReturnPolicy:
			out = append(out, link{Type: "seller_shop_policies", URL: l.URL})
		case commerce.ShippingPolicy, commerce.ContactUs, commerce.AboutUs, commerce.FAQ, commerce.Support:
		}
	}
	return out
}

// Timestamp is t in RFC 3339 and UTC, or empty for the zero time.
func Timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
