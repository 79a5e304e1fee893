package write_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/write"
)

func TestRowsAddUp(t *testing.T) {
	t.Parallel()
	euro := func(n int64) *int64 { return &n }
	rows := write.Rows([]commerce.Total{
		{Type: commerce.TotalFee, DisplayText: "Service", Amount: 1, PresentmentAmount: euro(2), Breakdown: []commerce.TaxPart{{Amount: 1}}},
		{Type: commerce.TotalTax, DisplayText: "Tax", Amount: 1, Description: "VAT", PresentmentAmount: euro(1)},
		{Type: "unheard of", Amount: 9},
		{Type: commerce.TotalFee, DisplayText: "Packing", Amount: 2, PresentmentAmount: euro(3), Description: "box", Breakdown: []commerce.TaxPart{{Amount: 2}}},
		{Type: commerce.TotalTax, DisplayText: "Tax", Amount: 2},
	})
	if len(rows) != 2 || rows[0].Type != commerce.TotalTax || rows[1].Type != commerce.TotalFee {
		t.Fatalf("got %+v", rows)
	}
	tax, fee := rows[0], rows[1]
	if tax.Amount != 3 || tax.DisplayText != "Tax" || tax.Description != "VAT" || tax.PresentmentAmount != nil {
		t.Errorf("tax: %+v", tax)
	}
	if fee.Amount != 3 || fee.DisplayText != "Fees" || fee.Description != "box" || *fee.PresentmentAmount != 5 || len(fee.Breakdown) != 2 {
		t.Errorf("fee: %+v", fee)
	}
}

// A list that ends with its total keeps its order, any other gets one.
func TestOrderOfRows(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ given, want []commerce.TotalType }{
		"to be shown":  {[]commerce.TotalType{"subtotal", "tax", "fulfillment", "total"}, []commerce.TotalType{"subtotal", "tax", "fulfillment", "total"}},
		"and refunded": {[]commerce.TotalType{"tax", "fulfillment", "total", "amount_refunded"}, []commerce.TotalType{"tax", "fulfillment", "total", "amount_refunded"}},
		"no total":     {[]commerce.TotalType{"tax", "fulfillment", "subtotal"}, []commerce.TotalType{"subtotal", "fulfillment", "tax"}},
		"total first":  {[]commerce.TotalType{"total", "tax", "subtotal"}, []commerce.TotalType{"subtotal", "tax", "total"}},
		"after total":  {[]commerce.TotalType{"tax", "total", "fulfillment"}, []commerce.TotalType{"fulfillment", "tax", "total"}},
		"doubled":      {[]commerce.TotalType{"fee", "tax", "fee", "total"}, []commerce.TotalType{"fee", "tax", "total"}},
		"none":         {nil, []commerce.TotalType{}},
	} {
		given := make([]commerce.Total, len(tt.given))
		for i, kind := range tt.given {
			given[i].Type = kind
		}
		got := write.Each(write.Rows(given), func(row commerce.Total) commerce.TotalType { return row.Type })
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// The rows that a shop makes itself must say what the numbers say.
func TestOwnRowsAreChecked(t *testing.T) {
	t.Parallel()
	quote := func(row commerce.Total) commerce.Quote {
		return commerce.Quote{
			Lines:   []commerce.Line{{ID: "li_1", ItemID: "a", Quantity: 1, UnitAmount: 10, Base: 10, Subtotal: 10, Tax: 1, Total: 11}},
			Options: []commerce.FulfillmentOption{{ID: "o", Subtotal: 5, Tax: 1, Total: 6, Totals: []commerce.Total{row}}},
		}
	}
	for name, tt := range map[string]struct {
		row commerce.Total
		ok  bool
	}{
		"total":            {commerce.Total{Type: commerce.TotalDue, Amount: 6}, true},
		"another total":    {commerce.Total{Type: commerce.TotalDue, Amount: 5}, false},
		"less tax":         {commerce.Total{Type: commerce.TotalTax, Amount: 0}, true},
		"more tax":         {commerce.Total{Type: commerce.TotalTax, Amount: 2}, false},
		"negative":         {commerce.Total{Type: commerce.TotalFee, Amount: -1}, false},
		"beyond 2^53":      {commerce.Total{Type: commerce.TotalFee, Amount: math.MaxInt64}, false},
		"what it is about": {commerce.Total{Type: commerce.TotalFulfillment, Amount: 5}, true},
	} {
		q := quote(tt.row)
		if err := write.CheckQuote(q); (err == nil) != tt.ok {
			t.Errorf("option, %s: %v", name, err)
		}
		q.Lines[0].Totals, q.Options[0].Totals = q.Options[0].Totals, nil
		if tt.row.Type == commerce.TotalDue {
			q.Lines[0].Totals[0].Amount += 5 // a line's total is 11
		}
		if err := write.CheckQuote(q); (err == nil) != tt.ok {
			t.Errorf("line, %s: %v", name, err)
		}
	}
}
