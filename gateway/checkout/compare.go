package checkout

import (
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
	if s.ShipTo != nil && a.Cart.ShipTo != nil && a.Cart.ShipTo.Address != nil && !sameAddress(*a.Cart.ShipTo.Address, *s.ShipTo) {
		d = append(d, "address")
	}
	if s.OptionID != "" && len(a.Quote.Choices) == 1 && a.Quote.Choices[0].OptionID != s.OptionID {
		d = append(d, "fulfillment option")
	}
	return d
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
