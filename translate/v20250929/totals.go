package v20250929

import (
	"errors"
	"fmt"
	"slices"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// display is the order in which totals are shown, and the text of a row whose
// shop gave none. The schemas require the text.
var display = []struct {
	row  commerce.TotalType
	text string
}{
	{commerce.TotalItemsBase, "Items"},
	{commerce.TotalItemsDiscount, "Item discounts"},
	{commerce.TotalSubtotal, "Subtotal"},
	{commerce.TotalDiscount, "Discount"},
	{commerce.TotalFulfillment, "Delivery"},
	{commerce.TotalTax, "Tax"},
	{commerce.TotalFee, "Fees"},
	{commerce.TotalGiftWrap, "Gift wrap"},
	{commerce.TotalTip, "Tip"},
	{commerce.TotalStoreCredit, "Store credit"},
	{commerce.TotalDue, "Total"},
	{commerce.TotalRefunded, "Refunded"},
}

// Rows puts totals into the order of display, one row per type: agents often
// take the first row of a type, so equal types are added up. A row that stands
// for several with different texts gets the text of its type.
func Rows(totals []commerce.Total) []commerce.Total {
	out := make([]commerce.Total, 0, len(totals))
	for _, d := range display {
		found := false
		for _, t := range totals {
			if t.Type != d.row {
				continue
			}
			if !found {
				found, out = true, append(out, t)
				continue
			}
			merge(&out[len(out)-1], t, d.text)
		}
		if found && out[len(out)-1].DisplayText == "" {
			out[len(out)-1].DisplayText = d.text
		}
	}
	return out
}

func merge(row *commerce.Total, t commerce.Total, text string) {
	row.Amount += t.Amount // within bounds: CheckQuote has seen the sum
	if row.DisplayText != t.DisplayText {
		row.DisplayText = text
	}
	if row.Description == "" {
		row.Description = t.Description
	}
	row.Breakdown = append(slices.Clip(row.Breakdown), t.Breakdown...)
	if row.PresentmentAmount != nil && t.PresentmentAmount != nil {
		sum := *row.PresentmentAmount + *t.PresentmentAmount
		row.PresentmentAmount = &sum
	} else {
		row.PresentmentAmount = nil // a part in another currency is no whole
	}
}

// totalsOf folds the rows that came with later dates into those of this one,
// so that the formula of the total still holds: gift wrap and tip are fees,
// store credit is a discount. Refunds are no part of a session here.
func totalsOf(totals []commerce.Total) []total {
	folded := make([]commerce.Total, 0, len(totals))
	for _, t := range totals {
		switch t.Type {
		case commerce.TotalGiftWrap, commerce.TotalTip:
			t.Type = commerce.TotalFee
		case commerce.TotalStoreCredit:
			t.Type = commerce.TotalDiscount
		case commerce.TotalRefunded:
			continue
		case commerce.TotalItemsBase, commerce.TotalItemsDiscount, commerce.TotalSubtotal, commerce.TotalDiscount,
			commerce.TotalFulfillment, commerce.TotalTax, commerce.TotalFee, commerce.TotalDue:
		}
		folded = append(folded, t)
	}
	rows := Rows(folded)
	out := make([]total, len(rows))
	for i, row := range rows {
		out[i] = total{Type: string(row.Type), DisplayText: row.DisplayText, Amount: row.Amount}
	}
	return out
}

// errTooMuch says that an amount is beyond what JSON readers keep exact.
var errTooMuch = errors.New("an amount exceeds 2^53−1 minor units")

// CheckQuote proves a quote before it is shown: [commerce.Quote.Check], and no
// amount beyond [wire.MaxInteger].
func CheckQuote(q commerce.Quote) error {
	// Bounds come first: within them the sums of the check cannot overflow.
	for _, l := range q.Lines {
		if max(l.UnitAmount, l.Base, l.Discount, l.Subtotal, l.Tax, l.Total) > wire.MaxInteger {
			return fmt.Errorf("line %s: %w", l.ID, errTooMuch)
		}
	}
	for _, o := range q.Options {
		if max(o.Subtotal, o.Tax, o.Total) > wire.MaxInteger {
			return fmt.Errorf("fulfillment option %s: %w", o.ID, errTooMuch)
		}
	}
	for _, t := range q.Totals {
		if t.Amount > wire.MaxInteger {
			return fmt.Errorf("total %s: %w", t.Type, errTooMuch)
		}
	}
	if err := q.Check(); err != nil {
		return fmt.Errorf("quote: %w", err)
	}
	return nil
}
