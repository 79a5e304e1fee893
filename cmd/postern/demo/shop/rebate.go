package shop

import (
	"slices"

	"github.com/shopspring/decimal"
)

// rebateID names what the shop takes off by itself.
const rebateID = "THREE-MUGS"

var rebatePercent = decimal.NewFromInt(10)

// rebates takes a tenth off every line that is long enough, before any code,
// and says how much that is.
func (s *Shop) rebates(out *Sheet, k *cart, left []decimal.Decimal) decimal.Decimal {
	r := Rebate{ID: rebateID, Label: "A tenth off from three", Percent: rebatePercent.String()}
	sum := decimal.Zero
	for i, l := range k.lines {
		if !s.longEnough(l) {
			continue
		}
		off := left[i].Mul(rebatePercent).Shift(-2).Round(2)
		left[i] = left[i].Sub(off)
		sum = sum.Add(off)
		r.Lines = append(r.Lines, Share{Line: out.Lines[i].Line, Amount: off.StringFixed(2)})
	}
	if sum.IsPositive() {
		r.Discount = sum.StringFixed(2)
		out.Rebates = append(out.Rebates, r)
	}
	return sum
}

func (s *Shop) longEnough(l cartLine) bool {
	a := s.items[l.sku]
	return a.MultiBuy > 0 && l.quantity >= a.MultiBuy
}

// rebated says whether anything is taken off by itself.
func (s *Shop) rebated(k *cart) bool {
	return slices.ContainsFunc(k.lines, s.longEnough)
}
