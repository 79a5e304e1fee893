package declarative

import (
	"math/big"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// resultLine is a line of a result, not yet rounded.
type resultLine struct {
	line                commerce.Line
	base, discount, tax decimal.Decimal
	unit                decimal.Decimal
	hasUnit             bool
	share               *big.Rat // of base, discount and tax, when the item is on several lines of the session; nil: all
}

// readLine reads a line. It is the session's line when its id says so, or the first with its item.
func readLine(o object, cart commerce.Cart) resultLine {
	id, item := o.text("id"), o.text("item")
	l := resultLine{line: commerce.Line{
		ID: id, ItemID: item, Name: o.words("title"), Description: o.words("description"), Images: o.texts("images"),
		ProductID: o.text("product_id"), SKU: o.text("sku"), VariantID: o.text("variant_id"), Category: o.words("category"),
		Availability:      commerce.Availability(o.oneOf("availability", "in_stock", "low_stock", "out_of_stock", "backorder", "pre_order")),
		AvailableQuantity: o.some("available"), MaxPerOrder: o.some("max"),
		SellerName: o.words("seller"), FulfillableOn: o.stamp("fulfillable_on"), Tags: o.texts("tags"),
		VariantOptions: attributes(o, "variant_options"), CustomAttributes: attributes(o, "attributes"),
		TaxExemptionReason: o.words("tax_exemption_reason"), ParentID: o.text("parent"), NoDelivery: !o.flag("needs_delivery", true),
	}}
	if o.get("tax_exempt") != nil {
		exempt := o.flag("tax_exempt", false)
		l.line.TaxExempt = &exempt
	}
	l.line.Weight, l.line.Dimensions = weight(o), dimensions(o)
	for _, d := range o.objects("disclosures") {
		l.line.Disclosures = append(l.line.Disclosures, commerce.Disclosure{Type: "disclaimer", ContentType: "plain", Content: d.requiredWords("content")})
		d.done()
	}
	found := false
	for _, c := range cart.Lines {
		if c.ID == id || (id == "" && c.ItemID == item) {
			l.line.ID, l.line.ItemID, l.line.Quantity, found = c.ID, c.ItemID, c.Quantity, true
			break
		}
	}
	if !found {
		o.fail("id", "is no line of the session: give its id, or the item that the agent asked for")
	}
	if p := l.line.ParentID; p != "" && !slices.ContainsFunc(cart.Lines, func(c commerce.CartLine) bool { return c.ID == p }) {
		o.fail("parent", "is no line of the session: give the id of the line that this one belongs to")
	}
	if n := o.count("quantity", l.line.Quantity); n != l.line.Quantity {
		o.fail("quantity", "is not the quantity that was asked for; mend the cart before pricing it")
	}
	l.base, l.discount, l.tax = o.positive("base"), o.positive("discount"), o.positive("tax")
	if _, ok := o.amount("base"); !ok {
		o.fail("base", "is required")
	}
	l.unit, l.hasUnit = o.amount("unit")
	if l.unit.IsNegative() {
		o.fail("unit", "is negative")
	}
	o.done()
	return l
}

// attributes are named values.
func attributes(o object, name string) []commerce.Attribute {
	var out []commerce.Attribute
	for _, a := range o.objects(name) {
		out = append(out, commerce.Attribute{Name: a.requiredWords("name"), Value: a.requiredWords("value")})
		a.done()
	}
	return out
}

func weight(o object) *commerce.Weight {
	w, ok := o.part("weight")
	if !ok {
		return nil
	}
	out := &commerce.Weight{Value: w.decimal("value"), Unit: w.oneOf("unit", "g", "kg", "oz", "lb")}
	if out.Value == "" || out.Unit == "" {
		w.fail("value", "and unit are required: g, kg, oz or lb")
	}
	w.done()
	return out
}

func dimensions(o object) *commerce.Dimensions {
	d, ok := o.part("dimensions")
	if !ok {
		return nil
	}
	out := &commerce.Dimensions{Length: d.decimal("length"), Width: d.decimal("width"), Height: d.decimal("height"), Unit: d.oneOf("unit", "cm", "in")}
	if out.Unit == "" || out.Length == "" || out.Width == "" || out.Height == "" {
		d.fail("unit", "and length, width and height are required; the unit is cm or in")
	}
	d.done()
	return out
}
