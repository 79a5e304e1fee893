package declarative

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/itchyny/gojq"
	"github.com/shopspring/decimal"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// quoteResult is the result of the quote operation, read and not yet rounded.
type quoteResult struct {
	cart        any
	fingerprint any
	lines       []resultLine
	options     []resultOption
	selected    string
	discounts   []resultDiscount
	rejected    []commerce.RejectedDiscount
	messages    []commerce.Message

	total, discount, shipping, shippingTax, fee, feeTax decimal.Decimal
	hasShipping, needsShipping                          bool
	expires                                             time.Time
}

type resultLine struct {
	line                commerce.Line
	base, discount, tax decimal.Decimal
	unit                decimal.Decimal
	hasUnit             bool
	share               *big.Rat // of base, discount and tax, when the item is on several lines of the session; nil: all
}

type resultOption struct {
	option        commerce.FulfillmentOption
	subtotal, tax decimal.Decimal
}

func (m moneyRules) readQuote(v any, cart commerce.Cart) (quoteResult, error) {
	r := &reading{money: m}
	o := r.object("", v)
	q := quoteResult{cart: o.get("cart_ref"), fingerprint: o.get("fingerprint"), selected: o.text("selected"), expires: o.time("expires_at")}
	if code := o.required("currency"); !strings.EqualFold(code, string(m.currency)) {
		o.fail("currency", "is not the currency of the shop")
	}
	total, ok := o.amount("total")
	if !ok || total.IsNegative() {
		o.fail("total", "is required and must not be negative")
	}
	q.total, q.discount, q.fee, q.feeTax = total, o.positive("discount"), o.positive("fee"), o.positive("fee_tax")
	q.hasShipping = o.members["shipping"] != nil
	q.shipping, q.shippingTax = o.positive("shipping"), o.positive("shipping_tax")
	q.needsShipping = o.flag("needs_shipping", true)
	for _, l := range o.objects("lines") {
		q.lines = append(q.lines, readLine(l, cart))
	}
	for _, opt := range o.objects("options") {
		q.options = append(q.options, readOption(opt))
	}
	for _, d := range o.objects("discounts") {
		q.discounts = append(q.discounts, readDiscount(d))
	}
	for _, d := range o.objects("rejected") {
		q.rejected = append(q.rejected, readRejected(d))
	}
	for _, msg := range o.objects("messages") {
		q.messages = append(q.messages, readMessage(msg))
	}
	o.done()
	return q, r.err
}

