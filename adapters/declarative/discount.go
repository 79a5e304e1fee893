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

type resultAllocation struct {
	line, item string
	amount     decimal.Decimal
}

func readDiscount(o object) resultDiscount {
	d := resultDiscount{applied: commerce.AppliedDiscount{
		ID: o.text("id"), Code: o.text("code"), Automatic: o.flag("automatic", false),
		Coupon: commerce.Coupon{Name: o.text("title"), PercentOff: o.text("percent_off")},
	}}
	if d.applied.ID == "" {
		d.applied.ID = d.applied.Code
	}
	if d.applied.ID == "" {
		o.fail("id", "is required for a discount without a code")
	}
	d.applied.Coupon.ID = d.applied.ID
	if d.applied.Coupon.Name == "" {
		d.applied.Coupon.Name = d.applied.ID
	}
	var ok bool
	if d.amount, ok = o.amount("amount"); !ok || d.amount.IsNegative() {
		o.fail("amount", "is required and must not be negative")
	}
	for _, a := range o.objects("allocations") {
		d.allocations = append(d.allocations, resultAllocation{line: a.text("line"), item: a.text("item"), amount: a.positive("amount")})
		a.done()
	}
	o.done()
	return d
}

func readRejected(o object) commerce.RejectedDiscount {
	r := commerce.RejectedDiscount{Code: o.required("code"), Reason: commerce.DiscountReason(o.text("reason")), Message: o.text("message")}
	if !r.Reason.Valid() {
		r.Reason = commerce.DiscountInvalid
	}
	if r.Message == "" {
		r.Message = sentences[commerce.CouponRejected]
	}
	o.done()
	return r
}

// on is what the discount takes off a line; nothing is said of a line without an allocation.
func (d *resultDiscount) on(line commerce.Line) decimal.Decimal {
	sum := decimal.Zero
	for _, a := range d.allocations {
		if a.line == line.ID || (a.line == "" && a.item == line.ItemID && a.item != "") {
			sum = sum.Add(a.amount)
		}
	}
	return sum
}

// rest is what the discount takes off beyond its allocations.
func (d *resultDiscount) rest() decimal.Decimal {
	left := d.amount
	for _, a := range d.allocations {
		left = left.Sub(a.amount)
	}
	return decimal.Max(left, decimal.Zero)
}

// makeDiscounts shares the rounded discounts of lines and order out over the promotions, so that allocations, amounts and totals agree
// to the unit, and says of every code what became of it. A code that the shop passed over in silence is rejected.
func makeDiscounts(res quoteResult, cart commerce.Cart, lines []commerce.Line, order int64, faults []*commerce.Fault) (commerce.Discounts, error) {
	out := commerce.Discounts{Codes: slices.Clone(cart.Codes)}
	for _, d := range res.discounts {
		out.Applied = append(out.Applied, d.applied)
	}
	give := func(amount int64, weight func(*resultDiscount) decimal.Decimal, lineID string) error {
		parts, err := share(amount, res.discounts, weight)
		for i, part := range parts {
			if part != 0 {
				out.Applied[i].Amount += part
				out.Applied[i].Allocations = append(out.Applied[i].Allocations, commerce.Allocation{LineID: lineID, Amount: part})
			}
		}
		return err
	}
	for _, l := range lines {
		weight := func(d *resultDiscount) decimal.Decimal { return d.on(l) }
		if !slices.ContainsFunc(res.discounts, func(d resultDiscount) bool { return d.on(l).IsPositive() }) {
			weight = (*resultDiscount).rest
		}
		if err := give(l.Discount, weight, l.ID); err != nil {
			return out, err
		}
	}
	if err := give(order, (*resultDiscount).rest, ""); err != nil {
		return out, err
	}
	out.Rejected = rejected(res, cart, faults)
	return out, nil
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
