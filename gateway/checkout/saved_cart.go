package checkout

import (
	"context"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// paramCartID is where a create names a saved cart.
const paramCartID = "$.metadata.cart_id"

// fromCart fills a create that names a saved cart with the cart's lines, and with its buyer and language where the request has none.
// Lines of the request win: the cart is not read then. A cart that is unknown, expired, canceled or somebody else's cannot be told apart.
func (s *Service) fromCart(ctx context.Context, c Call, r *commerce.CreateRequest) error {
	if r.CartID == "" || len(r.Lines) > 0 {
		return nil
	}
	cart, err := s.savedCart(ctx, c.Agent, r.CartID)
	gone := commerce.KindOf(err) == commerce.NotFound
	if err != nil && !gone {
		return err
	}
	ended := !cart.ExpiresAt.IsZero() && !s.clock.Now().Before(cart.ExpiresAt)
	if gone || ended || cart.Canceled || cart.Agent != c.Agent || cart.Shop != c.Shop || len(cart.Cart.Lines) == 0 {
		return &commerce.Fault{
			Kind: commerce.Invalid, Code: commerce.CodeNotFound, Param: paramCartID,
			Message: "there is no cart with this id that can be checked out; send line_items", Err: err,
		}
	}
	for _, l := range cart.Cart.Lines {
		r.Lines = append(r.Lines, commerce.CartLine{ItemID: l.ItemID, Quantity: l.Quantity, Suggested: l.Suggested})
	}
	if r.Buyer == nil {
		r.Buyer = cart.Cart.Buyer
	}
	if r.Locale == "" {
		r.Locale = cart.Cart.Locale
	}
	return nil
}
