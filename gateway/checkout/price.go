package checkout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// priced is what came of asking a shop for a price.
type priced struct {
	quote commerce.Quote // with all that is to be told of it
	// messages are about the wishes that the shop refused one by one; mergeInto adds them to the quote's.
	messages []commerce.Message
	rejected []commerce.RejectedDiscount
}

// maxRelaxations bounds how many refused wishes one pricing sets aside. Each is one more call to the shop.
const maxRelaxations = 8

// priceRequest is a cart to be priced.
type priceRequest struct {
	cart    commerce.Cart
	cartRef string // of the shop's cart; empty for a new one
	// usual is what was selected the last time. Asked for at once, it saves the second call that selecting a default takes.
	usual []commerce.Choice
}

// repricing asks for the present state of a session, in its cart.
func repricing(cs commerce.Session) priceRequest {
	return priceRequest{cart: cs.Cart, cartRef: cs.Quote.CartRef, usual: cs.Quote.Choices}
}

// price asks the shop for the price of the cart. Where a shop refuses a single wish (a code, an address, an option, a line that is
// out of stock), the wish is set aside, the rest is priced, and the session tells what was refused: an agent needs a session to
// repair, not an error. An unknown item is an error of the request. Where the agent has not chosen an option, the cheapest is selected.
//
// An error other than a definite refusal may have left a write in the shop's cart; the caller then forgets the cart (S3).
func (s *Service) price(ctx context.Context, shop *Shop, key string, r priceRequest) (priced, error) {
	var p priced
	ask, cartRef := r.cart, r.cartRef
	guessed := len(ask.Choices) == 0 && len(r.usual) == 1
	if guessed {
		ask.Choices = r.usual
	}
	for range maxRelaxations {
		q, err := shop.Upstream.Quote(ctx, adapters.QuoteRequest{Key: key, CartRef: cartRef, Cart: ask})
		if err != nil {
			f, ok := errors.AsType[*commerce.Fault](err)
			if !ok {
				return p, err
			}
			switch {
			case f.Kind == commerce.CartGone && cartRef != "":
				cartRef = "" // the shop forgot the cart: everything that it held is in ours
			case f.Kind == commerce.OptionGone && guessed:
				guessed, ask.Choices = false, nil
			case !p.setAside(f, r.cart, &ask):
				if f.Kind == commerce.Unexplained {
					s.log.ErrorContext(ctx, "a checkout needs eyes", "alert", "shop_answer_unexplained", "shop", shop.Upstream.Name(),
						"remedy", "teach the adapter what this answer of the shop means", "error", f)
				}
				return p, quoteFault(f, r.cart)
			case len(ask.Lines) == 0: // nothing is left that has a price
				p.quote = commerce.Quote{Currency: r.cart.Currency, CartRef: cartRef, NeedsShipping: true}
				p.mergeInto(r.cart)
				return p, nil
			}
			continue
		}
		if len(r.cart.Choices) == 0 && (guessed || len(q.Choices) == 0) {
			if c, ok := cheapest(q); ok && c.OptionID != ask.OptionID() {
				guessed, ask.Choices, cartRef = true, []commerce.Choice{c}, q.CartRef
				continue
			}
		}
		p.quote = q
		p.mergeInto(r.cart)
		return p, nil
	}
	return p, commerce.Faultf(commerce.Unavailable, "the shop refused too many parts of the cart, one after the other; send fewer lines or codes")
}

// cheapest is the option that is selected when the agent has not chosen one: the cheapest that is offered, the first of equals.
func cheapest(q commerce.Quote) (commerce.Choice, bool) {
	if !q.NeedsShipping || len(q.Options) == 0 {
		return commerce.Choice{}, false
	}
	o := slices.MinFunc(q.Options, func(a, b commerce.FulfillmentOption) int { return cmp.Compare(a.Total, b.Total) })
	return commerce.Choice{Type: o.Type, OptionID: o.ID}, true
}

// setAside takes the wish that f refused out of ask and notes why. It reports false when there is nothing to take out.
func (p *priced) setAside(f *commerce.Fault, cart commerce.Cart, ask *commerce.Cart) bool {
	switch f.Kind {
	case commerce.CouponRejected:
		i := slices.IndexFunc(ask.Codes, func(c string) bool { return equalCode(c, f.Coupon) })
		if i < 0 {
			return false
		}
		p.reject(cart, ask.Codes[i], f)
		ask.Codes = slices.Delete(slices.Clone(ask.Codes), i, i+1)
	case commerce.OutOfStock:
		i := lineOf(f, ask.Lines)
		if i < 0 {
			return false
		}
		p.messages = append(p.messages, outOfStock(f, cart, ask.Lines[i].ID))
		ask.Lines = slices.Delete(slices.Clone(ask.Lines), i, i+1)
	case commerce.AddressRejected, commerce.NoShipping:
		if ask.ShipTo == nil || ask.ShipTo.Address == nil {
			return false
		}
		p.messages = append(p.messages, addressMessage(f))
		contact := *ask.ShipTo
		contact.Address = nil
		ask.ShipTo, ask.Choices = &contact, nil
	case commerce.OptionGone:
		if len(ask.Choices) == 0 {
			return false
		}
		p.messages = append(p.messages, optionGone())
		ask.Choices = nil
	default:
		return false
	}
	return true
}

