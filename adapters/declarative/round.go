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
	lines                             []exactLine
	discount, shipping, fee, extraTax *big.Rat // extraTax: of shipping and fees
	total                             *big.Rat
}

// roundedLine is an exactLine in whole minor units.
type roundedLine struct{ base, discount, tax int64 }

// roundedQuote adds up exactly: Σ base − Σ discount − order discount + shipping + fee + tax = total.
type roundedQuote struct {
	lines                   []roundedLine
	discount, shipping, fee int64
	tax, total              int64
	residual                int64 // units that the tax row carries beyond the shop's own tax
}

// round turns an exact quote into whole minor units. The shop's own total, rounded by its rule, is the truth. The lines' parts are
// rounded by largest remainder to their rounded sums. What is left goes to the tax, if that stays within one unit for each line and the
// tax does not become negative; without any tax it goes to the lines' prices in the same way. Anything else is a quote whose parts are
// not the parts of its total, and fails.
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
	r.total, r.discount, r.shipping, r.fee = whole(q.total), whole(q.discount), whole(q.shipping), whole(q.fee)
	baseSum, discountSum := whole(sum(base)), whole(sum(discount))
	if err != nil {
		return r, err
	}
	exactTax := sum(tax)
	r.tax = r.total - (baseSum - discountSum - r.discount + r.shipping + r.fee)
	most := int64(max(1, len(q.lines)))
	if exactTax.Sign() == 0 {
		if abs(r.tax) > most {
			return r, mismatch(q, r.tax)
		}
		baseSum, r.tax = baseSum+r.tax, 0
	}
	near, err := roundMinor(exactTax, m.rounding)
	if err != nil {
		return r, err
	}
	if r.residual = r.tax - near; r.tax < 0 || abs(r.residual) > most {
		return r, mismatch(q, r.residual)
	}
	bases, err := spread(baseSum, base)
	if err != nil {
		return r, mismatch(q, r.residual)
	}
	discounts, err := spread(discountSum, discount)
	if err != nil {
		return r, mismatch(q, r.residual)
	}
	taxes, err := spread(r.tax, tax)
	if err != nil {
		return r, mismatch(q, r.residual)
	}
	for i := range q.lines {
		r.lines = append(r.lines, roundedLine{bases[i], min(discounts[i], bases[i]), taxes[i]})
		if discounts[i] > bases[i] {
			// Rounding put one unit of discount on a line that is free already: it must not show a negative price.
			return r, mismatch(q, r.residual)
		}
	}
	return r, nil
}

// spread is [commerce.Spread], whose reach is from all parts rounded down to all rounded up. A residual that leads beyond is put on the
// largest part, as far as that part can carry it.
func spread(total int64, exact []*big.Rat) ([]int64, error) {
	var floor int64
	largest := 0
	for i, e := range exact {
		f := new(big.Int).Div(e.Num(), e.Denom())
		if !f.IsInt64() {
			return nil, commerce.ErrOverflow
		}
		floor += f.Int64()
		if e.Cmp(exact[largest]) > 0 {
			largest = i
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

func mismatch(q exactQuote, by int64) error {
	return safeError(fmt.Sprintf("the parts of the quote miss its total of %s minor units by %d, which is more than one unit for each of its %d lines",
		q.total.FloatString(4), by, len(q.lines)))
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
	return d.Shift(int32(m.currency.Digits())).Rat() //nolint:gosec // at most 3
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

func abs(n int64) int64 { return max(n, -n) }
