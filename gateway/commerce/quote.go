package commerce

import (
	"fmt"
	"slices"
	"time"
)

// Quote is a cart as the shop prices it now. It is complete every time.
type Quote struct {
	CartRef     string // opaque: what the adapter must remember of the shop's cart
	Fingerprint string // changes when anything that the price rests on changes; may be empty
	Currency    Currency
	ExactTotal  string // the shop's own total in major units, unrounded decimal text
	Total       int64  // ExactTotal rounded by the shop's declared rule: what is charged

	Lines     []Line
	Options   []FulfillmentOption
	Choices   []Choice // what is selected now, by the agent or by default
	Totals    []Total  // empty when the shop cannot price yet
	Discounts Discounts
	Messages  []Message

	NeedsShipping bool // a physical line wants an address and an option
	ExpiresAt     time.Time
}

// Amount is the sum of the rows of type t.
func (q Quote) Amount(t TotalType) int64 {
	var sum int64
	for _, row := range q.Totals {
		if row.Type == t {
			sum += row.Amount
		}
	}
	return sum
}

// Check proves the arithmetic that every answer rests on: no negative amount, lines and options that add up, totals that follow
//
//	total = items_base_amount − items_discount − discount + fulfillment + tax + fee + gift_wrap + tip − store_credit
//
// and a total that equals [Quote.Total]. A quote that fails must not be shown and must not be charged.
func (q Quote) Check() error {
	var base, discount int64
	for _, l := range q.Lines {
		if slices.Min([]int64{l.UnitAmount, l.Base, l.Discount, l.Subtotal, l.Tax, l.Total}) < 0 {
			return fmt.Errorf("line %s has a negative amount", l.ID)
		}
		if l.Subtotal != l.Base-l.Discount || l.Total != l.Subtotal+l.Tax {
			return fmt.Errorf("line %s does not add up: %d − %d = %d, + %d = %d", l.ID, l.Base, l.Discount, l.Subtotal, l.Tax, l.Total)
		}
		base, discount = base+l.Base, discount+l.Discount
	}
	for _, o := range q.Options {
		if o.Subtotal < 0 || o.Tax < 0 || o.Total != o.Subtotal+o.Tax {
			return fmt.Errorf("fulfillment option %s does not add up: %d + %d = %d", o.ID, o.Subtotal, o.Tax, o.Total)
		}
	}
	if len(q.Totals) == 0 {
		return nil
	}
	for _, t := range q.Totals {
		if t.Amount < 0 {
			return fmt.Errorf("total %s is negative: %d", t.Type, t.Amount)
		}
	}
	if q.Amount(TotalItemsBase) != base || q.Amount(TotalItemsDiscount) != discount {
		return fmt.Errorf("items %d − %d differ from the sum of the lines, %d − %d",
			q.Amount(TotalItemsBase), q.Amount(TotalItemsDiscount), base, discount)
	}
	due := base - discount - q.Amount(TotalDiscount) + q.Amount(TotalFulfillment) + q.Amount(TotalTax) + q.Amount(TotalFee) +
		q.Amount(TotalGiftWrap) + q.Amount(TotalTip) - q.Amount(TotalStoreCredit)
	if due != q.Amount(TotalDue) || due != q.Total {
		return fmt.Errorf("totals add up to %d, the total row says %d, the shop's rounded total is %d", due, q.Amount(TotalDue), q.Total)
	}
	return nil
}
