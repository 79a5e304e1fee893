package write

import (
	"errors"
	"fmt"
	"slices"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// display is the order in which totals are shown, and the text of a row whose
// shop gave none. The schemas require the text.
var display = [...]struct {
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

// place is where a type stands in the order of display; −1 for a type that no
// date knows.
func place(t commerce.TotalType) int {
	for i := range display {
		if display[i].row == t {
			return i
		}
	}
	return -1
}

// Rows are totals with one row per type: agents often take the first row of a
// type, so equal types are added up. A row that stands for several with
// different texts gets the text of its type. A list that ends with its total,
// and with what was refunded after it, is one that the shop made to be shown
// and keeps its order; any other is put into the order of display.
func Rows(totals []commerce.Total) []commerce.Total {
	out := make([]commerce.Total, 0, len(totals))
	for _, t := range totals {
		at := place(t.Type)
		if at < 0 {
			continue
		}
		first := slices.IndexFunc(out, func(row commerce.Total) bool { return row.Type == t.Type })
		if first < 0 {
			out = append(out, t)
			continue
		}
		merge(&out[first], t, display[at].text)
	}
	if !toBeShown(out) {
		slices.SortStableFunc(out, func(a, b commerce.Total) int { return place(a.Type) - place(b.Type) })
	}
	for i := range out {
		if out[i].DisplayText = Plain(out[i].DisplayText); out[i].DisplayText == "" {
			out[i].DisplayText = display[place(out[i].Type)].text
		}
		out[i].Description = Plain(out[i].Description)
	}
	return out
}

func toBeShown(rows []commerce.Total) bool {
	last := len(rows) - 1
	if last >= 0 && rows[last].Type == commerce.TotalRefunded {
		last--
	}
	return last >= 0 && rows[last].Type == commerce.TotalDue
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

// OptionRows are the totals of a fulfillment option: the shop's own rows where
// it gave some, else the three numbers.
func OptionRows(o commerce.FulfillmentOption) []commerce.Total {
	if len(o.Totals) > 0 {
		return Rows(o.Totals)
	}
	return []commerce.Total{
		{Type: commerce.TotalSubtotal, DisplayText: "Subtotal", Amount: o.Subtotal},
		{Type: commerce.TotalTax, DisplayText: "Tax", Amount: o.Tax},
		{Type: commerce.TotalDue, DisplayText: "Total", Amount: o.Total},
	}
}

// LineRows are the totals of a line: the shop's own rows where it gave some,
// else the five that the published samples show most. Lines call their
// reduction discount, the session calls the sum items_discount.
func LineRows(l commerce.Line) []commerce.Total {
	if len(l.Totals) > 0 {
		return Rows(l.Totals)
	}
	return []commerce.Total{
		{Type: commerce.TotalItemsBase, DisplayText: "Items", Amount: l.Base},
		{Type: commerce.TotalDiscount, DisplayText: "Discount", Amount: l.Discount},
		{Type: commerce.TotalSubtotal, DisplayText: "Subtotal", Amount: l.Subtotal},
		{Type: commerce.TotalTax, DisplayText: "Tax", Amount: l.Tax},
		{Type: commerce.TotalDue, DisplayText: "Total", Amount: l.Total},
	}
}

// errTooMuch says that an amount is beyond what JSON readers keep exact.
var errTooMuch = errors.New("an amount exceeds 2^53−1 minor units")

// CheckQuote proves a quote before it is shown: [commerce.Quote.Check], no
// amount beyond [wire.MaxInteger], and rows of lines and options that say what
// their numbers say.
func CheckQuote(q commerce.Quote) error {
	// Bounds come first: within them the sums of the check cannot overflow.
	for i := range q.Lines {
		l := &q.Lines[i]
		if max(l.UnitAmount, l.Base, l.Discount, l.Subtotal, l.Tax, l.Total) > wire.MaxInteger {
			return fmt.Errorf("line %s: %w", l.ID, errTooMuch)
		}
		if err := checkRows(l.Totals, l.Total, l.Tax); err != nil {
			return fmt.Errorf("line %s: %w", l.ID, err)
		}
	}
	for i := range q.Options {
		o := &q.Options[i]
		if max(o.Subtotal, o.Tax, o.Total) > wire.MaxInteger {
			return fmt.Errorf("fulfillment option %s: %w", o.ID, errTooMuch)
		}
		if err := checkRows(o.Totals, o.Total, o.Tax); err != nil {
			return fmt.Errorf("fulfillment option %s: %w", o.ID, err)
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

// checkRows holds a shop's rows against the numbers that they explain: no
// negative amount, and the total and the tax that are charged.
func checkRows(rows []commerce.Total, total, tax int64) error {
	for _, r := range rows {
		switch {
		case r.Amount < 0:
			return fmt.Errorf("row %s is negative: %d", r.Type, r.Amount)
		case r.Amount > wire.MaxInteger:
			return errTooMuch
		case r.Type == commerce.TotalDue && r.Amount != total:
			return fmt.Errorf("row total says %d, the number is %d", r.Amount, total)
		case r.Type == commerce.TotalTax && r.Amount > tax:
			return fmt.Errorf("row tax says %d, the number is %d", r.Amount, tax)
		}
	}
	return nil
}
