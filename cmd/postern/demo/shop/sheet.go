package shop

import (
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// Sheet is what a cart costs now, or what an order cost when it was placed.
// Prices, discounts and shipping have two digits; taxes and the grand total are
// never rounded and have at least four. Every number is text.
type Sheet struct {
	Currency string    `json:"currency"`
	Lines    []Line    `json:"lines"`
	Coupons  []Coupon  `json:"coupons"`
	Shipping *Shipping `json:"shipping"`
	TaxRate  string    `json:"tax_rate"`
	// TaxFinal is "Y" once an address says which tax is due.
	TaxFinal string `json:"tax_final"`
	Totals   Totals `json:"totals"`

	grand decimal.Decimal
}

// Line is one article in a cart or an order.
type Line struct {
	Line        string `json:"line"`
	SKU         string `json:"sku"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Image       string `json:"image"`
	Quantity    string `json:"qty"`
	Price       string `json:"price"`
	Amount      string `json:"amount"`
	Discount    string `json:"discount"`
	Tax         string `json:"tax"`
	InStock     string `json:"in_stock"`
	// Shipped is how many pieces have left the house; always 0 in a cart.
	Shipped string `json:"shipped"`

	quantity int
}

// Coupon is a code that was entered, with what it takes off each line.
type Coupon struct {
	Code     string `json:"code"`
	Label    string `json:"label"`
	Kind     string `json:"kind"`
	Discount string `json:"discount"`
	// Problem says why an entered code no longer takes anything off, else "".
	Problem string  `json:"problem"`
	Lines   []Share `json:"lines"`
}

// Share is the part of a coupon that falls on one line.
type Share struct {
	Line   string `json:"line"`
	Amount string `json:"amount"`
}

// Shipping is a way of shipping with its price for one cart.
type Shipping struct {
	Code    string `json:"code"`
	Label   string `json:"label"`
	Carrier string `json:"carrier"`
	Days    string `json:"days"`
	Price   string `json:"price"`
	Tax     string `json:"tax"`
}

// Totals adds a sheet up: items - discount + shipping + tax = grand.
type Totals struct {
	Items    string `json:"items"`
	Discount string `json:"discount"`
	Shipping string `json:"shipping"`
	Tax      string `json:"tax"`
	Grand    string `json:"grand"`
}

// TotalMinor is the grand total in cents, rounded half up: the rule by which
// the shop compares what was paid with what it asked for.
func (s Sheet) TotalMinor() int64 { return s.grand.Round(2).Shift(2).IntPart() }

func (s Sheet) clone() Sheet {
	s.Lines = slices.Clone(s.Lines)
	s.Coupons = slices.Clone(s.Coupons)
	for i := range s.Coupons {
		s.Coupons[i].Lines = slices.Clone(s.Coupons[i].Lines)
	}
	if s.Shipping != nil {
		sh := *s.Shipping
		s.Shipping = &sh
	}
	return s
}

// sheet prices a cart with today's prices, which is what the shop does at every
// look: nothing is frozen before the order is placed.
func (s *Shop) sheet(c call, k *cart) Sheet {
	out := Sheet{Currency: currency, Lines: []Line{}, Coupons: []Coupon{}, TaxRate: "0", TaxFinal: letter(k.customer.ShipTo != nil)}
	rate := taxRate(k.customer.ShipTo)
	out.TaxRate = rate.String()

	left := make([]decimal.Decimal, len(k.lines)) // what each line costs after discounts
	items, grams := decimal.Zero, 0
	for i, l := range k.lines {
		a := s.items[l.sku]
		left[i] = a.price.Mul(decimal.NewFromInt(int64(l.quantity)))
		items = items.Add(left[i])
		grams += a.WeightGrams * l.quantity
		out.Lines = append(out.Lines, Line{
			Line: digits(l.number), SKU: l.sku, Title: a.Title, Description: a.Description, Image: imageURL(c, l.sku),
			Quantity: digits(l.quantity), Price: a.price.StringFixed(2), Amount: left[i].StringFixed(2), InStock: digits(a.Stock),
			Shipped: "0", quantity: l.quantity,
		})
	}
	gross := slices.Clone(left)
	discount := decimal.Zero
	for _, code := range k.coupons {
		cp, off := s.takeOff(code, items, left, out.Lines)
		out.Coupons = append(out.Coupons, cp)
		discount = discount.Add(off)
	}
	tax := decimal.Zero
	for i := range out.Lines {
		t := left[i].Mul(rate)
		tax = tax.Add(t)
		out.Lines[i].Discount = gross[i].Sub(left[i]).StringFixed(2)
		out.Lines[i].Tax = unrounded(t)
	}
	shipping := decimal.Zero
	if m, ok := offeredMethod(k.customer.ShipTo, k.shipping); ok {
		shipping = m.price(grams)
		tax = tax.Add(shipping.Mul(rate))
		out.Shipping = shippingView(m, grams, rate)
	}
	out.grand = items.Sub(discount).Add(shipping).Add(tax)
	out.Totals = Totals{
		Items: items.StringFixed(2), Discount: discount.StringFixed(2), Shipping: shipping.StringFixed(2),
		Tax: unrounded(tax), Grand: unrounded(out.grand),
	}
	return out
}

// takeOff applies one code to what the lines still cost and reports its sum.
func (s *Shop) takeOff(code string, items decimal.Decimal, left []decimal.Decimal, lines []Line) (Coupon, decimal.Decimal) {
	v, _ := findVoucher(code)
	out := Coupon{Code: v.code, Label: v.label, Kind: "fixed", Problem: v.problem(items), Lines: []Share{}}
	if v.fixed.IsZero() {
		out.Kind = "percent"
	}
	sum := decimal.Zero
	if out.Problem == "" {
		for i, off := range v.allocate(left) {
			left[i] = left[i].Sub(off)
			sum = sum.Add(off)
			out.Lines = append(out.Lines, Share{Line: lines[i].Line, Amount: off.StringFixed(2)})
		}
	}
	out.Discount = sum.StringFixed(2)
	return out, sum
}

func shippingView(m method, grams int, rate decimal.Decimal) *Shipping {
	price := m.price(grams)
	return &Shipping{
		Code: m.code, Label: m.label, Carrier: m.carrier, Days: m.days,
		Price: price.StringFixed(2), Tax: unrounded(price.Mul(rate)),
	}
}

// unrounded writes an amount with all its digits, and with four at least.
func unrounded(d decimal.Decimal) string {
	text := d.String()
	if dot := strings.IndexByte(text, '.'); dot < 0 || len(text)-dot-1 < 4 {
		return d.StringFixed(4)
	}
	return text
}
