package commerce_test

import (
	"errors"
	"math"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// priceless is a quote of lines with these unit prices and quantities, whose amounts are what arithmetic that wraps around makes of them:
// it agrees with itself, whatever it says.
func priceless(lines ...[2]int64) commerce.Quote {
	q := commerce.Quote{Currency: "usd"}
	var sum int64
	for i, l := range lines {
		base := l[0] * l[1]
		q.Lines = append(q.Lines, commerce.Line{
			ID: string(rune('a' + i)), Quantity: l[1], UnitAmount: l[0], Base: base, Subtotal: base, Total: base,
		})
		sum += base
	}
	q.Total = sum
	q.Totals = []commerce.Total{{Type: commerce.TotalItemsBase, Amount: sum}, {Type: commerce.TotalDue, Amount: sum}}
	return q
}

// TestRow58_TotalsThatOverflowAreRefused holds that what does not fit 64 bits is no price, least of all where it wraps around to a small
// one.
func TestRow58_TotalsThatOverflowAreRefused(t *testing.T) {
	t.Parallel()
	taxed := priceless([2]int64{math.MaxInt64, 1})
	taxed.Lines[0].Tax, taxed.Lines[0].Total = math.MaxInt64, -2
	tax := func(rows ...commerce.Total) commerce.Quote {
		q := priceless([2]int64{2, 1})
		q.Totals = append(q.Totals, rows...)
		for _, r := range rows {
			q.Total += r.Amount
		}
		q.Totals[1].Amount = q.Total
		return q
	}
	const half = math.MaxInt64/2 + 1 // twice this is no int64, four times is nothing at all
	for name, c := range map[string]struct {
		quote commerce.Quote
		line  string
	}{
		"quantity × price wraps to nothing":    {priceless([2]int64{100, 1}, [2]int64{half, 4}), "b"},
		"quantity × price wraps to something":  {priceless([2]int64{(math.MaxInt64-1)/3*2 + 2, 3}), "a"},
		"the sum of lines wraps to nothing":    {priceless([2]int64{half, 1}, [2]int64{half, 1}, [2]int64{half, 1}, [2]int64{half, 1}), ""},
		"the sum of lines wraps to something":  {priceless([2]int64{math.MaxInt64, 1}, [2]int64{math.MaxInt64, 1}, [2]int64{12, 1}), ""},
		"rows of one type wrap to a small tax": {tax(commerce.Total{Type: commerce.TotalTax, Amount: math.MaxInt64}, commerce.Total{Type: commerce.TotalTax, Amount: math.MaxInt64}, commerce.Total{Type: commerce.TotalTax, Amount: 5}), ""},
		"tax and fee wrap to a small total":    {tax(commerce.Total{Type: commerce.TotalTax, Amount: math.MaxInt64}, commerce.Total{Type: commerce.TotalFee, Amount: math.MaxInt64}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.quote.Check()
			f, ok := errors.AsType[*commerce.Fault](err)
			if !errors.Is(err, commerce.ErrOverflow) || !ok || f.Kind != commerce.Rejected || f.LineID != c.line {
				t.Fatalf("got %v about line %q", err, c.line)
			}
		})
	}
	if err := taxed.Check(); err == nil {
		t.Error("a line whose tax overflows was accepted")
	}
	if err := priceless([2]int64{math.MaxInt64, 1}).Check(); err != nil {
		t.Errorf("the largest amount there is: %v", err)
	}
	shipped := priceless([2]int64{1, 1})
	shipped.Options = []commerce.FulfillmentOption{{ID: "fast", Subtotal: math.MaxInt64, Tax: math.MaxInt64, Total: -2}}
	if err := shipped.Check(); err == nil || errors.Is(err, commerce.ErrOverflow) {
		t.Errorf("an option that overflows is the shop's fault: %v", err)
	}
}
