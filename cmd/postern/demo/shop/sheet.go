package shop

import (
	"maps"
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
	// Parcels are what goes together; Shipping is the way of the first of them that is no download.
	Parcels []Parcel `json:"parcels"`
	// Rebates are what the shop takes off by itself, Fees what it adds, Notices what it has to say. They are left out where there is none.
	Rebates []Rebate `json:"rebates,omitempty"`
	Fees    []Fee    `json:"fees,omitempty"`
	Notices []Remark `json:"notices,omitempty"`

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
	Weight      string `json:"weight_g"`
	Max         string `json:"max_qty"`
	Depot       Depot  `json:"depot"`
	// Wrap is what wrapping the line costs; left out when it is not wrapped.
	Wrap       string  `json:"wrap,omitempty"`
	Traits     []Trait `json:"traits,omitempty"`
	Disclosure string  `json:"disclosure,omitempty"`
	// Shipped is how many pieces have left the house; always 0 in a cart.
	Shipped string `json:"shipped"`

	quantity int
}

// Coupon is a code that was entered, with what it takes off each line.
type Coupon struct {
	Code  string `json:"code"`
	Label string `json:"label"`
	// Kind is percent or fixed, Off how many or how much.
	Kind     string `json:"kind"`
	Off      string `json:"off"`
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

// Rebate is what the shop takes off by itself, with what it takes off each line.
type Rebate struct {
	ID       string  `json:"id"`
	Label    string  `json:"label"`
	Percent  string  `json:"percent"`
	Discount string  `json:"discount"`
	Lines    []Share `json:"lines"`
}

// Fee is what the shop adds under a name of its own. It bears no tax.
type Fee struct {
	Label  string `json:"label"`
	Amount string `json:"amount"`
}

// Shipping is a way for a parcel with its price for one cart.
type Shipping struct {
	Code    string `json:"code"`
	Label   string `json:"label"`
	Carrier string `json:"carrier"`
	Days    string `json:"days"`
	Price   string `json:"price"`
	Tax     string `json:"tax"`
	// Kind is parcel, pickup, courier or download.
	Kind   string   `json:"kind"`
	Parcel Depot    `json:"parcel"`
	Lines  []string `json:"lines"`
	// Place, From and Until: where and when to fetch it, or when the courier comes. UTC in SQL's form.
	Place *Place `json:"place,omitempty"`
	From  string `json:"from,omitempty"`
	Until string `json:"until,omitempty"`
	// RadiusMiles and CenterZip are how far a courier goes from where.
	RadiusMiles string `json:"radius_miles,omitempty"`
	CenterZip   string `json:"center_zip,omitempty"`
}

// Totals adds a sheet up: items - discount + shipping + wrap + fees + tax = grand.
// Wrap and Fees are left out where there is none.
type Totals struct {
	Items    string `json:"items"`
	Discount string `json:"discount"`
	Shipping string `json:"shipping"`
	Tax      string `json:"tax"`
	Grand    string `json:"grand"`
	Wrap     string `json:"wrap,omitempty"`
	Fees     string `json:"fees,omitempty"`
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
	s.Shipping = s.Shipping.clone()
	s.Parcels = slices.Clone(s.Parcels)
	for i := range s.Parcels {
		s.Parcels[i].Lines, s.Parcels[i].Shipping = slices.Clone(s.Parcels[i].Lines), s.Parcels[i].Shipping.clone()
	}
	s.Fees, s.Notices, s.Rebates = slices.Clone(s.Fees), slices.Clone(s.Notices), slices.Clone(s.Rebates)
	for i := range s.Rebates {
		s.Rebates[i].Lines = slices.Clone(s.Rebates[i].Lines)
	}
	return s
}

func (s *Shipping) clone() *Shipping {
	if s == nil {
		return nil
	}
	c := *s
	c.Lines = slices.Clone(s.Lines)
	return &c
}

// sheet prices a cart with today's prices, which is what the shop does at every
// look: nothing is frozen before the order is placed.
func (s *Shop) sheet(c call, k *cart) Sheet {
	parcels := s.loads(k)
	final := k.customer.ShipTo != nil || !needsAddress(parcels)
	out := Sheet{Currency: currency, Lines: []Line{}, Coupons: []Coupon{}, Parcels: []Parcel{}, TaxFinal: letter(final), Notices: s.remarks(k)}
	rate := taxRate(k.customer.ShipTo)
	out.TaxRate = rate.String()

	left := make([]decimal.Decimal, len(k.lines)) // what each line costs after discounts
	items, wrap := decimal.Zero, decimal.Zero
	for i, l := range k.lines {
		a := s.items[l.sku]
		pieces := decimal.NewFromInt(int64(l.quantity))
		left[i] = a.price.Mul(pieces)
		items = items.Add(left[i])
		out.Lines = append(out.Lines, s.line(c, l, a))
		if w := a.wrap.Mul(pieces); w.IsPositive() {
			wrap = wrap.Add(w)
			out.Lines[i].Wrap = w.StringFixed(2)
		}
	}
	gross := slices.Clone(left)
	discount := s.rebates(&out, k, left)
	for _, code := range k.coupons {
		cp, off := s.takeOff(code, k, left, out.Lines)
		out.Coupons = append(out.Coupons, cp)
		discount = discount.Add(off)
	}
	tax := wrap.Mul(rate)
	for i := range out.Lines {
		t := left[i].Mul(rate)
		if out.Lines[i].Depot == Download { // what is no thing bears no sales tax
			t = decimal.Zero
		}
		tax = tax.Add(t)
		out.Lines[i].Discount = gross[i].Sub(left[i]).StringFixed(2)
		out.Lines[i].Tax = unrounded(t)
	}
	shipping := decimal.Zero
	for _, l := range parcels {
		p := Parcel{Parcel: l.depot.name, Lines: l.lines}
		if m, ok := l.chosen(k); ok {
			p.Shipping = l.view(s, m, rate)
			shipping = shipping.Add(m.price(l.grams))
		}
		if out.Shipping == nil && l.depot.name != Download {
			out.Shipping = p.Shipping
		}
		out.Parcels = append(out.Parcels, p)
	}
	tax = tax.Add(shipping.Mul(rate))
	fees := s.fees(&out, k)
	out.grand = items.Sub(discount).Add(shipping).Add(wrap).Add(fees).Add(tax)
	out.Totals = Totals{
		Items: items.StringFixed(2), Discount: discount.StringFixed(2), Shipping: shipping.StringFixed(2),
		Tax: unrounded(tax), Grand: unrounded(out.grand), Wrap: someOf(wrap), Fees: someOf(fees),
	}
	return out
}

func (s *Shop) line(c call, l cartLine, a *article) Line {
	return Line{
		Line: digits(l.number), SKU: l.sku, Title: a.Title, Description: a.Description, Image: imageURL(c, l.sku),
		Quantity: digits(l.quantity), Price: a.price.StringFixed(2), Amount: a.price.Mul(decimal.NewFromInt(int64(l.quantity))).StringFixed(2),
		InStock: digits(a.Stock), Weight: digits(a.WeightGrams), Max: digits(a.MaxQuantity), Depot: a.Depot, Traits: a.Traits,
		Disclosure: a.Disclosure, Shipped: "0", quantity: l.quantity,
	}
}

// someOf is an amount, or "" for none.
func someOf(d decimal.Decimal) string {
	if d.IsZero() {
		return ""
	}
	return d.StringFixed(2)
}

// fees adds what the articles bring along, one row for each name.
func (s *Shop) fees(out *Sheet, k *cart) decimal.Decimal {
	sum := decimal.Zero
	byLabel := map[string]decimal.Decimal{}
	for _, l := range k.lines {
		if a := s.items[l.sku]; a.fee.IsPositive() {
			byLabel[a.FeeLabel] = byLabel[a.FeeLabel].Add(a.fee.Mul(decimal.NewFromInt(int64(l.quantity))))
		}
	}
	for _, label := range slices.Sorted(maps.Keys(byLabel)) {
		out.Fees = append(out.Fees, Fee{label, byLabel[label].StringFixed(2)})
		sum = sum.Add(byLabel[label])
	}
	return sum
}

// takeOff applies one code to what the lines still cost and reports its sum.
func (s *Shop) takeOff(code string, k *cart, left []decimal.Decimal, lines []Line) (Coupon, decimal.Decimal) {
	v, _ := findVoucher(code)
	out := Coupon{Code: v.code, Label: v.label, Kind: "fixed", Problem: s.problem(v, k), Lines: []Share{}}
	out.Off = v.fixed.StringFixed(2)
	if v.fixed.IsZero() {
		out.Kind, out.Off = "percent", v.percent.String()
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

// unrounded writes an amount with all its digits, and with four at least.
func unrounded(d decimal.Decimal) string {
	text := d.String()
	if dot := strings.IndexByte(text, '.'); dot < 0 || len(text)-dot-1 < 4 {
		return d.StringFixed(4)
	}
	return text
}
