package rows

import (
	"cmp"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/write"
)

// Cart is the answer to every operation of a cart (spec/2026-04-17 and
// spec/unreleased, json-schema/schema.cart.json, read 2026-11-22): no state, no
// capabilities, no delivery and no payment.
type Cart struct {
	ID          string            `json:"id"`
	LineItems   []Line            `json:"line_items"`
	Buyer       *Buyer            `json:"buyer,omitzero"`
	Currency    commerce.Currency `json:"currency"`
	Totals      []Total           `json:"totals"`
	Messages    []Message         `json:"messages"`
	ContinueURL string            `json:"continue_url,omitzero"`
	ExpiresAt   string            `json:"expires_at,omitzero"`
}

// CartOf writes a cart. It fails when the quote does not add up, because
// inconsistent money must never be shown ([write.CheckQuote]).
func CartOf(c commerce.SavedCart) (*Cart, error) {
	if err := write.CheckQuote(c.Quote); err != nil {
		return nil, err
	}
	return &Cart{
		ID:          c.ID,
		LineItems:   write.Each(c.Quote.Lines, lineOf),
		Buyer:       BuyerOf(c.Cart.Buyer),
		Currency:    cmp.Or(c.Quote.Currency, c.Cart.Currency),
		Totals:      totalsOf(c.Quote.Totals),
		Messages:    write.Each(c.Messages, messageOf),
		ContinueURL: write.URL(c.ContinueURL),
		ExpiresAt:   write.Timestamp(c.ExpiresAt),
	}, nil
}
