package adapters

import (
	"cmp"
	"strings"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// PricedTotals are the sums of a quote in minor units, net of tax. Tax and Fulfillment are nil while the shop cannot know them, which
// leaves their rows out; zero shows a row of zero.
type PricedTotals struct {
	Base, ItemsDiscount int64 // of the lines
	Discount            int64 // of the whole order
	Fulfillment, Tax    *int64
	Fees                []Charge
	GiftWrap, Tip       int64
	StoreCredit         int64 // taken off
	Due                 int64
	TaxNote             string // description of the tax row, such as where a rounding residual went
}

// Charge is something that a shop adds under a name of its own, in minor units. The zero value adds nothing.
type Charge struct {
	Name, Description string
	Amount            int64
}

// feeRow is all fees as one row, because agents often read the first row of a type only. What they are made of stands in its texts.
func feeRow(fees []Charge) (row commerce.Total, ok bool) {
	row = commerce.Total{Type: commerce.TotalFee, DisplayText: "Fees"}
	var names []string
	for _, f := range fees {
		row.Amount += f.Amount
		if f.Name != "" {
			names = append(names, f.Name)
		}
	}
	switch {
	case len(fees) == 1:
		row.DisplayText, row.Description = cmp.Or(fees[0].Name, "Fee"), fees[0].Description
	case len(names) > 0:
		row.Description = strings.Join(names, ", ")
	}
	return row, row.Amount != 0
}

// Rows are the totals that an answer shows, in the order of the published examples (spec 2026-04-17, read 2026-11-22), each type once.
// Rows of zero are left out where they say nothing: discounts, fees, gift wrap, tip and store credit.
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
	if fee, ok := feeRow(t.Fees); ok {
		rows = append(rows, fee)
	}
	for _, extra := range []struct {
		kind   commerce.TotalType
		text   string
		amount int64
	}{{commerce.TotalGiftWrap, "Gift wrap", t.GiftWrap}, {commerce.TotalTip, "Tip", t.Tip}, {commerce.TotalStoreCredit, "Store credit", t.StoreCredit}} {
		if extra.amount != 0 {
			add(extra.kind, extra.text, extra.amount)
		}
	}
	add(commerce.TotalDue, "Total", t.Due)
	return rows
}
