package declarative

import (
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// resultOption is a fulfillment option of a result, not yet rounded.
type resultOption struct {
	option        commerce.FulfillmentOption
	subtotal, tax decimal.Decimal
	covers        coverage
}

// resultChoice is a selected option of a result.
type resultChoice struct {
	option string
	covers coverage
}

// coverage is the items that an option or a choice is for. Items name lines whatever their ids are, because an item has one line in the
// cart that expressions see.
type coverage struct {
	said  bool
	items []string
}

func readCoverage(o object, cart commerce.Cart) coverage {
	c := coverage{said: o.members["lines"] != nil || o.members["items"] != nil}
	for _, id := range o.texts("lines") {
		i := slices.IndexFunc(cart.Lines, func(l commerce.CartLine) bool { return l.ID == id })
		if i < 0 {
			o.fail("lines", "names a line that the session does not have: give the ids of $in.lines, or items")
			return c
		}
		c.items = append(c.items, cart.Lines[i].ItemID)
	}
	for _, item := range o.texts("items") {
		if !slices.ContainsFunc(cart.Lines, func(l commerce.CartLine) bool { return l.ItemID == item }) {
			o.fail("items", "names an item that no line of the session has: give it as the agent asked for it")
			return c
		}
		c.items = append(c.items, item)
	}
	if c.said && len(c.items) == 0 {
		o.fail("lines", "is empty: leave it out for all lines, or leave the option out")
	}
	return c
}

// lineIDs are the session's lines that are covered; nil where nothing was said.
func (c coverage) lineIDs(cart commerce.Cart) []string {
	if !c.said {
		return nil
	}
	var out []string
	for _, l := range cart.Lines {
		if slices.Contains(c.items, l.ItemID) {
			out = append(out, l.ID)
		}
	}
	return out
}

func readOption(o object, cart commerce.Cart) resultOption {
	r := resultOption{option: commerce.FulfillmentOption{
		ID: o.required("id"), Title: o.requiredWords("title"), Description: o.words("description"), Carrier: o.words("carrier"),
		Type:     commerce.FulfillmentType(o.oneOf("type", "shipping", "digital", "pickup", "local_delivery")),
		Delivery: commerce.Window{Earliest: o.time("earliest"), Latest: o.time("latest")},
	}}
	if r.option.Type == "" {
		r.option.Type = commerce.Shipping
	}
	if w := r.option.Delivery; !w.Earliest.IsZero() && !w.Latest.IsZero() && w.Latest.Before(w.Earliest) {
		o.fail("latest", "is before earliest")
	}
	r.option.Pickup, r.option.ServiceArea = pickupPlace(o, r.option.Type), serviceArea(o, r.option.Type)
	r.covers = readCoverage(o, cart)
	r.subtotal, r.tax = o.positive("price"), o.positive("tax")
	if _, ok := o.amount("price"); !ok {
		o.fail("price", "is required")
	}
	o.done()
	return r
}

// pickupPlace is where goods can be fetched. Agents show it, so no pickup is without one.
func pickupPlace(o object, kind commerce.FulfillmentType) *commerce.PickupPlace {
	p, ok := o.part("pickup")
	switch {
	case !ok && kind == commerce.Pickup:
		o.fail("pickup", "is required where the type is pickup: name and address")
		return nil
	case !ok:
		return nil
	case kind != commerce.Pickup:
		o.fail("pickup", "belongs to the type pickup only")
		return nil
	}
	out := &commerce.PickupPlace{
		Name: p.requiredWords("name"), Phone: p.text("phone"), Instructions: p.words("instructions"),
		Kind: p.oneOf("kind", "in_store", "curbside", "locker"), ReadyBy: p.stamp("ready_by"), PickupBy: p.stamp("pickup_by"),
	}
	if at, ok := p.part("address"); ok {
		out.Address = *address(at)
	} else {
		p.fail("address", "is required")
	}
	p.done()
	return out
}

func serviceArea(o object, kind commerce.FulfillmentType) *commerce.ServiceArea {
	a, ok := o.part("service_area")
	if !ok {
		return nil
	}
	if kind != commerce.LocalDelivery {
		o.fail("service_area", "belongs to the type local_delivery only")
		return nil
	}
	out := &commerce.ServiceArea{RadiusMiles: a.decimal("radius_miles"), CenterPostalCode: a.text("center_postal_code")}
	a.done()
	return out
}

func readChoice(o object, cart commerce.Cart) resultChoice {
	c := resultChoice{option: o.required("option"), covers: readCoverage(o, cart)}
	o.done()
	return c
}

func (m moneyRules) roundOptions(list []resultOption, cart commerce.Cart) ([]commerce.FulfillmentOption, error) {
	var out []commerce.FulfillmentOption
	for _, r := range list {
		o := r.option
		if slices.ContainsFunc(out, func(other commerce.FulfillmentOption) bool { return other.ID == o.ID }) {
			return nil, safeError("result.options: two options have one id")
		}
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
		o.LineIDs = r.covers.lineIDs(cart)
		out = append(out, o)
	}
	return out, nil
}

// selected is what the total holds: one option for the whole cart, or one for each group of lines where the shop splits.
func (s *shop) selected(res quoteResult, options []commerce.FulfillmentOption, cart commerce.Cart) ([]commerce.Choice, error) {
	option := func(id string) (commerce.FulfillmentOption, bool) {
		i := slices.IndexFunc(options, func(o commerce.FulfillmentOption) bool { return o.ID == id && id != "" })
		if i < 0 {
			return commerce.FulfillmentOption{}, false
		}
		return options[i], true
	}
	if o, ok := option(res.selected); ok {
		return []commerce.Choice{{Type: o.Type, OptionID: o.ID, LineIDs: o.LineIDs}}, nil
	}
	if len(res.choices) > 1 && !s.facts.Split {
		return nil, safeError("result.choices: more than one, and facts.split does not say that the shop can do that")
	}
	var out []commerce.Choice
	taken := map[string]bool{}
	for i, c := range res.choices {
		at := func(why string) error { return safeError(fmt.Sprintf("result.choices[%d]: %s", i, why)) }
		o, ok := option(c.option)
		if !ok {
			return nil, at("is of an option that is not among options")
		}
		ids := c.covers.lineIDs(cart)
		if !c.covers.said {
			ids = o.LineIDs
		}
		for _, id := range ids {
			if len(o.LineIDs) > 0 && !slices.Contains(o.LineIDs, id) {
				return nil, at("is for a line that its option cannot deliver")
			}
			if taken[id] {
				return nil, at("is for a line that another choice is for")
			}
			taken[id] = true
		}
		if len(ids) == 0 && len(res.choices) > 1 {
			return nil, at("says no lines, and there is more than one; say lines or items here or at its option")
		}
		out = append(out, commerce.Choice{Type: o.Type, OptionID: o.ID, LineIDs: ids})
	}
	return out, nil
}

// sumOfSelected is what several selected options cost together, which the row of the totals must say; nil where there are not several:
// the row of a single option may be lower, by a promotion of the shop.
func sumOfSelected(choices []commerce.Choice, options []commerce.FulfillmentOption) (*int64, error) {
	if len(choices) < 2 {
		return nil, nil // nothing to hold the row against
	}
	var sum int64
	for _, o := range (commerce.Quote{Choices: choices, Options: options}).Selected() {
		var err error
		if sum, err = commerce.Add(sum, o.Subtotal); err != nil {
			return nil, safeError("result.options: the prices of the selected options do not fit")
		}
	}
	return &sum, nil
}
