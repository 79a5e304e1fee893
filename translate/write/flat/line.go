package flat

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/write"
)

// Line is a line with flat amounts and its quantity inside the item, as
// 2025-09-29 has it.
type Line struct {
	ID         string `json:"id"`
	Item       Item   `json:"item"`
	BaseAmount int64  `json:"base_amount"`
	Discount   int64  `json:"discount"`
	Subtotal   int64  `json:"subtotal"`
	Tax        int64  `json:"tax"`
	Total      int64  `json:"total"`
}

// Item is what is bought and how often.
type Item struct {
	ID       string `json:"id"`
	Quantity int64  `json:"quantity"`
}

// ProductLine is a line that shows its goods too, from 2025-12-12 on.
type ProductLine struct {
	Line
	write.Product
}

// LineOf writes the amounts of a line.
func LineOf(l commerce.Line) Line {
	return Line{
		ID: l.ID, Item: Item{ID: l.ItemID, Quantity: l.Quantity},
		BaseAmount: l.Base, Discount: l.Discount, Subtotal: l.Subtotal, Tax: l.Tax, Total: l.Total,
	}
}

// ProductLineOf writes the amounts and the goods of a line.
func ProductLineOf(l commerce.Line) ProductLine {
	return ProductLine{Line: LineOf(l), Product: write.ProductOf(&l)}
}
