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

// amount is [Quote.Amount], or [ErrOverflow].
func (q Quote) amount(t TotalType) (sum int64, err error) {
	for _, row := range q.Totals {
		if row.Type == t {
			if sum, err = Add(sum, row.Amount); err != nil {
				return 0, err
			}
		}
	}
	return sum, nil
}

// Selected are the options that are selected, each once, in the order of the choices. A choice of an option that is not offered is left
// out.
func (q Quote) Selected() []FulfillmentOption {
	out := make([]FulfillmentOption, 0, len(q.Choices))
	for _, c := range q.Choices {
		i := slices.IndexFunc(q.Options, func(o FulfillmentOption) bool { return o.ID == c.OptionID })
		if i >= 0 && !slices.ContainsFunc(out, func(o FulfillmentOption) bool { return o.ID == c.OptionID }) {
			out = append(out, q.Options[i])
		}
	}
	return out
}

// tooLarge is the fault of a cart that costs more than can be counted. line is the line that does so by itself; empty: their sum.
func tooLarge(line string) error {
	return &Fault{Kind: Rejected, LineID: line, Message: "the cart costs more than 64 bits of minor units can hold", Err: ErrOverflow}
}

// Check proves the arithmetic that every answer rests on: no negative amount, lines and options that add up, totals that follow
//
//	total = items_base_amount − items_discount − discount + fulfillment + tax + fee + gift_wrap + tip − store_credit
//
// and a total that equals [Quote.Total]. The allocations of a discount add up to its amount, where it has any. Where lines go by several
// options, fulfillment is the sum of their subtotals, each once, because nobody could see otherwise what a choice costs; of a single
// option the shop's row stands for itself, since shops lower it by promotions of their own and round it beside its tax.
//
// A quote that fails must not be shown and must not be charged. Where a line (unit price × quantity) or the sum of the lines does not fit
// 64 bits, the error is a [Fault] of kind [Rejected] because of [ErrOverflow]: it is what was asked for that costs too much. Numbers that
// wrap around could add up to anything, nothing among it.
func (q Quote) Check() error {
	var base, discount, total int64
	for _, l := range q.Lines {
		if _, err := Mul(l.UnitAmount, l.Quantity); err != nil {
			return tooLarge(l.ID)
		}
		if slices.Min([]int64{l.Quantity, l.UnitAmount, l.Base, l.Discount, l.Subtotal, l.Tax, l.Total}) < 0 {
			return fmt.Errorf("line %s has a negative amount", l.ID)
		}
		taxed, err := Add(l.Subtotal, l.Tax)
		if err != nil {
			return tooLarge(l.ID)
		}
		if l.Subtotal != l.Base-l.Discount || l.Total != taxed {
			return fmt.Errorf("line %s does not add up: %d − %d = %d, + %d = %d", l.ID, l.Base, l.Discount, l.Subtotal, l.Tax, l.Total)
		}
		for _, sum := range []struct {
			of *int64
			n  int64
		}{{&base, l.Base}, {&discount, l.Discount}, {&total, l.Total}} {
			if *sum.of, err = Add(*sum.of, sum.n); err != nil {
				return tooLarge("")
			}
		}
	}
	for _, o := range q.Options {
		if sum, err := Add(o.Subtotal, o.Tax); err != nil || o.Subtotal < 0 || o.Tax < 0 || o.Total != sum {
			return fmt.Errorf("fulfillment option %s does not add up: %d + %d = %d", o.ID, o.Subtotal, o.Tax, o.Total)
		}
	}
	if err := q.checkDiscounts(); err != nil {
		return err
	}
	if len(q.Totals) == 0 {
		return nil
	}
	if err := q.checkFulfillment(); err != nil {
		return err
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
	due := base - discount // of two that are not negative
	for _, t := range []TotalType{TotalFulfillment, TotalTax, TotalFee, TotalGiftWrap, TotalTip, TotalDiscount, TotalStoreCredit} {
		n, err := q.amount(t)
		if t == TotalDiscount || t == TotalStoreCredit {
			n = -n
		}
		if err == nil {
			due, err = Add(due, n)
		}
		if err != nil {
			return tooLarge("")
		}
	}
	if due != q.Amount(TotalDue) || due != q.Total {
		return fmt.Errorf("totals add up to %d, the total row says %d, the shop's rounded total is %d", due, q.Amount(TotalDue), q.Total)
	}
	return nil
}

// checkDiscounts proves that the parts of every discount add up to it.
func (q Quote) checkDiscounts() error {
	for _, d := range q.Discounts.Applied {
		if d.Amount < 0 {
			return fmt.Errorf("discount %s is negative: %d", d.ID, d.Amount)
		}
		var sum int64
		for _, a := range d.Allocations {
			var err error
			if sum, err = Add(sum, a.Amount); err != nil || a.Amount < 0 {
				return fmt.Errorf("discount %s has an allocation of %d that cannot be counted", d.ID, a.Amount)
			}
		}
		if len(d.Allocations) > 0 && sum != d.Amount {
			return fmt.Errorf("the allocations of discount %s add up to %d, not to %d", d.ID, sum, d.Amount)
		}
	}
	return nil
}

// checkFulfillment proves what several selected options cost together.
func (q Quote) checkFulfillment() error {
	if len(q.Choices) < 2 {
		return nil
	}
	for _, c := range q.Choices {
		if !slices.ContainsFunc(q.Options, func(o FulfillmentOption) bool { return o.ID == c.OptionID }) {
			return fmt.Errorf("fulfillment option %s is selected and not offered", c.OptionID)
		}
	}
	var sum int64
	for _, o := range q.Selected() {
		var err error
		if sum, err = Add(sum, o.Subtotal); err != nil {
			return tooLarge("")
		}
	}
	if row := q.Amount(TotalFulfillment); row != sum {
		return fmt.Errorf("fulfillment is %d, the selected options add up to %d", row, sum)
	}
	return nil
}
