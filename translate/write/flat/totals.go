package flat

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/write"
)

// Total is a row of totals with the description that it has since 2025-12-12.
type Total struct {
	Type        string `json:"type"`
	DisplayText string `json:"display_text"`
	Amount      int64  `json:"amount"`
	Description string `json:"description,omitzero"`
}

// TotalOf writes a row that [Fold] or [write.OptionRows] gave.
func TotalOf(t commerce.Total) Total {
	return Total{Type: string(t.Type), DisplayText: t.DisplayText, Amount: t.Amount, Description: t.Description}
}

// Fold puts the rows that came with later dates into those of these ones, so
// that the formula of the total still holds: gift wrap and tip are fees, store
// credit is a discount. Refunds are no part of a session here. There is one row
// per type.
func Fold(totals []commerce.Total) []commerce.Total {
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
	return write.Rows(folded)
}
