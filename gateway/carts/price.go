package carts

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/upstream"
)

const (
	paramLines       = "$.line_items"
	codeMissingLines = "missing_line_items" // openapi.cart of 2026-04-17, response BadRequest
)

// maxRefusals bounds how many lines one pricing sets aside. Each is one more call to the shop.
const maxRefusals = 32

// pricing is one asking for a price.
type pricing struct {
	cart     commerce.Cart // as it was wished for
	ask      commerce.Cart // without the lines that the shop refused
	messages []commerce.Message
	unknown  []*commerce.Fault // about the lines that the shop does not sell
	soldOut  int
}

// price asks the shop for the price of the lines. A line that the shop refuses is set aside, stays in the cart without a price, and a
// message tells why: lines must never vanish silently (ACP rfc.cart 4.2, read 2026-11-22). Where nothing is left, there is no cart:
// unknown items are the request's fault, sold-out ones fail with NothingAvailable.
//
// No discount code, address or option takes part, so that the only other refusals are about the buyer and the cart as a whole.
func (s *Service) price(ctx context.Context, shop Shop, key string, cart commerce.Cart, cartRef string) (commerce.Quote, []commerce.Message, error) {
	p := pricing{cart: cart, ask: cart}
	for range maxRefusals {
		q, err := shop.Upstream.Quote(ctx, adapters.QuoteRequest{Key: key, CartRef: cartRef, Cart: p.ask})
		if err == nil {
			q.Lines = p.lines(q.Lines)
			return q, slices.Concat(q.Messages, p.messages), nil
		}
		f, ok := errors.AsType[*commerce.Fault](err)
		switch {
		case !ok:
			return commerce.Quote{}, nil, err
		case f.Kind == commerce.CartGone && cartRef != "":
			cartRef = "" // the shop forgot the cart: everything that it held is in ours
		case !p.setAside(f):
			if f.Kind == commerce.Unexplained {
				s.log.ErrorContext(ctx, "a cart needs eyes", "alert", "shop_answer_unexplained", "shop", shop.Upstream.Name(),
					"remedy", "teach the adapter what this answer of the shop means", "error", f)
			}
			return commerce.Quote{}, nil, upstream.Refusal(f, cart)
		case len(p.ask.Lines) == 0 && p.soldOut == 0:
			return commerce.Quote{}, nil, p.unknown[0]
		case len(p.ask.Lines) == 0:
			return commerce.Quote{}, nil, &commerce.Fault{
				Kind: commerce.NothingAvailable, Param: paramLines, Message: "none of the items can be had now", Err: f,
			}
		}
	}
	return commerce.Quote{}, nil, commerce.Faultf(commerce.Unavailable, "the shop refused too many lines, one after the other; send fewer lines")
}

// setAside takes the line that f refuses out of what is asked for and notes why. It reports false when there is none.
func (p *pricing) setAside(f *commerce.Fault) bool {
	if f.Kind != commerce.OutOfStock && f.Kind != commerce.ItemUnavailable {
		return false
	}
	at := upstream.LineOf(f, p.ask.Lines)
	if at < 0 {
		return false
	}
	line := p.ask.Lines[at]
	i := slices.IndexFunc(p.cart.Lines, func(l commerce.CartLine) bool { return l.ID == line.ID })
	if f.Kind == commerce.OutOfStock {
		p.soldOut++
		p.messages = append(p.messages, upstream.SoldOut(f, i))
	} else {
		p.unknown = append(p.unknown, upstream.NotSold(f, p.cart.Lines, i))
		p.messages = append(p.messages, commerce.ErrorMessage(commerce.CodeNotFound, fmt.Sprintf("%s[%d]", paramLines, i),
			commerce.RequiresBuyerReview, "The shop does not sell this item."))
	}
	p.ask.Lines = slices.Delete(slices.Clone(p.ask.Lines), at, at+1)
	return true
}

// lines are the priced lines with the refused ones at their places.
func (p *pricing) lines(priced []commerce.Line) []commerce.Line {
	all := make([]commerce.Line, 0, len(p.cart.Lines))
	for _, want := range p.cart.Lines {
		i := slices.IndexFunc(priced, func(l commerce.Line) bool { return l.ID == want.ID })
		if i >= 0 {
			all = append(all, priced[i])
			continue
		}
		all = append(all, upstream.Unpriced(want))
	}
	return all
}
