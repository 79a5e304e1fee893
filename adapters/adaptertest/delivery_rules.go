package adaptertest

import (
	"slices"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// apart is a cart of two items that go by different options.
func (s *suite) apart() commerce.Cart {
	return s.cart(func(c *commerce.Cart) { c.Lines[1].ItemID = s.ApartItem })
}

// delivering are the options that can deliver a line.
func delivering(q commerce.Quote, line string) []commerce.FulfillmentOption {
	return slices.DeleteFunc(slices.Clone(q.Options), func(o commerce.FulfillmentOption) bool {
		return len(o.LineIDs) > 0 && !slices.Contains(o.LineIDs, line)
	})
}

func selects(q commerce.Quote, option, line string) bool {
	return slices.ContainsFunc(q.Choices, func(c commerce.Choice) bool { return c.OptionID == option && slices.Contains(c.LineIDs, line) })
}

// split selects every pair of options for two lines that go apart. What each pair costs must be what the options say.
func (s *suite) split(t T) {
	key, c := s.NewKey(), s.apart()
	q := s.quote(t, key, "", c)
	if len(q.Choices) != 2 || !selects(q, q.Choices[0].OptionID, "li_1") && !selects(q, q.Choices[1].OptionID, "li_1") {
		t.Errorf("nothing was chosen, and the lines go by %+v, want an option for each", q.Choices)
	}
	first, second := delivering(q, "li_1"), delivering(q, "li_2")
	if len(first) == 0 || len(second) == 0 {
		t.Fatalf("%d options deliver %s and %d %s, the harness promises some", len(first), s.Item, len(second), s.ApartItem)
	}
	seen := map[string]bool{}
	for _, one := range first {
		for _, two := range second {
			c.Choices = []commerce.Choice{
				{Type: one.Type, OptionID: one.ID, LineIDs: []string{"li_1"}}, {Type: two.Type, OptionID: two.ID, LineIDs: []string{"li_2"}},
			}
			q = s.quote(t, key, q.CartRef, c)
			if !selects(q, one.ID, "li_1") || !selects(q, two.ID, "li_2") || len(q.Choices) != 2 {
				t.Errorf("%s and %s were chosen, the quote has %+v", one.ID, two.ID, q.Choices)
			}
			if got := q.Amount(commerce.TotalFulfillment); got != one.Subtotal+two.Subtotal {
				t.Errorf("%s and %s cost %d and %d, the totals show %d", one.ID, two.ID, one.Subtotal, two.Subtotal, got)
			}
			if blocked(q) {
				t.Errorf("%s and %s are offered and stop the purchase: %+v", one.ID, two.ID, q.Messages)
			}
			if q.Fingerprint != "" && seen[q.Fingerprint] {
				t.Errorf("the fingerprint did not change with the selection")
			}
			seen[q.Fingerprint] = true
		}
	}
	r := s.placeRequest(key, c, q)
	o, err := s.Adapter.PlaceOrder(s.ctx, r)
	if s.note(err) != nil {
		t.Fatalf("place order: %v", err)
	}
	sameOrder(t, q, r, o)
}

// splitUnoffered selects what is not offered for one of two lines: an option that does not exist, and one of the other line.
func (s *suite) splitUnoffered(t T) {
	c := s.apart()
	q := s.quote(t, s.NewKey(), "", c)
	first, second := delivering(q, "li_1"), delivering(q, "li_2")
	if len(first) == 0 || len(second) == 0 {
		t.Fatalf("the lines have no options, the harness promises some")
	}
	for _, wrong := range []string{"no-such-option", second[0].ID} {
		c.Choices = []commerce.Choice{
			{Type: commerce.Shipping, OptionID: wrong, LineIDs: []string{"li_1"}},
			{Type: second[len(second)-1].Type, OptionID: second[len(second)-1].ID, LineIDs: []string{"li_2"}},
		}
		got, err := s.Adapter.Quote(s.ctx, s.request(t, s.NewKey(), "", c))
		if s.note(err) != nil {
			if commerce.KindOf(err) != commerce.OptionGone {
				t.Errorf("option %s for a line that it is not offered for fails with %v, want OptionGone", wrong, err)
			}
			continue
		}
		s.checkQuote(t, got, c)
		if !blocked(got) {
			t.Errorf("option %s for a line that it is not offered for leaves the quote payable: %+v", wrong, got.Choices)
		}
	}
}

// digital buys what goes nowhere, without an address.
func (s *suite) digital(t T) {
	key := s.NewKey()
	c := s.cart(func(c *commerce.Cart) {
		c.Lines, c.ShipTo = []commerce.CartLine{{ID: "li_1", ItemID: s.DigitalItem, Quantity: 1}}, nil
	})
	q := s.quote(t, key, "", c)
	if q.NeedsShipping || blocked(q) {
		t.Errorf("digital goods need shipping (%t) or are blocked: %+v", q.NeedsShipping, q.Messages)
	}
	for _, o := range q.Options {
		if o.Type != commerce.Digital {
			t.Errorf("digital goods are offered %s by %s", o.ID, o.Type)
		}
	}
	r := s.placeRequest(key, c, q)
	o, err := s.Adapter.PlaceOrder(s.ctx, r)
	if s.note(err) != nil {
		t.Fatalf("place order of digital goods: %v", err)
	}
	s.record(t, o, commerce.Captured, r.Payment.TxnID)
	for _, sh := range s.get(t, o.Ref).Shipments {
		if sh.Type != commerce.Digital {
			t.Errorf("digital goods went out as %q", sh.Type)
		}
		if sh.Type == commerce.Digital && sh.Status == "delivered" && (sh.Digital == nil || sh.Digital.AccessURL == "" && sh.Digital.LicenseKey == "") {
			t.Errorf("digital goods were delivered, and the order does not say how to get at them")
		}
	}
}

// mixed holds that goods beside digital ones still need an address, and that digital goods are offered nothing else where lines can go
// by different options.
func (s *suite) mixed(t T) {
	c := s.cart(func(c *commerce.Cart) { c.Lines[1].ItemID = s.DigitalItem })
	q := s.quote(t, s.NewKey(), "", c)
	if !q.NeedsShipping {
		t.Errorf("goods beside digital ones need no shipping")
	}
	for _, o := range delivering(q, "li_2") {
		if o.Type != commerce.Digital && s.Adapter.Facts.Split {
			t.Errorf("option %s (%s) delivers digital goods", o.ID, o.Type)
		}
	}
}

// checkDelivery holds options and choices of any quote against what agents rely on.
func (s *suite) checkDelivery(t T, q commerce.Quote, c commerce.Cart) {
	t.Helper()
	has := func(id string) bool {
		return slices.ContainsFunc(c.Lines, func(l commerce.CartLine) bool { return l.ID == id })
	}
	for _, o := range q.Options {
		switch o.Type {
		case commerce.Shipping, commerce.Digital, commerce.LocalDelivery:
		case commerce.Pickup:
			if o.Pickup == nil || o.Pickup.Name == "" || o.Pickup.Address.LineOne == "" {
				t.Errorf("option %s is to be fetched, and does not say where", o.ID)
			}
		default:
			t.Errorf("option %s is of type %q", o.ID, o.Type)
		}
		for _, id := range o.LineIDs {
			if !has(id) {
				t.Errorf("option %s delivers the line %s, which the cart does not have", o.ID, id)
			}
		}
	}
	if len(q.Choices) > 1 && !s.Adapter.Facts.Split {
		t.Errorf("%d options are chosen at once, and the facts say that the shop does not split", len(q.Choices))
	}
	taken := map[string]bool{}
	for _, ch := range q.Choices {
		if len(ch.LineIDs) == 0 && len(q.Choices) > 1 {
			t.Errorf("option %s is chosen beside others, for nobody knows which lines", ch.OptionID)
		}
		for _, id := range ch.LineIDs {
			if taken[id] {
				t.Errorf("two options are chosen for the line %s", id)
			}
			taken[id] = true
			if !slices.ContainsFunc(delivering(q, id), func(o commerce.FulfillmentOption) bool { return o.ID == ch.OptionID }) {
				t.Errorf("option %s is chosen for the line %s, which it does not deliver", ch.OptionID, id)
			}
		}
	}
}

// sameOptions holds what an order goes by against what was chosen.
func sameOptions(t T, r adapters.PlaceRequest, o commerce.Snapshot) {
	t.Helper()
	if len(o.OptionIDs) == 0 {
		return
	}
	var want []string
	for _, c := range r.Cart.Choices {
		want = append(want, c.OptionID)
	}
	got := slices.Clone(o.OptionIDs)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("the order goes by %v, chosen was %v", got, want)
	}
}
