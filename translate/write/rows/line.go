package rows

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
	"github.com/postern-gateway/postern/translate/write"
)

// Line is a line of a session or a cart.
type Line struct {
	ID       string `json:"id"`
	Item     Item   `json:"item"`
	Quantity int64  `json:"quantity"`
	write.Product
	ProductID          string           `json:"product_id,omitzero"`
	SKU                string           `json:"sku,omitzero"`
	VariantID          string           `json:"variant_id,omitzero"`
	Category           string           `json:"category,omitzero"`
	Tags               []string         `json:"tags,omitempty"`
	Weight             *Weight          `json:"weight,omitzero"`
	Dimensions         *Dimensions      `json:"dimensions,omitzero"`
	AvailabilityStatus string           `json:"availability_status,omitzero"`
	AvailableQuantity  *int64           `json:"available_quantity,omitzero"`
	MaxPerOrder        *int64           `json:"max_quantity_per_order,omitzero"`
	FulfillableOn      string           `json:"fulfillable_on,omitzero"`
	VariantOptions     []VariantOption  `json:"variant_options,omitempty"`
	DiscountDetails    []DiscountDetail `json:"discount_details,omitempty"`
	TaxExempt          *bool            `json:"tax_exempt,omitzero"`
	TaxExemptionReason string           `json:"tax_exemption_reason,omitzero"`
	ParentID           string           `json:"parent_id,omitzero"`
	Totals             []Total          `json:"totals"`
}

// Item is what is bought. Its name and price stand in the line.
type Item struct {
	ID string `json:"id"`
}

// VariantOption is a named value that tells a variant.
type VariantOption struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Weight is a physical weight.
type Weight struct {
	Value wire.Number `json:"value"`
	Unit  string      `json:"unit"`
}

// Dimensions are physical.
type Dimensions struct {
	Length wire.Number `json:"length"`
	Width  wire.Number `json:"width"`
	Height wire.Number `json:"height"`
	Unit   string      `json:"unit"`
}

// DiscountDetail explains a part of a line's discount.
type DiscountDetail struct {
	Code        string `json:"code,omitzero"`
	Type        string `json:"type"`
	Amount      int64  `json:"amount"`
	Description string `json:"description,omitzero"`
	Source      string `json:"source,omitzero"`
}

// Total is a row of totals.
type Total struct {
	Type              string             `json:"type"`
	DisplayText       string             `json:"display_text"`
	Amount            int64              `json:"amount"`
	PresentmentAmount *int64             `json:"presentment_amount,omitzero"`
	Description       string             `json:"description,omitzero"`
	Breakdown         []TaxBreakdownItem `json:"breakdown,omitempty"`
}

// TaxBreakdownItem is a tax by jurisdiction.
type TaxBreakdownItem struct {
	Jurisdiction string      `json:"jurisdiction"`
	Rate         wire.Number `json:"rate"`
	Amount       int64       `json:"amount"`
}

func lineOf(l commerce.Line) Line {
	out := Line{
		ID: l.ID, Item: Item{ID: l.ItemID}, Quantity: l.Quantity, Product: write.ProductOf(&l),
		ProductID: l.ProductID, SKU: l.SKU, VariantID: l.VariantID, Category: write.Plain(l.Category), Tags: l.Tags,
		Weight: weightOf(l.Weight), Dimensions: dimensionsOf(l.Dimensions),
		AvailabilityStatus: availability(l.Availability),
		AvailableQuantity:  write.AtLeast(l.AvailableQuantity, 0), MaxPerOrder: write.AtLeast(l.MaxPerOrder, 1),
		FulfillableOn: write.DateTime(l.FulfillableOn),
		TaxExempt:     l.TaxExempt, TaxExemptionReason: write.Plain(l.TaxExemptionReason), ParentID: l.ParentID,
		Totals: write.Each(write.LineRows(l), totalOf),
	}
	if len(l.VariantOptions) > 0 {
		out.VariantOptions = write.Each(l.VariantOptions, func(a commerce.Attribute) VariantOption {
			return VariantOption{Name: write.Plain(a.Name), Value: write.Plain(a.Value)}
		})
	}
	if len(l.DiscountDetails) > 0 {
		out.DiscountDetails = write.Each(l.DiscountDetails, discountDetailOf)
	}
	return out
}

func availability(a commerce.Availability) string {
	switch a {
	case commerce.InStock, commerce.LowStock, commerce.SoldOut, commerce.Backorder, commerce.Preordered:
		return string(a)
	default:
		return ""
	}
}

// totalsOf writes totals as they are shown, one row per type.
func totalsOf(totals []commerce.Total) []Total { return write.Each(write.Rows(totals), totalOf) }

func totalOf(t commerce.Total) Total {
	out := Total{
		Type: string(t.Type), DisplayText: t.DisplayText, Amount: t.Amount, PresentmentAmount: t.PresentmentAmount, Description: t.Description,
	}
	for _, p := range t.Breakdown {
		if rate, ok := wire.ParseNumber(p.Rate); ok {
			out.Breakdown = append(out.Breakdown, TaxBreakdownItem{Jurisdiction: p.Jurisdiction, Rate: rate, Amount: p.Amount})
		}
	}
	return out
}

func discountDetailOf(d commerce.LineDiscount) DiscountDetail {
	kind := write.OneOf(d.Type, "percentage", "fixed", "bogo", "volume")
	if kind == "" {
		kind = "fixed" // required; the amount is what counts
	}
	return DiscountDetail{
		Code: d.Code, Type: kind, Amount: d.Amount, Description: write.Plain(d.Description),
		Source: write.OneOf(d.Source, "coupon", "automatic", "loyalty"),
	}
}

func weightOf(w *commerce.Weight) *Weight {
	if w == nil {
		return nil
	}
	value, ok := wire.ParseNumber(w.Value)
	unit := write.OneOf(w.Unit, "g", "kg", "oz", "lb")
	if !ok || unit == "" {
		return nil
	}
	return &Weight{Value: value, Unit: unit}
}

func dimensionsOf(d *commerce.Dimensions) *Dimensions {
	if d == nil {
		return nil
	}
	length, okLength := wire.ParseNumber(d.Length)
	width, okWidth := wire.ParseNumber(d.Width)
	height, okHeight := wire.ParseNumber(d.Height)
	unit := write.OneOf(d.Unit, "cm", "in")
	if !okLength || !okWidth || !okHeight || unit == "" {
		return nil
	}
	return &Dimensions{Length: length, Width: width, Height: height, Unit: unit}
}
