package shop

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// Depot is a place that goods leave from. What leaves from one goes together,
// by one way; a cart has a parcel for each depot that it needs.
type Depot string

// The depots, in the order in which parcels are shown.
const (
	House    Depot = "house"
	Press    Depot = "press"    // the printer's, who sends by himself
	Van      Depot = "van"      // too heavy for a parcel
	Download Depot = "download" // no goods at all
)

var depots = []Depot{House, Press, Van, Download}

// Parcel is what of a cart or an order goes together.
type Parcel struct {
	Parcel Depot `json:"parcel"`
	// Lines are the numbers of its lines.
	Lines []string `json:"lines"`
	// Shipping is the chosen way, or null.
	Shipping *Shipping `json:"shipping"`
}

// Place is where goods are fetched.
type Place struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
	Hint  string `json:"hint"`
	// Kind is "counter" or "kerb".
	Kind    string  `json:"kind"`
	Address Address `json:"address"`
}

// load is a parcel while its price is made.
type load struct {
	depot depotWays
	lines []string
	grams int
}

// depotWays are the ways of one depot for one address.
type depotWays struct {
	name Depot
	ways []method
}

// loads cuts a cart into parcels, in the order of [depots]. An empty cart is an
// empty parcel of the house, as it was when there was no other.
func (s *Shop) loads(k *cart) []load {
	var out []load
	for _, d := range depots {
		l := load{depot: depotWays{d, offered(k.customer.ShipTo, d)}}
		for _, line := range k.lines {
			if a := s.items[line.sku]; a.Depot == d {
				l.lines = append(l.lines, digits(line.number))
				l.grams += a.WeightGrams * line.quantity
			}
		}
		if len(l.lines) > 0 {
			out = append(out, l)
		}
	}
	if len(out) == 0 {
		out = append(out, load{depot: depotWays{House, offered(k.customer.ShipTo, House)}, lines: []string{}})
	}
	return out
}

// chosen is the way that was chosen for a parcel, or the only one of a
// download, which nobody has to choose.
func (l load) chosen(k *cart) (method, bool) {
	code := k.shipping[l.depot.name]
	if l.depot.name == Download {
		code = downloadCode
	}
	at := slices.IndexFunc(l.depot.ways, func(m method) bool { return m.code == code })
	if at < 0 {
		return method{}, false
	}
	return l.depot.ways[at], true
}

// view shows a way for a parcel.
func (l load) view(s *Shop, m method, rate decimal.Decimal) *Shipping {
	price := m.price(l.grams)
	out := &Shipping{
		Code: m.code, Label: m.label, Carrier: m.carrier, Days: m.days, Kind: m.kind, Parcel: l.depot.name, Lines: l.lines,
		Price: price.StringFixed(2), Tax: unrounded(price.Mul(rate)), Place: m.place, RadiusMiles: m.radius, CenterZip: m.center,
	}
	if m.fromHours != 0 {
		day := s.clock.Now().UTC().Truncate(24 * time.Hour)
		out.From, out.Until = day.Add(m.fromHours).Format(time.DateTime), day.Add(m.untilHours).Format(time.DateTime)
	}
	return out
}

// needsAddress says whether anything of the cart goes anywhere.
func needsAddress(list []load) bool {
	return slices.ContainsFunc(list, func(l load) bool { return l.depot.name != Download })
}
