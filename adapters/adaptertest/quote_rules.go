package adaptertest

import (
	"errors"
	"strings"

	"github.com/postern-gateway/postern/gateway/commerce"
)

func (s *suite) facts(t T) {
	a, f := s.Adapter, s.Adapter.Facts
	if _, err := commerce.ParseCurrency(string(f.Currency)); err != nil {
		t.Errorf("facts: %v", err)
	}
	if !f.Rounding.Valid() || f.MaxProcessing <= 0 {
		t.Errorf("facts: rounding %q or max processing %s is not usable", f.Rounding, f.MaxProcessing)
	}
	if a.Quote == nil || a.PlaceOrder == nil || a.GetOrder == nil || a.RecordPayment == nil || a.CancelOrder == nil {
		t.Fatalf("a required function is missing")
	}
	if a.Changes == nil && a.ParseWebhook == nil {
		t.Errorf("neither Changes nor ParseWebhook is there: nobody would learn of a shipment")
	}
	if !f.Idempotent && (a.FindOrder == nil || !f.ExactLookup) {
		t.Errorf("placing is not idempotent and cannot be looked up exactly: a lost answer could charge twice")
	}
}

func (s *suite) quoteWithoutAddress(t T) {
	q := s.quote(t, s.NewKey(), "", s.cart(func(c *commerce.Cart) { c.ShipTo = nil }))
	if len(q.Options) != 0 || len(q.Choices) != 0 {
		t.Errorf("without an address there are %d options and %d choices, want none", len(q.Options), len(q.Choices))
	}
	for _, row := range q.Totals {
		if row.Type == commerce.TotalFulfillment {
			t.Errorf("without an address the totals show shipping")
		}
	}
	if blocked(q) {
		t.Errorf("a missing address is no error of the quote: %+v", q.Messages)
	}
}

func (s *suite) quoteWithAddress(t T) {
	q := s.quote(t, s.NewKey(), "", s.cart())
	if len(q.Options) < 2 {
		t.Fatalf("the address has %d options, the harness promises two", len(q.Options))
	}
	if len(q.Choices) != 1 {
		t.Fatalf("nothing was chosen and %d options are preselected, want the cheapest", len(q.Choices))
	}
	least := q.Options[0]
	for _, o := range q.Options {
		if o.Subtotal < least.Subtotal {
			least = o
		}
	}
	if q.Choices[0].OptionID != least.ID {
		t.Errorf("option %s is preselected, %s is cheaper", q.Choices[0].OptionID, least.ID)
	}
	if q.Amount(commerce.TotalFulfillment) != least.Subtotal {
		t.Errorf("the totals show %d for shipping, the option costs %d", q.Amount(commerce.TotalFulfillment), least.Subtotal)
	}
	if blocked(q) {
		t.Errorf("a complete cart is blocked: %+v", q.Messages)
	}
	if q.Fingerprint == "" {
		t.Logf("the quote has no fingerprint; the total alone fences the order")
	}
}

func (s *suite) quoteAgain(t T) {
	key, c := s.NewKey(), s.cart()
	first := s.quote(t, key, "", c)
	c.Choices = first.Choices
	ref := first.CartRef
	for range 3 {
		again := s.quote(t, key, ref, c)
		if again.Total != first.Total || again.ExactTotal != first.ExactTotal || again.Fingerprint != first.Fingerprint {
			t.Errorf("the same cart quoted again costs %s (%s), first %s (%s)", again.ExactTotal, again.Fingerprint, first.ExactTotal, first.Fingerprint)
		}
		ref = again.CartRef
	}
}

func (s *suite) quoteChanged(t T) {
	key, c := s.NewKey(), s.cart()
	first := s.quote(t, key, "", c)
	c.Lines = []commerce.CartLine{{ID: "li_3", ItemID: s.OtherItem, Quantity: 3}}
	second := s.quote(t, key, first.CartRef, c)
	fresh := s.quote(t, s.NewKey(), "", c)
	if second.Total != fresh.Total {
		t.Errorf("a cart that was changed costs %s, a fresh one %s", second.ExactTotal, fresh.ExactTotal)
	}
	if second.Fingerprint != "" && second.Fingerprint == first.Fingerprint {
		t.Errorf("the fingerprint did not change with the lines")
	}
	c = s.cart()
	if back := s.quote(t, key, second.CartRef, c); back.Total != first.Total {
		t.Errorf("a cart that was changed back costs %s, first %s", back.ExactTotal, first.ExactTotal)
	}
}