// readLine reads a line. It is the session's line when its id says so, or the first with its item.
func readLine(o object, cart commerce.Cart) resultLine {
	id, item := o.text("id"), o.text("item")
	l := resultLine{line: commerce.Line{
		ID: id, ItemID: item, Name: o.text("title"), Description: o.text("description"), Images: o.texts("images"),
		ProductID: o.text("product_id"), SKU: o.text("sku"), VariantID: o.text("variant_id"), Category: o.text("category"),
		Availability:      commerce.Availability(o.oneOf("availability", "in_stock", "low_stock", "out_of_stock", "backorder", "pre_order")),
		AvailableQuantity: o.some("available"), MaxPerOrder: o.some("max"),
	}}
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

func readOption(o object) resultOption {
	r := resultOption{option: commerce.FulfillmentOption{
		ID: o.required("id"), Title: o.required("title"), Description: o.text("description"), Carrier: o.text("carrier"),
		Type:     commerce.FulfillmentType(o.oneOf("type", "shipping", "digital", "pickup", "local_delivery")),
		Delivery: commerce.Window{Earliest: o.time("earliest"), Latest: o.time("latest")},
	}}
	if r.option.Type == "" {
		r.option.Type = commerce.Shipping
	}
	r.subtotal, r.tax = o.positive("price"), o.positive("tax")
	if _, ok := o.amount("price"); !ok {
		o.fail("price", "is required")
	}
	o.done()
	return r
}

func readMessage(o object) commerce.Message {
	kind := o.oneOf("type", "info", "warning", "error")
	m := commerce.Message{
		Type: commerce.MessageType(kind), Code: o.text("code"), Param: o.text("param"), Content: o.required("content"),
		Resolution: commerce.Resolution(o.oneOf("resolution", "recoverable", "requires_buyer_input", "requires_buyer_review")),
	}
	if m.Type == "" {
		m.Type = commerce.Info
	}
	if m.Type == commerce.Error && m.Resolution == "" {
		m.Resolution = commerce.RequiresBuyerInput
	}
	if m.Param != "" && !strings.HasPrefix(m.Param, "$") {
		o.fail("param", "wants a path that starts with $")
	}
	o.done()
	return m
}

// exact is the quote in exact minor units, net of tax.
func (q *quoteResult) exact(m moneyRules) exactQuote {
	e := exactQuote{
		total: m.units(q.total), discount: m.units(q.discount), shipping: m.units(q.shipping), fee: m.units(q.fee),
		extraTax: m.units(q.shippingTax.Add(q.feeTax)),
	}
	for _, l := range q.lines {
		x := exactLine{base: m.units(l.base), discount: m.units(l.discount), tax: m.units(l.tax)}
		if m.included {
			x = net(x)
		}
		if l.share != nil {
			for _, part := range []*big.Rat{x.base, x.discount, x.tax} {
				part.Mul(part, l.share)
			}
		}
		e.lines = append(e.lines, x)
	}
	if m.included {
		e.shipping.Sub(e.shipping, m.units(q.shippingTax))
		e.fee.Sub(e.fee, m.units(q.feeTax))
	}
	return e
}

// quote makes the quote of a result. faults are what the rules said to go on from.
func (s *shop) makeQuote(v any, r adapters.QuoteRequest, keep map[string]any, faults []*commerce.Fault) (commerce.Quote, error) {
	m := s.money
	res, err := m.readQuote(v, merged(r.Cart))
	if err != nil {
		return commerce.Quote{}, err
	}
	if err := allLines(res.lines, merged(r.Cart), faults); err != nil {
		return commerce.Quote{}, err
	}
	res.unmerge(r.Cart)
	rounded, err := m.round(res.exact(m))
	if errors.Is(err, commerce.ErrOverflow) { // what was asked for costs too much; the shop itself is well
		return commerce.Quote{}, commerce.Faultf(commerce.Rejected, "the cart costs more than 64 bits of minor units can hold").Because(err)
	}
	if err != nil {
		return commerce.Quote{}, err
	}
	q := commerce.Quote{
		Currency: m.currency, ExactTotal: res.total.String(), Total: rounded.total, NeedsShipping: res.needsShipping,
		ExpiresAt: res.expires,
	}
	if q.CartRef, err = encodeCart(res.cart, keep); err != nil {
		return commerce.Quote{}, err
	}
	t := adapters.PricedTotals{Discount: rounded.discount, Fee: rounded.fee, Due: rounded.total}
	for i, l := range res.lines {
		line := m.roundLine(l, rounded.lines[i])
		t.Base, t.ItemsDiscount = t.Base+line.Base, t.ItemsDiscount+line.Discount
		q.Lines = append(q.Lines, line)
	}
	address := r.Cart.ShipTo != nil && r.Cart.ShipTo.Address != nil
	if res.hasShipping || rounded.shipping != 0 {
		t.Fulfillment = &rounded.shipping
	}
	if rounded.tax != 0 || address || !res.needsShipping {
		t.Tax = &rounded.tax
	}
	if rounded.residual != 0 {
		t.TaxNote = "includes a rounding difference"
	}
	q.Totals = t.Rows()
	if q.Options, err = m.roundOptions(res.options); err != nil {
		return commerce.Quote{}, err
	}
	q.Choices = choices(res, q.Options)
	if q.Discounts, err = makeDiscounts(res, r.Cart, q.Lines, rounded.discount, faults); err != nil {
		return commerce.Quote{}, err
	}
	q.Messages = messages(res, q, r.Cart, address, faults)
	if q.Fingerprint, err = fingerprint(res, q); err != nil {
		return commerce.Quote{}, err
	}
	if err := q.Check(); err != nil {
		return commerce.Quote{}, fmt.Errorf("result: %w", err)
	}
	return q, nil
}

// allLines makes sure that no wish was lost: a line that the shop did not take is the fault that it gave, or a hole in the description.
func allLines(lines []resultLine, cart commerce.Cart, faults []*commerce.Fault) error {
	priced := make(map[string]bool, len(lines))
	for _, l := range lines {
		if priced[l.line.ID] {
			return safeError("result.lines: a line of the session is there twice")
		}
		priced[l.line.ID] = true
	}
	for _, c := range cart.Lines {
		if priced[c.ID] {
			continue
		}
		for _, f := range faults {
			if f.Kind == commerce.OutOfStock && f.LineID == c.ID {
				return f
			}
		}
		return safeError("result.lines: a line of the session is missing")
	}
	return nil
}

func (m moneyRules) roundLine(l resultLine, r roundedLine) commerce.Line {
	line := l.line
	line.Base, line.Discount, line.Tax = r.base, r.discount, r.tax
	line.Subtotal = line.Base - line.Discount
	line.Total = line.Subtotal + line.Tax
	if n, err := m.minor(l.unit, m.currency); l.hasUnit && !m.included && err == nil {
		line.UnitAmount = n
	} else if line.Quantity > 0 {
		line.UnitAmount = (line.Base + line.Quantity/2) / line.Quantity
	}
	return line
}

func (m moneyRules) roundOptions(list []resultOption) ([]commerce.FulfillmentOption, error) {
	var out []commerce.FulfillmentOption
	for _, r := range list {
		o := r.option
		subtotal, gross := r.subtotal, r.subtotal.Add(r.tax)
		if m.included {
			subtotal, gross = r.subtotal.Sub(r.tax), r.subtotal
		}
		var err, err2 error
		o.Subtotal, err = m.minor(subtotal, m.currency)
		o.Total, err2 = m.minor(gross, m.currency)
		if err != nil || err2 != nil || o.Subtotal < 0 {
			return nil, safeError("result.options: a price does not fit")
		}
		o.Total = max(o.Total, o.Subtotal)
		o.Tax = o.Total - o.Subtotal
		out = append(out, o)
	}
	return out, nil
}

func choices(res quoteResult, options []commerce.FulfillmentOption) []commerce.Choice {
	for _, o := range options {
		if o.ID == res.selected && o.ID != "" {
			return []commerce.Choice{{Type: o.Type, OptionID: o.ID}}
		}
	}
	return nil
}

// fingerprint changes when a price or a choice does. It rests on what the shop says, or else on everything that was priced.
func fingerprint(res quoteResult, q commerce.Quote) (string, error) {
	v := res.fingerprint
	if v == nil {
		parts := []any{string(q.Currency), q.ExactTotal, res.selected, res.shipping.String(), res.discount.String(), res.fee.String()}
		for _, l := range res.lines {
			parts = append(parts, []any{l.line.ID, l.line.ItemID, int(l.line.Quantity), l.base.String(), l.discount.String(), l.tax.String()})
		}
		v = parts
	}
	data, err := gojq.Marshal(v)
	if err != nil {
		return "", safeError("result.fingerprint: cannot be written as JSON")
	}
	return digest(string(data)), nil
}