// mergeInto completes the quote with what was set aside: refused lines stand in the session without a price, because a line must
// never vanish silently.
func (p *priced) mergeInto(cart commerce.Cart) {
	q := &p.quote
	q.Discounts.Codes = cart.Codes
	q.Discounts.Rejected = append(q.Discounts.Rejected, p.rejected...)
	lines := make([]commerce.Line, 0, len(cart.Lines))
	for _, want := range cart.Lines {
		i := slices.IndexFunc(q.Lines, func(l commerce.Line) bool { return l.ID == want.ID })
		if i >= 0 {
			lines = append(lines, q.Lines[i])
			continue
		}
		lines = append(lines, commerce.Line{
			ID: want.ID, ItemID: want.ItemID, Quantity: want.Quantity, Availability: commerce.SoldOut,
		})
	}
	q.Lines = lines
	q.Messages = slices.Concat(q.Messages, p.messages)
	if len(cart.Choices) > 0 {
		for _, c := range cart.Choices {
			if !slices.ContainsFunc(q.Options, func(o commerce.FulfillmentOption) bool { return o.ID == c.OptionID }) &&
				!slices.ContainsFunc(q.Messages, func(m commerce.Message) bool { return m.Param == paramSelected }) {
				q.Messages = append(q.Messages, optionGone())
			}
		}
	}
}

func (p *priced) reject(cart commerce.Cart, code string, f *commerce.Fault) {
	reason := f.Reason
	if !reason.Valid() {
		reason = commerce.DiscountInvalid
	}
	r := commerce.RejectedDiscount{Code: code, Reason: reason, Message: f.Message}
	p.rejected = append(p.rejected, r)
	i := slices.Index(cart.Codes, code)
	p.messages = append(p.messages, commerce.WarningMessage(string(reason), fmt.Sprintf("$.discounts.codes[%d]", i), "The discount code was not accepted."))
}

// lineOf finds the line that a fault names, by line id or by item.
func lineOf(f *commerce.Fault, lines []commerce.CartLine) int {
	return slices.IndexFunc(lines, func(l commerce.CartLine) bool {
		return (f.LineID != "" && l.ID == f.LineID) || (f.LineID == "" && f.Item != "" && l.ItemID == f.Item)
	})
}

// quoteFault is what an agent is told when a cart cannot be priced at all. Only a refusal that the adapter recognised is the request's
// fault, and final; what nobody can explain is between the shop and its adapter, and the same request may succeed later.
func quoteFault(f *commerce.Fault, cart commerce.Cart) error {
	if errors.Is(f, commerce.ErrOverflow) && f.Kind == commerce.Rejected {
		param := "$.line_items"
		if i := lineOf(f, cart.Lines); i >= 0 {
			param = fmt.Sprintf("$.line_items[%d].quantity", i)
		}
		return commerce.Faultf(commerce.Invalid, "the cart costs more than can be charged; lower its quantities").At(param).Because(f)
	}
	switch f.Kind {
	case commerce.ItemUnavailable:
		for i, l := range cart.Lines {
			if l.ID == f.LineID || l.ItemID == f.Item {
				return &commerce.Fault{
					Kind: commerce.Invalid, Code: "invalid_item_id", Param: fmt.Sprintf("$.line_items[%d].item.id", i),
					Message: fmt.Sprintf("the shop does not sell item %q", l.ItemID), Err: f,
				}
			}
		}
		return commerce.Faultf(commerce.Invalid, "the shop does not sell one of the items").At("$.line_items").Because(f)
	case commerce.BuyerRejected:
		return commerce.Faultf(commerce.Invalid, "the shop does not accept this buyer").At("$.buyer").Because(f)
	case commerce.OutOfStock, commerce.CouponRejected, commerce.AddressRejected, commerce.NoShipping, commerce.OptionGone,
		commerce.Unsupported, commerce.Rejected, commerce.PriceChanged:
		// The shop's own words stay in the log: they tell of its insides.
		return commerce.Faultf(commerce.Invalid, "the shop cannot price this cart; change its lines, address or codes").Because(f)
	default:
		return unavailable("ask the shop for a price", f)
	}
}