func (s *suite) sameItemTwice(t T) {
	key := s.NewKey()
	c := s.cart(func(c *commerce.Cart) { c.Lines[1] = commerce.CartLine{ID: "li_2", ItemID: s.Item, Quantity: 1} })
	q := s.quote(t, key, "", c)
	one := s.quote(t, s.NewKey(), "", s.cart(func(c *commerce.Cart) { c.Lines = []commerce.CartLine{{ID: "li_1", ItemID: s.Item, Quantity: 3}} }))
	if q.Total != one.Total {
		t.Errorf("two and one of an item cost %s, three cost %s", q.ExactTotal, one.ExactTotal)
	}
	if again := s.quote(t, key, q.CartRef, c); again.Total != q.Total {
		t.Errorf("quoted again they cost %s", again.ExactTotal)
	}
}

func (s *suite) chooseOption(t T) {
	key, c := s.NewKey(), s.cart()
	q := s.quote(t, key, "", c)
	for _, o := range q.Options {
		c.Choices = []commerce.Choice{{Type: o.Type, OptionID: o.ID}}
		next := s.quote(t, key, q.CartRef, c)
		q.CartRef = next.CartRef
		if len(next.Choices) != 1 || next.Choices[0].OptionID != o.ID {
			t.Errorf("option %s was chosen, the quote has %+v", o.ID, next.Choices)
		}
		if next.Amount(commerce.TotalFulfillment) != o.Subtotal {
			t.Errorf("option %s costs %d, the totals show %d", o.ID, o.Subtotal, next.Amount(commerce.TotalFulfillment))
		}
	}
}

func (s *suite) chooseUnknownOption(t T) {
	c := s.cart(func(c *commerce.Cart) {
		c.Choices = []commerce.Choice{{Type: commerce.Shipping, OptionID: "no-such-option"}}
	})
	q, err := s.Adapter.Quote(s.ctx, s.request(t, s.NewKey(), "", c))
	if s.note(err) != nil {
		if commerce.KindOf(err) != commerce.OptionGone {
			t.Errorf("an unknown option fails with kind %d, want OptionGone: %v", commerce.KindOf(err), err)
		}
		return
	}
	s.checkQuote(t, q, c)
	if !blocked(q) {
		t.Errorf("an unknown option leaves the quote payable: %+v", q.Choices)
	}
}

func (s *suite) farAddress(t T) {
	key := s.NewKey()
	first := s.quote(t, key, "", s.cart())
	for _, ref := range []string{"", first.CartRef} { // into a fresh cart, and after an address that is served
		q := s.quote(t, key, ref, s.cart(func(c *commerce.Cart) { c.ShipTo.Address = &s.FarAddress }))
		if len(q.Options) != 0 || len(q.Choices) != 0 {
			t.Errorf("an address that nobody serves has %d options", len(q.Options))
		}
		m, ok := message(q, commerce.CodeRegionRestricted)
		if !ok {
			m, ok = message(q, commerce.CodeInvalid)
		}
		if !ok || !m.Blocks() || !strings.HasPrefix(m.Param, "$.fulfillment_details.address") || m.Resolution == "" {
			t.Errorf("an address that nobody serves gives the messages %+v, want an error about the address with a resolution", q.Messages)
		}
	}
}

