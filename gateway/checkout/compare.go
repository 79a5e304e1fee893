package checkout

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// differs names what the shop's order does not share with what was frozen (S4): that it stands, currency, total, lines, address or choice. What a
// shop does not tell of its order cannot differ; the suite for adapters asks for total, currency and lines.
func differs(a attempt, s commerce.Snapshot) []string {
	var d []string
	if s.Canceled() {
		d = append(d, "state")
	}
	if s.Currency != a.Total.Currency {
		d = append(d, "currency")
	}
	if s.Total != a.Total.Minor {
		d = append(d, "total")
	}
	if !sameLines(a.Quote.Lines, s.Lines) {
		d = append(d, "lines")
	}
	if s.ShipTo != nil && !goesThere(a, *s.ShipTo) {
		d = append(d, "address")
	}
	if !sameOptions(a.Quote.Choices, s) {
		d = append(d, "fulfillment option")
	}
	return d
}

// goesThere reports whether to is where the frozen purchase is sent, or one of the places where it is. Where everything is fetched or
// sent as data, a shop may write any address into its order: its own, or the buyer's.
func goesThere(a attempt, to commerce.Address) bool {
	sent := len(a.Quote.Choices) == 0 || slices.ContainsFunc(a.Quote.Choices, func(c commerce.Choice) bool {
		return c.Type != commerce.Pickup && c.Type != commerce.Digital
	})
	if !sent {
		return true
	}
	known := false
	contacts := []*commerce.Contact{a.Cart.ShipTo}
	for _, g := range a.Cart.Groups {
		contacts = append(contacts, g.Contact)
	}
	for _, c := range contacts {
		if c == nil || c.Address == nil {
			continue
		}
		if known = true; sameAddress(*c.Address, to) {
			return true
		}
	}
	return !known
}

// sameOptions reports whether the order goes by the frozen options: by all of them, where the shop tells all. A shop that tells one of
// several tells one that must be among them.
func sameOptions(frozen []commerce.Choice, s commerce.Snapshot) bool {
	if len(frozen) == 0 {
		return true
	}
	ids := func(id string) bool {
		return slices.ContainsFunc(frozen, func(c commerce.Choice) bool { return c.OptionID == id })
	}
	for _, c := range frozen {
		if len(s.OptionIDs) > 0 && !slices.Contains(s.OptionIDs, c.OptionID) {
			return false
		}
	}
	for _, id := range s.OptionIDs {
		if !ids(id) {
			return false
		}
	}
	return s.OptionID == "" || ids(s.OptionID)
}

func sameLines(want []commerce.Line, got []commerce.SnapshotLine) bool {
	units := make(map[string]int64)
	for _, l := range want {
		units[l.ItemID] += l.Quantity
	}
	for _, l := range got {
		units[l.ItemID] -= l.Ordered
	}
	for _, n := range units {
		if n != 0 {
			return false
		}
	}
	return true
}

// sameAddress compares what decides where a parcel goes; shops respell the rest.
func sameAddress(a, b commerce.Address) bool {
	same := func(x, y string) bool {
		return strings.EqualFold(strings.Join(strings.Fields(x), " "), strings.Join(strings.Fields(y), " "))
	}
	return same(a.LineOne, b.LineOne) && same(a.City, b.City) && same(a.PostalCode, b.PostalCode) && same(a.Country, b.Country)
}
