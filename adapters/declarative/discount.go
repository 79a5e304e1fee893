package declarative

import (
	"math/big"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// resultDiscount is a promotion of a result, not yet rounded.
type resultDiscount struct {
	applied     commerce.AppliedDiscount
	amount      decimal.Decimal
	allocations []resultAllocation
}

// resultAllocation is the part of a discount that falls on a line, an item or an option; on none of them for the whole order.
type resultAllocation struct {
	line, item, option string
	amount             decimal.Decimal
}

func readDiscount(o object, cart commerce.Cart) resultDiscount {
	code := o.text("code")
	d := resultDiscount{applied: commerce.AppliedDiscount{
		ID: o.text("id"), Code: code, Automatic: o.flag("automatic", code == ""),
		Start: o.time("start"), End: o.time("end"), Method: o.oneOf("method", "each", "across"), Priority: o.count("priority", 0),
	}}
	if d.applied.ID == "" {
		d.applied.ID = code
	}
	if d.applied.ID == "" {
		o.fail("id", "is required for a discount without a code")
	}
	d.applied.Coupon = readCoupon(o, d.applied.ID)
	var ok bool
	if d.amount, ok = o.amount("amount"); !ok || d.amount.IsNegative() {
		o.fail("amount", "is required and must not be negative")
	}
	for _, a := range o.objects("allocations") {
		d.allocations = append(d.allocations, readAllocation(a, cart))
	}
	if sum := d.allocated(func(resultAllocation) bool { return true }); sum.GreaterThan(d.amount) {
		o.fail("allocations", "add up to more than the amount of the discount")
	}
	o.done()
	return d
}

// readCoupon reads what a promotion is, beside what it did here.
func readCoupon(o object, id string) commerce.Coupon {
	c := commerce.Coupon{
		ID: id, Name: o.words("title"), PercentOff: o.decimal("percent_off"), AmountOff: o.minor("amount_off"),
		Duration: o.oneOf("duration", "once", "repeating", "forever"), DurationInMonths: o.count("duration_in_months", 0),
		MaxRedemptions: o.count("max_redemptions", 0), TimesRedeemed: o.count("times_redeemed", 0),
	}
	if c.Name == "" {
		c.Name = id
	}
	if c.PercentOff != "" && c.AmountOff != 0 {
		o.fail("amount_off", "stands beside percent_off: a promotion is one of them")
	}
	if d, err := decimal.NewFromString(c.PercentOff); err == nil && d.GreaterThan(decimal.NewFromInt(100)) {
		o.fail("percent_off", "is more than 100")
	}
	if c.AmountOff != 0 {
		c.Currency = o.reading.money.currency
	}
	return c
}

func readAllocation(o object, cart commerce.Cart) resultAllocation {
	a := resultAllocation{line: o.text("line"), item: o.text("item"), option: o.text("option"), amount: o.positive("amount")}
	has := func(is func(commerce.CartLine) bool) bool { return slices.ContainsFunc(cart.Lines, is) }
	if a.line != "" && !has(func(l commerce.CartLine) bool { return l.ID == a.line }) {
		o.fail("line", "is no line of the session: give the id of one of $in.lines, or item")
	}
	if a.line == "" && a.item != "" && !has(func(l commerce.CartLine) bool { return l.ItemID == a.item }) {
		o.fail("item", "is no item of the session: give it as the agent asked for it")
	}
	if a.option != "" && (a.line != "" || a.item != "") {
		o.fail("option", "stands beside a line or an item: an allocation is for one of them")
	}
	o.done()
	return a
}

func readRejected(o object) commerce.RejectedDiscount {
	r := commerce.RejectedDiscount{Code: o.required("code"), Reason: commerce.DiscountReason(o.text("reason")), Message: o.words("message")}
	if !r.Reason.Valid() {
		r.Reason = commerce.DiscountInvalid
	}
	if r.Message == "" {
		r.Message = sentences[commerce.CouponRejected]
	}
	o.done()
	return r
}

// allocated is the sum of the allocations that are meant.
func (d *resultDiscount) allocated(means func(resultAllocation) bool) decimal.Decimal {
	sum := decimal.Zero
	for _, a := range d.allocations {
		if means(a) {
			sum = sum.Add(a.amount)
		}
	}
	return sum
}

// on is what the discount takes off a line; nothing is said of a line without an allocation.
func (d *resultDiscount) on(line commerce.Line) decimal.Decimal {
	return d.allocated(func(a resultAllocation) bool {
		return a.line == line.ID || (a.line == "" && a.item == line.ItemID && a.item != "")
	})
}

// onOption is what the discount takes off a fulfillment option.
func (d *resultDiscount) onOption(id string) decimal.Decimal {
	return d.allocated(func(a resultAllocation) bool { return a.option == id })
}

// rest is what the discount takes off beyond its allocations to lines and options.
func (d *resultDiscount) rest() decimal.Decimal {
	named := d.allocated(func(a resultAllocation) bool { return a.line != "" || a.item != "" || a.option != "" })
	return decimal.Max(d.amount.Sub(named), decimal.Zero)
}

// makeDiscounts shares the rounded discounts of lines and order out over the promotions, so that allocations, amounts and totals agree
// to the unit, and says of every code what became of it. A code that the shop passed over in silence is rejected. What is taken off a
// fulfillment option is a part of the order's discount.
func (m moneyRules) makeDiscounts(
	res quoteResult, cart commerce.Cart, lines []commerce.Line, order int64, faults []*commerce.Fault,
) (commerce.Discounts, error) {
	out := commerce.Discounts{Codes: slices.Clone(cart.Codes)}
	for _, d := range res.discounts {
		out.Applied = append(out.Applied, d.applied)
	}
	give := func(amount int64, weight func(*resultDiscount) decimal.Decimal, to commerce.Allocation) error {
		parts, err := share(amount, res.discounts, weight)
		for i, part := range parts {
			if part != 0 {
				to.Amount = part
				out.Applied[i].Amount += part
				out.Applied[i].Allocations = append(out.Applied[i].Allocations, to)
			}
		}
		return err
	}
	for _, l := range lines {
		weight := func(d *resultDiscount) decimal.Decimal { return d.on(l) }
		if !slices.ContainsFunc(res.discounts, func(d resultDiscount) bool { return d.on(l).IsPositive() }) {
			weight = (*resultDiscount).rest
		}
		if err := give(l.Discount, weight, commerce.Allocation{LineID: l.ID}); err != nil {
			return out, err
		}
	}
	options := res.discountedOptions()
	for i, id := range options {
		weight := func(d *resultDiscount) decimal.Decimal { return d.onOption(id) }
		exact := decimal.Zero
		for j := range res.discounts {
			exact = exact.Add(weight(&res.discounts[j]))
		}
		part, err := m.minor(exact, m.currency)
		if err != nil {
			return out, err
		}
		part = min(part, order)
		if last := i == len(options)-1; last && !slices.ContainsFunc(res.discounts, func(d resultDiscount) bool { return d.rest().IsPositive() }) {
			part = order // the units that rounding left over
		}
		if err := give(part, weight, commerce.Allocation{OptionID: id}); err != nil {
			return out, err
		}
		order -= part
	}
	if err := give(order, (*resultDiscount).rest, commerce.Allocation{}); err != nil {
		return out, err
	}
	out.Rejected = rejected(res, cart, faults)
	return out, nil
}

// discountedOptions are the fulfillment options that something is taken off, in the order in which they are named.
func (q *quoteResult) discountedOptions() []string {
	var out []string
	for _, d := range q.discounts {
		for _, a := range d.allocations {
			if a.option != "" && a.amount.IsPositive() && !slices.Contains(out, a.option) {
				out = append(out, a.option)
			}
		}
	}
	return out
}

// explainDiscounts tells at each line what its discount is made of.
func explainDiscounts(lines []commerce.Line, applied []commerce.AppliedDiscount) {
	for i := range lines {
		for _, d := range applied {
			for _, a := range d.Allocations {
				if a.LineID != lines[i].ID || a.Amount == 0 {
					continue
				}
				detail := commerce.LineDiscount{Code: d.Code, Type: "fixed", Description: d.Coupon.Name, Source: "coupon", Amount: a.Amount}
				if d.Coupon.PercentOff != "" {
					detail.Type = "percentage"
				}
				if d.Automatic {
					detail.Source = "automatic"
				}
				lines[i].DiscountDetails = append(lines[i].DiscountDetails, detail)
			}
		}
	}
}

// share divides amount by weights. Without any weight nobody gets anything: the discount has no name.
func share(amount int64, list []resultDiscount, weight func(*resultDiscount) decimal.Decimal) ([]int64, error) {
	sum := decimal.Zero
	for i := range list {
		sum = sum.Add(weight(&list[i]))
	}
	if amount == 0 || !sum.IsPositive() {
		return nil, nil
	}
	exact := make([]*big.Rat, len(list))
	for i := range list {
		exact[i] = new(big.Rat).Quo(new(big.Rat).Mul(weight(&list[i]).Rat(), new(big.Rat).SetInt64(amount)), sum.Rat())
	}
	return commerce.Spread(amount, exact)
}

func rejected(res quoteResult, cart commerce.Cart, faults []*commerce.Fault) []commerce.RejectedDiscount {
	var out []commerce.RejectedDiscount
	has := func(code string) bool {
		return slices.ContainsFunc(out, func(r commerce.RejectedDiscount) bool { return strings.EqualFold(r.Code, code) })
	}
	for _, f := range faults {
		if f.Kind == commerce.CouponRejected && !has(f.Coupon) {
			out = append(out, commerce.RejectedDiscount{Code: f.Coupon, Reason: f.Reason, Message: f.Message})
		}
	}
	for _, r := range res.rejected {
		if !has(r.Code) {
			out = append(out, r)
		}
	}
	for _, code := range cart.Codes {
		applied := slices.ContainsFunc(res.discounts, func(d resultDiscount) bool { return strings.EqualFold(d.applied.Code, code) })
		if !applied && !has(code) {
			out = append(out, commerce.RejectedDiscount{Code: code, Reason: commerce.DiscountInvalid, Message: sentences[commerce.CouponRejected]})
		}
	}
	return out
}
