package stripepay

import (
	"context"
	"errors"
	"regexp"
	"time"

	"github.com/stripe/stripe-go/v82"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
)

var _ payment.Vault = (*Processor)(nil)

// maxSaved is how many saved cards are shown. A buyer with more chooses among the newest.
const maxSaved = 10

var (
	customerForm = regexp.MustCompile(`^cus_[A-Za-z0-9]{1,251}$`)
	methodForm   = regexp.MustCompile(`^(pm|card)_[A-Za-z0-9_]{1,250}$`)
)

// SavedCards reads the customer's cards that may be shown again (allow_redisplay=always). Source: docs.stripe.com, payments for existing
// customers, and the API reference of customers' payment methods, read 2026-11-22.
func (p *Processor) SavedCards(ctx context.Context, t payment.Terms, customer string) ([]commerce.SavedCard, error) {
	c := call{what: "list the saved cards of a customer", reads: true}
	if !customerForm.MatchString(customer) || p.settings.ReturnURL == "" {
		return nil, nil
	}
	if err := p.frozen(c, t); err != nil {
		return nil, err
	}
	params := &stripe.CustomerListPaymentMethodsParams{AllowRedisplay: stripe.String("always"), Type: stripe.String("card")}
	methods, _, err := readPage[*stripe.PaymentMethod](ctx, p, c, stripe.FormatURLPath("/v1/customers/%s/payment_methods", customer), params, "")
	if err != nil {
		if absent(err) {
			return nil, nil
		}
		return nil, err
	}
	now := p.clock.Now()
	var cards []commerce.SavedCard
	for _, m := range methods {
		if m.Card == nil || m.AllowRedisplay != stripe.PaymentMethodAllowRedisplayAlways || !methodForm.MatchString(m.ID) || expired(m.Card, now) {
			continue
		}
		if cards = append(cards, commerce.SavedCard{
			Customer: customer, Method: m.ID, Brand: string(m.Card.Brand), LastFour: m.Card.Last4,
		}); len(cards) == maxSaved {
			break
		}
	}
	return cards, nil
}

// absent reports that Stripe surely has no such object.
func absent(err error) bool {
	e, ok := errors.AsType[*payment.Error](err)
	return ok && e.Kind == payment.Refused && e.Code == string(stripe.ErrorCodeResourceMissing)
}

// expired reports whether the last day of the card's last month is over.
func expired(c *stripe.PaymentMethodCard, now time.Time) bool {
	return !now.Before(time.Date(int(c.ExpYear), time.Month(c.ExpMonth)+1, 1, 0, 0, 0, 0, time.UTC))
}

// payWithSaved makes params charge a saved card. The buyer is there (on-session), but not here: an intent that asks for them is refused
// by error_on_requires_action, and the return address is what Stripe wants of an account whose dashboard offers redirects.
func payWithSaved(c call, params *stripe.PaymentIntentCreateParams, r payment.AuthorizeRequest) error {
	if !customerForm.MatchString(r.Saved.Customer) || !methodForm.MatchString(r.Saved.Method) || r.Terms.ReturnURL == "" || r.Token != "" {
		return &payment.Error{
			Kind: payment.Refused, Code: "saved_card_invalid", Message: c.what + ": a saved card needs a customer, a method and a return address, and no token",
		}
	}
	params.Customer = stripe.String(r.Saved.Customer)
	params.PaymentMethod = stripe.String(r.Saved.Method)
	params.ReturnURL = stripe.String(r.Terms.ReturnURL)
	return nil
}
