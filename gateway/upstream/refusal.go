package upstream

import (
	"errors"
	"fmt"
	"slices"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// paramLines is the member that refusals are about, in terms of 2026-04-17; older dates map it.
const paramLines = "$.line_items"

// CodeInvalidItem is the code of a line that the shop does not sell (ACP examples of 2026-04-17, error_400_invalid_item).
const CodeInvalidItem = "invalid_item_id"

// LineOf finds the line that a fault of the shop names, by line id or by item; −1 when it names none.
func LineOf(f *commerce.Fault, lines []commerce.CartLine) int {
	return slices.IndexFunc(lines, func(l commerce.CartLine) bool {
		return (f.LineID != "" && l.ID == f.LineID) || (f.LineID == "" && f.Item != "" && l.ItemID == f.Item)
	})
}

// NotSold is the refusal of the line at index i, which the shop does not sell.
func NotSold(f *commerce.Fault, lines []commerce.CartLine, i int) *commerce.Fault {
	return &commerce.Fault{
		Kind: commerce.Invalid, Code: CodeInvalidItem, Param: fmt.Sprintf("%s[%d].item.id", paramLines, i),
		Message: fmt.Sprintf("the shop does not sell item %q", lines[i].ItemID), Err: f,
	}
}

// SoldOut tells of the line at index i that it cannot be had, or not so many of it. A refusal that names no line, −1, blames none.
func SoldOut(f *commerce.Fault, i int) commerce.Message {
	param := paramLines
	if i >= 0 {
		param = fmt.Sprintf("%s[%d]", paramLines, i)
	}
	text := "This item is out of stock."
	if f.Available != nil && *f.Available > 0 {
		text = fmt.Sprintf("Only %d of this item are in stock.", *f.Available)
	}
	return commerce.ErrorMessage(commerce.CodeOutOfStock, param, commerce.RequiresBuyerReview, text)
}

// Unpriced stands in a cart for a line that the shop refused: lines must never vanish silently (ACP rfc.cart 4.2, read 2026-11-22).
func Unpriced(l commerce.CartLine) commerce.Line {
	return commerce.Line{ID: l.ID, ItemID: l.ItemID, Quantity: l.Quantity, Availability: commerce.SoldOut}
}

// Refusal is what an agent is told when a cart cannot be priced at all. Only a refusal that the adapter recognised is the request's
// fault, and final; what nobody can explain is between the shop and its adapter, and the same request may succeed later. The shop's own
// words stay in the log: they tell of its insides.
func Refusal(f *commerce.Fault, cart commerce.Cart) error {
	i := LineOf(f, cart.Lines)
	if errors.Is(f, commerce.ErrOverflow) && f.Kind == commerce.Rejected {
		param := paramLines
		if i >= 0 {
			param = fmt.Sprintf("%s[%d].quantity", paramLines, i)
		}
		return commerce.Faultf(commerce.Invalid, "the cart costs more than can be charged; lower its quantities").At(param).Because(f)
	}
	switch f.Kind {
	case commerce.ItemUnavailable:
		if i >= 0 {
			return NotSold(f, cart.Lines, i)
		}
		return commerce.Faultf(commerce.Invalid, "the shop does not sell one of the items").At(paramLines).Because(f)
	case commerce.BuyerRejected:
		return commerce.Faultf(commerce.Invalid, "the shop does not accept this buyer").At("$.buyer").Because(f)
	case commerce.OutOfStock: // of which line, nobody knows; stock comes back, so that this is not final
		return commerce.Faultf(commerce.NothingAvailable, "an item is out of stock; send fewer, or other lines").At(paramLines).Because(f)
	case commerce.CouponRejected, commerce.AddressRejected, commerce.NoShipping, commerce.OptionGone,
		commerce.Unsupported, commerce.Rejected, commerce.PriceChanged:
		return commerce.Faultf(commerce.Invalid, "the shop cannot price this cart; change its lines, address or codes").Because(f)
	default:
		return commerce.Faultf(commerce.Unavailable, "could not ask the shop for a price now; send the same request again").Because(f)
	}
}
