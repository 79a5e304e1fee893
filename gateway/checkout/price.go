package checkout

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/upstream"
)

// priced is what came of asking a shop for a price.
type priced struct {
	quote commerce.Quote // with all that is to be told of it
	// kept are the agent's choices that the shop offers.
	kept []commerce.Choice
	// messages are about the wishes that the shop refused one by one; mergeInto adds them to the quote's.
	messages []commerce.Message
	rejected []commerce.RejectedDiscount
}

// maxRelaxations bounds how often one pricing asks the shop again, for a refused wish that is set aside or for another selection. It is
// more than a shop needs that refuses the most codes of a session one by one.
const maxRelaxations = commerce.MaxCodes + 6

// priceRequest is a cart to be priced.
type priceRequest struct {
	cart    commerce.Cart
	cartRef string // of the shop's cart; empty for a new one
	// usual is what was selected the last time. Asked for at once, it saves the second call that selecting takes.
	usual []commerce.Choice
	// chosen says that the choices of the cart came with this request.
	chosen bool
}

// repricing asks for the present state of a session, in its cart.
func repricing(cs commerce.Session) priceRequest {
	return priceRequest{cart: cs.Cart, cartRef: cs.Quote.CartRef, usual: cs.Quote.Choices}
}

// firstChoices is what to select before the shop's options are known.
func (r priceRequest) firstChoices(split bool) []commerce.Choice {
	wishes := r.cart.Choices
	switch {
	case !split && len(wishes) == 0 && len(r.usual) == 1:
		return r.usual
	case split && !r.chosen && len(r.usual) > 0:
		return ofLines(r.usual, r.cart.Lines)
	case split && len(wishes) > 1 && slices.ContainsFunc(wishes, func(c commerce.Choice) bool { return len(c.LineIDs) == 0 }):
		return nil // which lines each means, only the options say
	default:
		return together(wishes)
	}
}

// together makes one choice of all those of an option.
func together(choices []commerce.Choice) []commerce.Choice {
	var out []commerce.Choice
	for _, c := range choices {
		if i := slices.IndexFunc(out, func(o commerce.Choice) bool { return o.OptionID == c.OptionID }); i >= 0 {
			out[i].LineIDs = slices.Concat(out[i].LineIDs, c.LineIDs)
		} else {
			out = append(out, c)
		}
	}
	return out
}

// price asks the shop for the price of the cart. Where a shop refuses a single wish (a code, an address, an option, a line that is
// out of stock), the wish is set aside, the rest is priced, and the session tells what was refused: an agent needs a session to
// repair, not an error. An unknown item is an error of the request, and so are two options for one line. Where the agent has not
// chosen, the default of [byDefault] is selected.
//
// An error other than a definite refusal may have left a write in the shop's cart; the caller then forgets the cart (S3). With a refusal
// of the choices the quote names the cart that was asked of the shop.
func (s *Service) price(ctx context.Context, shop *Shop, key string, r priceRequest) (priced, error) {
	var p priced
	facts := shop.Upstream.Facts()
	ask, cartRef := r.cart, r.cartRef
	if facts.NoCodes {
		p.rejectAll(&ask)
	}
	ask.Choices = r.firstChoices(facts.Split)
	looked, deaf := false, false // the options were seen; the shop takes no choice at all
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
			case f.Kind == commerce.OptionGone && !looked && len(ask.Choices) > 0:
				ask.Choices = nil // what is offered says which of the choices is meant
			case !p.setAside(f, r.cart, &ask):
				if f.Kind == commerce.Unexplained {
					s.log.ErrorContext(ctx, "a checkout needs eyes", "alert", "shop_answer_unexplained", "shop", shop.Upstream.Name(),
						"remedy", "teach the adapter what this answer of the shop means", "error", f)
				}
				return p, upstream.Refusal(f, r.cart)
			case len(ask.Lines) == 0: // nothing is left that has a price
				p.quote = commerce.Quote{Currency: r.cart.Currency, CartRef: cartRef, NeedsShipping: true}
				if len(r.cart.Choices) > 0 {
					p.messages = append(p.messages, optionGone())
				}
				p.mergeInto(r.cart, ask)
				return p, nil
			default:
				deaf = deaf || f.Kind == commerce.OptionGone
			}
			continue
		}
		var sel selection
		if !deaf {
			if sel, err = selects(q, r.cart, facts.Split, r.chosen); err != nil {
				p.quote = q
				return p, err
			}
			if !settled(q, r.cart, ask.Choices, sel.ask, facts.Split) {
				ask.Choices, cartRef, looked = sel.ask, q.CartRef, true
				continue
			}
		}
		if facts.Split {
			q.Choices = named(q.Choices, q, r.cart)
		}
		p.quote, p.kept = q, sel.kept
		p.messages = append(p.messages, sel.messages...)
		if len(sel.kept) > 0 && len(sel.messages) == 0 && overheard(sel.ask, q, facts.Split) {
			p.messages = append(p.messages, optionGone())
		}
		p.mergeInto(r.cart, ask)
		return p, nil
	}
	return p, commerce.Faultf(commerce.Unavailable, "the shop refused too many parts of the cart, one after the other; send fewer lines or codes")
}