func (s *suite) coupon(t T) {
	key := s.NewKey()
	if s.Adapter.Facts.NoCodes { // then the code must take nothing off, which every quote is held against
		s.quote(t, key, "", s.cart(func(c *commerce.Cart) { c.Codes = []string{s.Coupon} }))
		return
	}
	plain := s.quote(t, key, "", s.cart())
	with := s.quote(t, key, plain.CartRef, s.cart(func(c *commerce.Cart) { c.Codes = []string{s.Coupon} }))
	off := with.Amount(commerce.TotalItemsDiscount) + with.Amount(commerce.TotalDiscount)
	before := plain.Amount(commerce.TotalItemsDiscount) + plain.Amount(commerce.TotalDiscount)
	if with.Total >= plain.Total && off <= before {
		t.Errorf("the code takes nothing off: %s before, %s after", plain.ExactTotal, with.ExactTotal)
	}
	var applied, sum int64
	for _, d := range with.Discounts.Applied {
		var parts int64
		for _, a := range d.Allocations {
			parts += a.Amount
		}
		if parts != d.Amount {
			t.Errorf("discount %s is %d, its allocations add up to %d", d.ID, d.Amount, parts)
		}
		sum += d.Amount
		if strings.EqualFold(d.Code, s.Coupon) {
			applied++
		}
	}
	if applied != 1 || sum != off {
		t.Errorf("the code is applied %d times and explains %d of %d", applied, sum, off)
	}
	if blocked(with) || len(with.Discounts.Rejected) != 0 {
		t.Errorf("a good code is rejected: %+v", with.Discounts.Rejected)
	}
	again := s.quote(t, key, with.CartRef, s.cart(func(c *commerce.Cart) { c.Codes = []string{s.Coupon} }))
	if again.Total != with.Total {
		t.Errorf("the code quoted again makes %s of %s", again.ExactTotal, with.ExactTotal)
	}
	if without := s.quote(t, key, again.CartRef, s.cart()); without.Total != plain.Total {
		t.Errorf("without the code the cart costs %s, first %s", without.ExactTotal, plain.ExactTotal)
	}
}

func (s *suite) badCoupon(t T) {
	q := s.quote(t, s.NewKey(), "", s.cart(func(c *commerce.Cart) { c.Codes = []string{s.BadCoupon} }))
	if len(q.Discounts.Rejected) != 1 || q.Discounts.Rejected[0].Code != s.BadCoupon || !q.Discounts.Rejected[0].Reason.Valid() {
		t.Fatalf("an unknown code gives %+v, want one rejection with a reason", q.Discounts.Rejected)
	}
	m, ok := message(q, string(q.Discounts.Rejected[0].Reason))
	if !ok || m.Type != commerce.Warning || m.Param != "$.discounts.codes[0]" {
		t.Errorf("an unknown code gives the messages %+v, want a warning about $.discounts.codes[0]", q.Messages)
	}
	if blocked(q) {
		t.Errorf("an unknown code blocks the quote")
	}
}

func (s *suite) outOfStock(t T) {
	c := s.cart(func(c *commerce.Cart) {
		c.Lines[1] = commerce.CartLine{ID: "li_2", ItemID: s.ScarceItem, Quantity: s.ScarceQuantity}
	})
	q, err := s.Adapter.Quote(s.ctx, s.request(t, s.NewKey(), "", c))
	if s.note(err) != nil {
		f, ok := errors.AsType[*commerce.Fault](err)
		if !ok || f.Kind != commerce.OutOfStock || f.LineID != "li_2" {
			t.Errorf("a line without stock fails with %v, want OutOfStock about li_2", err)
		}
		return
	}
	s.checkQuote(t, q, c)
	m, ok := message(q, commerce.CodeOutOfStock)
	if !ok || !m.Blocks() || m.Param != "$.line_items[1]" || m.Resolution == "" {
		t.Errorf("a line without stock gives the messages %+v, want the error out_of_stock about $.line_items[1]", q.Messages)
	}
}

func (s *suite) unknownItem(t T) {
	c := s.cart(func(c *commerce.Cart) { c.Lines[1].ItemID = s.UnknownItem })
	_, err := s.Adapter.Quote(s.ctx, s.request(t, s.NewKey(), "", c))
	f, ok := errors.AsType[*commerce.Fault](s.note(err))
	if !ok || f.Kind != commerce.ItemUnavailable || f.LineID != "li_2" {
		t.Errorf("an unknown item gives %v, want ItemUnavailable about li_2", err)
	}
}

func (s *suite) foreignCart(t T) {
	for _, ref := range []string{"no-such-cart", `{"cart":"no-such-cart","keep":{}}`, `{"cart":`} {
		_, err := s.Adapter.Quote(s.ctx, s.request(t, s.NewKey(), ref, s.cart()))
		if commerce.KindOf(s.note(err)) != commerce.CartGone {
			t.Errorf("the unknown cart %s gives %v, want CartGone", ref, err)
		}
	}
}
