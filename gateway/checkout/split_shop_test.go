package checkout_test

import (
	"slices"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// newSplitWorld is a world whose shop splits deliveries. It sells tea and cups, which are sent or fetched; a song, which is data; and a
// booking, of which nothing is delivered.
func newSplitWorld(t *testing.T, change ...func(*world)) *world {
	t.Helper()
	return newWorld(t, append([]func(*world){func(w *world) {
		w.shop.facts.Split = true
		w.shop.prices["song"], w.shop.stock["song"] = 300, 1000
		w.shop.prices["booking"], w.shop.stock["booking"] = 900, 1000
		w.shop.offers = usualOffers
	}}, change...)...)
}

// usualOffers are shipping and local delivery once the address is known, pickup at any time, and data.
func usualOffers(c commerce.Cart) (options []commerce.FulfillmentOption) {
	sent, song := linesOf(c, "tea", "cup"), linesOf(c, "song")
	add := func(o commerce.FulfillmentOption, lines []string) {
		if len(lines) > 0 {
			o.Title, o.Total, o.LineIDs = o.ID, o.Subtotal+o.Tax, lines
			options = append(options, o)
		}
	}
	if c.ShipTo != nil && c.ShipTo.Address != nil || len(c.Groups) > 0 {
		add(commerce.FulfillmentOption{Type: commerce.Shipping, ID: "fast", Subtotal: 1200, Tax: 100}, sent)
		add(commerce.FulfillmentOption{Type: commerce.Shipping, ID: "slow", Subtotal: 550, Tax: 50}, sent)
		add(commerce.FulfillmentOption{Type: commerce.LocalDelivery, ID: "bike", Subtotal: 700}, linesOf(c, "tea"))
	}
	add(commerce.FulfillmentOption{
		Type: commerce.Pickup, ID: "shelf", Pickup: &commerce.PickupPlace{Name: "Shop", Address: commerce.Address{City: "Reno"}},
	}, sent)
	add(commerce.FulfillmentOption{Type: commerce.Digital, ID: "mail", Subtotal: 10}, song)
	add(commerce.FulfillmentOption{Type: commerce.Digital, ID: "link"}, song)
	return options
}

func linesOf(c commerce.Cart, items ...string) (ids []string) {
	for _, l := range c.Lines {
		if slices.Contains(items, l.ItemID) {
			ids = append(ids, l.ID)
		}
	}
	return ids
}

// priceSplit prices what is selected for each line. An option that is not offered, or not for a line, is gone.
func (m *memoryShop) priceSplit(q commerce.Quote, items int64, c commerce.Cart) (commerce.Quote, error) {
	q.Options = m.offers(c)
	q.NeedsShipping = false
	for i := range q.Lines {
		l := &q.Lines[i]
		l.NoDelivery = l.ItemID == "booking"
		q.NeedsShipping = q.NeedsShipping || (!l.NoDelivery && l.ItemID != "song")
	}
	var fulfillment, tax int64
	for _, ch := range c.Choices {
		i := slices.IndexFunc(q.Options, func(o commerce.FulfillmentOption) bool { return o.ID == ch.OptionID })
		if i < 0 {
			return q, commerce.Faultf(commerce.OptionGone, "no such option")
		}
		o := q.Options[i]
		for _, id := range ch.LineIDs {
			if len(o.LineIDs) > 0 && !slices.Contains(o.LineIDs, id) {
				return q, commerce.Faultf(commerce.OptionGone, "not for this line")
			}
		}
		q.Choices = append(q.Choices, commerce.Choice{Type: o.Type, OptionID: o.ID, LineIDs: ch.LineIDs})
		fulfillment, tax = fulfillment+o.Subtotal, tax+o.Tax
	}
	q.Total = items + fulfillment + tax
	q.ExactTotal = commerce.FormatMinor(q.Total, 2)
	q.Totals = []commerce.Total{
		{Type: commerce.TotalItemsBase, Amount: items},
		{Type: commerce.TotalSubtotal, Amount: items},
		{Type: commerce.TotalFulfillment, Amount: fulfillment},
		{Type: commerce.TotalTax, Amount: tax},
		{Type: commerce.TotalDue, Amount: q.Total},
	}
	m.carts[q.CartRef] = c
	return q, nil
}

// order is a create of one of each item, for a buyer with an address unless home is false.
func order(home bool, items ...string) commerce.CreateRequest {
	r := commerce.CreateRequest{Buyer: &commerce.Buyer{FirstName: "Ada", LastName: "Byron", Email: "ada@example.com"}}
	for _, item := range items {
		r.Lines = append(r.Lines, commerce.CartLine{ItemID: item, Quantity: 1})
	}
	if home {
		r.ShipTo = &commerce.Contact{Name: "Ada Byron", Address: reno()}
	}
	return r
}

func reno() *commerce.Address {
	return &commerce.Address{LineOne: "1 Main St", City: "Reno", State: "NV", PostalCode: "89501", Country: "US"}
}

// choose is a selection: the option and the lines or items that it is for.
func choose(option string, ids ...string) commerce.Choice {
	return commerce.Choice{OptionID: option, LineIDs: ids}
}

// selected is what is selected in a session, as option: lines.
func selected(cs commerce.Session) map[string][]string {
	out := map[string][]string{}
	for _, c := range cs.Quote.Choices {
		out[c.OptionID] = c.LineIDs
	}
	return out
}

// codes are the codes of a session's messages, with what they are about.
func codes(cs commerce.Session) []string {
	out := []string{}
	for _, m := range cs.Messages {
		out = append(out, m.Code+" "+m.Param)
	}
	return out
}
