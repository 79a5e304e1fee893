package adapters

import "github.com/postern-gateway/postern/gateway/commerce"

// PricedTotals are the sums of a quote in minor units, net of tax. Tax and Fulfillment are nil while the shop cannot know them, which
// leaves their rows out; zero shows a row of zero.
type PricedTotals struct {
	Base, ItemsDiscount int64 // of the lines
	Discount            int64 // of the whole order
	Fulfillment, Tax    *int64
	Fee                 int64
	Due                 int64
	TaxNote             string // description of the tax row, such as where a rounding residual went
}

// Rows are the totals that an answer shows, in the order of the published examples (spec 2026-04-17, read 2026-11-22), each type once.
// Rows of zero are left out where they say nothing: discounts and fees.
func (t PricedTotals) Rows() []commerce.Total {
	rows := []commerce.Total{{Type: commerce.TotalItemsBase, DisplayText: "Items", Amount: t.Base}}
	add := func(kind commerce.TotalType, text string, amount int64) {
		rows = append(rows, commerce.Total{Type: kind, DisplayText: text, Amount: amount})
	}
	if t.ItemsDiscount != 0 {
		add(commerce.TotalItemsDiscount, "Item discounts", t.ItemsDiscount)
	}
	add(commerce.TotalSubtotal, "Subtotal", t.Base-t.ItemsDiscount)
	if t.Discount != 0 {
		add(commerce.TotalDiscount, "Discount", t.Discount)
	}
	if t.Fulfillment != nil {
		add(commerce.TotalFulfillment, "Shipping", *t.Fulfillment)
	}
	if t.Tax != nil {
		add(commerce.TotalTax, "Tax", *t.Tax)
		rows[len(rows)-1].Description = t.TaxNote
	}
	if t.Fee != 0 {
		add(commerce.TotalFee, "Fee", t.Fee)
	}
	add(commerce.TotalDue, "Total", t.Due)
	return rows
}
