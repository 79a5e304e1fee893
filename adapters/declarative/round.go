package declarative

import (
	"fmt"
	"math/big"

	"github.com/shopspring/decimal"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// exactLine is what a line costs as the shop computes it, net of tax.
type exactLine struct{ base, discount, tax *big.Rat }

// exactQuote is a priced cart before rounding, in minor units. Total is what the shop says itself.
type exactQuote struct {
	lines                                           []exactLine
	fees                                            []*big.Rat
	discount, shipping, wrap, tip, credit, extraTax *big.Rat // extraTax: of shipping, fees and gift wrap
	total                                           *big.Rat
	// delivery is what the selected options cost, each rounded by itself, where there are several; nil: shipping stands for itself.
	delivery *int64
}

// roundedLine is an exactLine in whole minor units.
type roundedLine struct{ base, discount, tax int64 }

// roundedQuote adds up exactly: Σ base − Σ discount − order discount + shipping + Σ fees + wrap + tip + tax − credit = total.
type roundedQuote struct {
	lines                                 []roundedLine
	fees                                  []int64
	discount, shipping, wrap, tip, credit int64
	tax, total                            int64
	residual                              int64 // units that the tax row carries beyond the shop's own tax
}

// beside is what is neither of the lines nor tax.
func (r *roundedQuote) beside() int64 {
	n := r.shipping + r.wrap + r.tip - r.discount - r.credit
	for _, f := range r.fees {
		n += f
	}
	return n
}

// round turns an exact quote into whole minor units. The shop's own total, rounded by its rule, is the truth. The lines' parts are
// rounded by largest remainder to their rounded sums. What is then left of the total is the tax. When there is no tax, or it would
// become negative, the difference goes to the lines' prices instead. A quote whose exact parts are further from its total than one unit
// for each line is not explained by rounding, and fails.
func (m moneyRules) round(q exactQuote) (roundedQuote, error) {
	var r roundedQuote
	var err error
	whole := func(x *big.Rat) int64 {
		n, e := roundMinor(x, m.rounding)
		if e != nil && err == nil {
			err = e
		}
		return n
	}
	base, discount, tax := make([]*big.Rat, len(q.lines)), make([]*big.Rat, len(q.lines)), make([]*big.Rat, len(q.lines)+1)
	for i, l := range q.lines {
		base[i], discount[i], tax[i] = l.base, l.discount, l.tax
	}
	tax[len(q.lines)] = q.extraTax
	exactBase, exactDiscount, exactTax := sum(base), sum(discount), sum(tax)
	if err := q.explained(exactBase, exactDiscount, exactTax); err != nil {
		return r, err
	}
	r.total, r.discount, r.shipping = whole(q.total), whole(q.discount), whole(q.shipping)
	r.wrap, r.tip, r.credit = whole(q.wrap), whole(q.tip), whole(q.credit)
	for _, f := range q.fees {
		r.fees = append(r.fees, whole(f))
	}
	baseSum, discountSum, near := whole(exactBase), whole(exactDiscount), whole(exactTax)
	if err != nil {
		return r, err
	}
	if err := r.deliver(q.delivery, len(q.lines)); err != nil {
		return r, err
	}
	r.tax = r.total - (baseSum - discountSum + r.beside())
	if exactTax.Sign() == 0 || r.tax < 0 {
		baseSum, r.tax = baseSum+r.tax, 0
	}
	r.residual = r.tax - near
	bases, err := spread(baseSum, base)
	if err != nil {
		return r, errUneven
	}
	discounts, err := spread(discountSum, discount)
	if err != nil {
		return r, errUneven
	}
	taxes, err := spread(r.tax, tax)
	if err != nil {
		return r, errUneven
	}
	for i := range q.lines {
		r.lines = append(r.lines, roundedLine{bases[i], discounts[i], taxes[i]})
	}
	return r, r.lift()
}

// deliver takes the sum of the selected options for what shipping costs. It may differ by the rounding of each and no more.
func (r *roundedQuote) deliver(sum *int64, lines int) error {
	if sum == nil {
		return nil
	}
	if off := *sum - r.shipping; off > int64(max(1, lines)) || -off > int64(max(1, lines)) {
		return safeError(fmt.Sprintf("shipping is %d minor units, and the selected options cost %d together", r.shipping, *sum))
	}
	r.shipping = *sum
	return nil
}

// lift moves discount that rounding put on a line which is free already to the line that has most left to pay.
func (r *roundedQuote) lift() error {
	for i := range r.lines {
		for r.lines[i].discount > r.lines[i].base {
			room := 0
			for j, l := range r.lines {
				if l.base-l.discount > r.lines[room].base-r.lines[room].discount {
					room = j
				}
			}
			if r.lines[room].base <= r.lines[room].discount {
				return errUneven
			}
			r.lines[i].discount--
			r.lines[room].discount++
		}
	}
	return nil
}

// errUneven is a quote whose parts cannot be made whole without a negative price.
var errUneven = safeError("the parts of the quote cannot be rounded to its total without a negative price")

// explained fails when the exact parts are not the parts of the total, but for what shops lose by rounding each line.
func (q exactQuote) explained(base, discount, tax *big.Rat) error {
	parts := new(big.Rat).Sub(base, discount)
	parts.Sub(parts, q.discount)
	parts.Sub(parts, q.credit)
	for _, p := range append([]*big.Rat{q.shipping, q.wrap, q.tip, tax}, q.fees...) {
		parts.Add(parts, p)
	}
	off := new(big.Rat).Sub(q.total, parts)
	if off.Abs(off).Cmp(big.NewRat(int64(max(1, len(q.lines))), 1)) > 0 {
		return safeError(fmt.Sprintf("the parts of the quote add up to %s minor units and its total is %s; they may differ by one unit for each of its %d lines",
			parts.FloatString(4), q.total.FloatString(4), len(q.lines)))
	}
	return nil
}

// spread is [commerce.Spread], whose reach is from all parts rounded down to all rounded up. A residual that leads beyond is put on the
// largest part, as far as that part can carry it.
func spread(total int64, exact []*big.Rat) ([]int64, error) {
	var floor int64
	var most *big.Rat
	largest := 0
	for i, e := range exact {
		f := new(big.Int).Div(e.Num(), e.Denom())
		if !f.IsInt64() {
			return nil, commerce.ErrOverflow
		}
		floor += f.Int64()
		if most == nil || e.Cmp(most) > 0 {
			largest, most = i, e
		}
	}
	reach := min(max(total, floor), floor+int64(len(exact)))
	parts, err := commerce.Spread(reach, exact)
	if err != nil || len(parts) == 0 {
		return parts, err
	}
	parts[largest] += total - reach
	if parts[largest] < 0 {
		return nil, fmt.Errorf("spread %d minor units over %d parts: a part becomes negative", total, len(parts))
	}
	return parts, nil
}

// net is what a price that includes its tax is without it, shared out over base and discount: shops tell the tax of what is left after
// the discount.
func net(l exactLine) exactLine {
	gross := new(big.Rat).Sub(l.base, l.discount)
	if gross.Sign() == 0 {
		return l
	}
	share := new(big.Rat).Quo(new(big.Rat).Sub(gross, l.tax), gross)
	return exactLine{base: new(big.Rat).Mul(l.base, share), discount: new(big.Rat).Mul(l.discount, share), tax: l.tax}
}

// units is d in minor units, exact.
func (m moneyRules) units(d decimal.Decimal) *big.Rat {
	return d.Shift(int32(m.currency.Digits())).Rat()
}

func roundMinor(x *big.Rat, mode commerce.Rounding) (int64, error) {
	// RoundExact takes decimal text; amounts here may be fractions, when tax was taken out of a price. 18 digits decide every case but
	// an exact half, and an exact half is decimal.
	if x.IsInt() {
		if !x.Num().IsInt64() {
			return 0, commerce.ErrOverflow
		}
		return x.Num().Int64(), nil
	}
	return commerce.RoundExact(x.FloatString(18), 0, mode)
}

func sum(parts []*big.Rat) *big.Rat {
	total := new(big.Rat)
	for _, p := range parts {
		total.Add(total, p)
	}
	return total
}
