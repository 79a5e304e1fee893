package v20260417

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/v20250929"
	"github.com/postern-gateway/postern/translate/wire"
)

func lineOf(l commerce.Line) lineItem {
	out := lineItem{
		ID: l.ID, Item: item{ID: l.ItemID}, Quantity: l.Quantity,
		Name: l.Name, Description: l.Description, Images: images(l.Images), UnitAmount: l.UnitAmount,
		Disclosures: each(l.Disclosures, disclosureOf),
		CustomAttributes: each(l.CustomAttributes, func(a commerce.Attribute) customAttribute {
			return customAttribute{DisplayName: a.Name, Value: a.Value}
		}),
		ProductID: l.ProductID, SKU: l.SKU, VariantID: l.VariantID, Category: l.Category, Tags: l.Tags,
		Weight: weightOf(l.Weight), Dimensions: dimensionsOf(l.Dimensions),
		AvailabilityStatus: oneOf(string(l.Availability), string(commerce.InStock), string(commerce.LowStock), string(commerce.SoldOut),
			string(commerce.Backorder), string(commerce.Preordered)),
		AvailableQuantity: atLeast(l.AvailableQuantity, 0), MaxPerOrder: atLeast(l.MaxPerOrder, 1), FulfillableOn: dateTime(l.FulfillableOn),
		VariantOptions: each(l.VariantOptions, func(a commerce.Attribute) variantOption {
			return variantOption{Name: a.Name, Value: a.Value}
		}),
		DiscountDetails: discountDetails(l.DiscountDetails),
		TaxExempt:       l.TaxExempt, TaxExemptionReason: l.TaxExemptionReason, ParentID: l.ParentID,
		Totals: lineTotals(l),
	}
	if l.SellerName != "" {
		out.Marketplace = &marketplaceSeller{Name: l.SellerName}
	}
	return out
}

// lineTotals are the five rows that the published samples show most. Lines
// call their reduction discount, the session calls the sum items_discount.
func lineTotals(l commerce.Line) []total {
	return []total{
		{Type: string(commerce.TotalItemsBase), DisplayText: "Items", Amount: l.Base},
		{Type: string(commerce.TotalDiscount), DisplayText: "Discount", Amount: l.Discount},
		{Type: string(commerce.TotalSubtotal), DisplayText: "Subtotal", Amount: l.Subtotal},
		{Type: string(commerce.TotalTax), DisplayText: "Tax", Amount: l.Tax},
		{Type: string(commerce.TotalDue), DisplayText: "Total", Amount: l.Total},
	}
}

// totalsOf writes totals in the order of display, one row per type.
func totalsOf(totals []commerce.Total) []total {
	return each(v20250929.Rows(totals), func(t commerce.Total) total {
		return total{
			Type: string(t.Type), DisplayText: t.DisplayText, Amount: t.Amount, PresentmentAmount: t.PresentmentAmount,
			Description: t.Description, Breakdown: breakdown(t.Breakdown),
		}
	})
}

func breakdown(parts []commerce.TaxPart) []taxBreakdownItem {
	out := make([]taxBreakdownItem, 0, len(parts))
	for _, p := range parts {
		if rate, ok := wire.ParseNumber(p.Rate); ok {
			out = append(out, taxBreakdownItem{Jurisdiction: p.Jurisdiction, Rate: rate, Amount: p.Amount})
		}
	}
	return out
}

func images(addresses []string) []string {
	out := make([]string, 0, len(addresses))
	for _, a := range addresses {
		if a = absolute(a); a != "" {
			out = append(out, a)
		}
	}
	return out
}

func disclosureOf(d commerce.Disclosure) disclosure {
	out := disclosure{Type: "disclaimer", ContentType: d.ContentType, Content: d.Content} // the one type there is
	if out.ContentType != "markdown" {
		out.ContentType = "plain"
	}
	return out
}

func discountDetails(details []commerce.LineDiscount) []discountDetail {
	out := make([]discountDetail, 0, len(details))
	for _, d := range details {
		kind := oneOf(d.Type, "percentage", "fixed", "bogo", "volume")
		if kind == "" {
			kind = "fixed" // required; the amount is what counts
		}
		out = append(out, discountDetail{
			Code: d.Code, Type: kind, Amount: d.Amount, Description: d.Description, Source: oneOf(d.Source, "coupon", "automatic", "loyalty"),
		})
	}
	return out
}

func atLeast(n *int64, least int64) *int64 {
	if n == nil || *n < least {
		return nil
	}
	return n
}

func weightOf(w *commerce.Weight) *weight {
	if w == nil {
		return nil
	}
	value, ok := wire.ParseNumber(w.Value)
	unit := oneOf(w.Unit, "g", "kg", "oz", "lb")
	if !ok || unit == "" {
		return nil
	}
	return &weight{Value: value, Unit: unit}
}

func dimensionsOf(d *commerce.Dimensions) *dimensions {
	if d == nil {
		return nil
	}
	length, okLength := wire.ParseNumber(d.Length)
	width, okWidth := wire.ParseNumber(d.Width)
	height, okHeight := wire.ParseNumber(d.Height)
	unit := oneOf(d.Unit, "cm", "in")
	if !okLength || !okWidth || !okHeight || unit == "" {
		return nil
	}
	return &dimensions{Length: length, Width: width, Height: height, Unit: unit}
}
