package commerce_test

import (
	"errors"
	"math"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// delivered is a quote of one line of 1000, delivered by the options whose subtotals are given, each once chosen.
func delivered(row int64, subtotals ...int64) commerce.Quote {
	q := priceless([2]int64{1000, 1})
	for i, n := range subtotals {
		id := string(rune('a' + i))
		q.Options = append(q.Options, commerce.FulfillmentOption{ID: id, Subtotal: n, Tax: 5, Total: n + 5})
		q.Choices = append(q.Choices, commerce.Choice{OptionID: id})
	}
	q.Total += row
	q.Totals[1].Amount = q.Total
	q.Totals = append(q.Totals, commerce.Total{Type: commerce.TotalFulfillment, Amount: row})
	return q
}

// TestFulfillmentIsTheSumOfTheOptions holds quotes with several selected options to the sum of them, and leaves the row of a single one to
// the shop.
func TestFulfillmentIsTheSumOfTheOptions(t *testing.T) {
	t.Parallel()
	change := func(q commerce.Quote, f func(*commerce.Quote)) commerce.Quote {
		f(&q)
		return q
	}
	for name, c := range map[string]struct {
		quote commerce.Quote
		ok    bool
	}{
		"the sum":                     {delivered(1250, 550, 700), true},
		"all free":                    {delivered(0, 0, 0), true},
		"one unit less":               {delivered(1249, 550, 700), false},
		"with the tax of the options": {delivered(1260, 550, 700), false},
		"a single option, lowered":    {delivered(300, 550), true},
		"an option chosen twice counts once": {change(delivered(1250, 550, 700), func(q *commerce.Quote) {
			q.Choices = append(q.Choices, q.Choices[0])
		}), true},
		"an option that is not offered": {change(delivered(550, 550, 0), func(q *commerce.Quote) { q.Choices[1].OptionID = "z" }), false},
		"not priced yet": {change(delivered(1, 550, 700), func(q *commerce.Quote) {
			q.Totals, q.Total = nil, 0
		}), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := c.quote.Check(); (err == nil) != c.ok {
				t.Errorf("got %v", err)
			}
		})
	}
	if err := delivered(0, math.MaxInt64-5, 700).Check(); commerce.KindOf(err) != commerce.Rejected || !errors.Is(err, commerce.ErrOverflow) {
		t.Errorf("options that overflow: %v", err)
	}
}

// TestAllocationsAddUp holds every applied discount to the sum of its parts.
func TestAllocationsAddUp(t *testing.T) {
	t.Parallel()
	part := func(n int64) commerce.Allocation { return commerce.Allocation{LineID: "a", Amount: n} }
	for name, c := range map[string]struct {
		discount commerce.AppliedDiscount
		ok       bool
	}{
		"they do":          {commerce.AppliedDiscount{Amount: 30, Allocations: []commerce.Allocation{part(10), part(20)}}, true},
		"none are told":    {commerce.AppliedDiscount{Amount: 30}, true},
		"one unit too few": {commerce.AppliedDiscount{Amount: 30, Allocations: []commerce.Allocation{part(10), part(19)}}, false},
		"a negative part":  {commerce.AppliedDiscount{Amount: 30, Allocations: []commerce.Allocation{part(40), part(-10)}}, false},
		"a negative whole": {commerce.AppliedDiscount{Amount: -30}, false},
		"they wrap around": {commerce.AppliedDiscount{Amount: 0, Allocations: []commerce.Allocation{
			part(math.MaxInt64), part(math.MaxInt64), part(2),
		}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := priceless([2]int64{1000, 1})
			q.Discounts.Applied = []commerce.AppliedDiscount{{ID: "fine", Amount: 1, Allocations: []commerce.Allocation{part(1)}}, c.discount}
			if err := q.Check(); (err == nil) != c.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestSelected lists each selected option once, in the order of the choices, and none that is not offered.
func TestSelected(t *testing.T) {
	t.Parallel()
	q := delivered(0, 1, 2, 3)
	q.Choices = []commerce.Choice{{OptionID: "c"}, {OptionID: "z"}, {OptionID: "a"}, {OptionID: "c"}}
	got := q.Selected()
	if len(got) != 2 || got[0].ID != "c" || got[1].ID != "a" {
		t.Errorf("got %v", got)
	}
}