// overheard reports whether a shop took a selection without a word and priced another one for the same lines. What it selects beside, for
// lines that are left open, is its own matter.
func overheard(asked []commerce.Choice, q commerce.Quote, split bool) bool {
	if slices.ContainsFunc(q.Messages, func(m commerce.Message) bool { return m.Blocks() && strings.HasPrefix(m.Param, paramSelected) }) {
		return false
	}
	for _, want := range asked {
		for _, got := range q.Choices {
			shared := !split || slices.ContainsFunc(want.LineIDs, func(id string) bool { return slices.Contains(got.LineIDs, id) })
			if shared && got.OptionID != want.OptionID {
				return true
			}
		}
	}
	return false
}

// settled reports whether a quote needs no second call: it was asked for what is to be selected, or the shop selected of itself where
// the agent says nothing.
func settled(q commerce.Quote, cart commerce.Cart, asked, wanted []commerce.Choice, split bool) bool {
	switch {
	case same(asked, wanted, q, cart, split):
		return true
	case len(cart.Choices) > 0:
		return false
	default:
		return len(asked) == 0 && len(q.Choices) > 0 && len(uncovered(q, cart)) == 0
	}
}

// setAside takes the wish that f refused out of ask and notes why. It reports false when there is nothing to take out.
func (p *priced) setAside(f *commerce.Fault, cart commerce.Cart, ask *commerce.Cart) bool {
	switch f.Kind {
	case commerce.CouponRejected:
		i := slices.IndexFunc(ask.Codes, func(c string) bool { return equalCode(c, f.Coupon) })
		if i < 0 {
			return false
		}
		p.rejected = append(p.rejected, commerce.RejectedDiscount{Code: ask.Codes[i], Reason: f.Reason, Message: f.Message})
		ask.Codes = slices.Delete(slices.Clone(ask.Codes), i, i+1)
	case commerce.OutOfStock:
		i := upstream.LineOf(f, ask.Lines)
		if i < 0 {
			return false
		}
		p.messages = append(p.messages, upstream.SoldOut(f, lineAt(cart, ask.Lines[i].ID)))
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

// mergeInto completes the quote of what was asked with what was set aside of the cart: refused lines stand in the session without a
// price, because a line must never vanish silently. The shop counts lines and codes as it was asked for them, the agent as it sent them.
func (p *priced) mergeInto(cart, asked commerce.Cart) {
	q := &p.quote
	q.Messages = slices.Clone(q.Messages)
	recount(q.Messages, asked, cart)
	lines := make([]commerce.Line, 0, len(cart.Lines))
	for i, want := range cart.Lines {
		at := slices.IndexFunc(q.Lines, func(l commerce.Line) bool { return l.ID == want.ID })
		if at < 0 {
			lines = append(lines, upstream.Unpriced(want))
			continue
		}
		lines = append(lines, q.Lines[at])
		if s := want.Suggested; s != nil && s.Amount != q.Lines[at].UnitAmount {
			p.messages = append(p.messages, otherPrice(i))
		}
	}
	q.Lines = lines
	q.Messages = slices.Concat(q.Messages, p.messages)
	q.Discounts.Rejected = append(q.Discounts.Rejected, p.rejected...)
	tellCodes(q, cart)
}

// lineAt is the place of a line in the cart as it was wished for; −1 when it is not there.
func lineAt(cart commerce.Cart, id string) int {
	return slices.IndexFunc(cart.Lines, func(l commerce.CartLine) bool { return l.ID == id })
}
