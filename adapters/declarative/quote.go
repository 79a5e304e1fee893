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
	choices     []resultChoice
	discounts   []resultDiscount
	rejected    []commerce.RejectedDiscount
	messages    []resultMessage

	total, discount, shipping, shippingTax decimal.Decimal
	charges                                charges
	hasShipping, needsShipping             bool
	expires                                time.Time
}

// readQuote reads a result. cart is what the expressions saw: it has one line for each item.
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
	q.total, q.discount, q.charges = total, o.positive("discount"), readCharges(o)
	q.hasShipping = o.members["shipping"] != nil
	q.shipping, q.shippingTax = o.positive("shipping"), o.positive("shipping_tax")
	q.needsShipping = o.flag("needs_shipping", true)
	for _, l := range o.objects("lines") {
		q.lines = append(q.lines, readLine(l, cart))
	}
	for _, opt := range o.objects("options") {
		q.options = append(q.options, readOption(opt, cart))
	}
	for _, c := range o.objects("choices") {
		q.choices = append(q.choices, readChoice(c, cart))
	}
	if q.selected != "" && len(q.choices) > 0 {
		o.fail("selected", "says what choices says already; delete one of them")
	}
	for _, d := range o.objects("discounts") {
		q.discounts = append(q.discounts, readDiscount(d, cart))
	}
	for _, d := range o.objects("rejected") {
		q.rejected = append(q.rejected, readRejected(d))
	}
	for _, msg := range o.objects("messages") {
		q.messages = append(q.messages, readMessage(msg, cart))
	}
	o.done()
	return q, r.err
}

// exact is the quote in exact minor units, net of tax.
func (q *quoteResult) exact(m moneyRules) exactQuote {
	e := exactQuote{
		total: m.units(q.total), discount: m.units(q.discount), shipping: m.units(q.shipping), wrap: m.units(q.charges.wrap),
		tip: m.units(q.charges.tip), credit: m.units(q.charges.credit), extraTax: m.units(q.shippingTax.Add(q.charges.tax())),
	}
	for _, f := range q.charges.fees {
		e.fees = append(e.fees, m.units(f.amount))
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
		e.wrap.Sub(e.wrap, m.units(q.charges.wrapTax))
		for i, f := range q.charges.fees {
			e.fees[i].Sub(e.fees[i], m.units(f.tax))
		}
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
	options, err := m.roundOptions(res.options, r.Cart)
	if err != nil {
		return commerce.Quote{}, err
	}
	choices, err := s.selected(res, options, r.Cart)
	if err != nil {
		return commerce.Quote{}, err
	}
	exact := res.exact(m)
	if exact.delivery, err = sumOfSelected(choices, options); err != nil {
		return commerce.Quote{}, err
	}
	rounded, err := m.round(exact)
	if errors.Is(err, commerce.ErrOverflow) { // what was asked for costs too much; the shop itself is well
		return commerce.Quote{}, commerce.Faultf(commerce.Rejected, "the cart costs more than 64 bits of minor units can hold").Because(err)
	}
	if err != nil {
		return commerce.Quote{}, err
	}
	q := commerce.Quote{
		Currency: m.currency, ExactTotal: res.total.String(), Total: rounded.total, NeedsShipping: res.needsShipping,
		ExpiresAt: res.expires, Options: options, Choices: choices,
	}
	if q.CartRef, err = encodeCart(res.cart, keep); err != nil {
		return commerce.Quote{}, err
	}
	t := adapters.PricedTotals{
		Discount: rounded.discount, Fees: res.charges.rows(rounded.fees), GiftWrap: rounded.wrap, Tip: rounded.tip, StoreCredit: rounded.credit,
		Due: rounded.total,
	}
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
	if q.Discounts, err = m.makeDiscounts(res, r.Cart, q.Lines, rounded.discount, faults); err != nil {
		return commerce.Quote{}, err
	}
	explainDiscounts(q.Lines, q.Discounts.Applied)
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

// fingerprint changes when a price or a choice does. It rests on what the shop says, or else on everything that was priced.
func fingerprint(res quoteResult, q commerce.Quote) (string, error) {
	v := res.fingerprint
	if v == nil {
		parts := []any{string(q.Currency), q.ExactTotal, res.selected, res.shipping.String(), res.discount.String(), res.charges.feeSum().String()}
		parts = append(parts, res.charges.marks()...)
		for _, c := range res.choices {
			parts = append(parts, c.option)
		}
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
