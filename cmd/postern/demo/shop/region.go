package shop

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// servedCountry is the only one that the shop ships to.
const servedCountry = "US"

// states are the two-letter codes that the shop's address form of 2009 knew.
var states = strings.Fields(`AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT
	NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY`)

var (
	zipForm     = regexp.MustCompile(`^[0-9]{5}(-[0-9]{4})?$`)
	countryForm = regexp.MustCompile(`^[A-Z]{2}$`)
	emailForm   = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)

	caliRate  = decimal.RequireFromString("0.0825")
	yorkRate  = decimal.RequireFromString("0.08875")
	otherRate = decimal.RequireFromString("0.05")
)

// Address is where a parcel or an invoice goes, in the shop's own words.
type Address struct {
	Name    string `json:"name"`
	Street1 string `json:"street1"`
	Street2 string `json:"street2"`
	City    string `json:"city"`
	State   string `json:"state"`
	Zip     string `json:"zip"`
	Country string `json:"country"`
}

// taxRate is the made-up sales tax of the address: California 8.25 %, New York
// 8.875 %, Oregon none, any other state 5 %, abroad none.
func taxRate(a *Address) decimal.Decimal {
	switch {
	case a == nil || a.Country != servedCountry || a.State == "OR":
		return decimal.Zero
	case a.State == "CA":
		return caliRate
	case a.State == "NY":
		return yorkRate
	default:
		return otherRate
	}
}

// badField names the first field of the address that the shop refuses, or "".
// A country that is not served is no bad field: it has no shipping methods.
func badField(a *Address) string {
	if !countryForm.MatchString(a.Country) {
		return "country"
	}
	if a.Country != servedCountry {
		return ""
	}
	switch {
	case strings.TrimSpace(a.Street1) == "":
		return "street1"
	case strings.TrimSpace(a.City) == "":
		return "city"
	case !slices.Contains(states, a.State):
		return "state"
	case !zipForm.MatchString(a.Zip):
		return "zip"
	}
	return ""
}

// The shop's own corner of the world: near is where the courier and the van
// drive, around where people come to fetch things. Both are beginnings of zips.
var (
	near   = []string{"939"}
	around = []string{"939", "950"}
)

// The kinds of ways.
const (
	KindParcel   = "parcel"
	KindPickup   = "pickup"
	KindCourier  = "courier"
	KindDownload = "download"
)

// downloadCode is the one way of a download.
const downloadCode = "download"

// method is a way for goods to reach the buyer. Its price follows the weight.
type method struct {
	code, label, carrier, days string
	kind                       string
	depot                      Depot
	base, perKilo              decimal.Decimal
	mainlandOnly               bool
	zips                       []string // beginnings of those that are served; nil: all of the country
	place                      *Place
	fromHours, untilHours      time.Duration // after midnight of today: ready and fetched by, or the window of delivery
	radius, center             string
}

var (
	counter = &Place{
		Name: "Harbor & Finch, Cannery Row", Phone: "+1 831 555 0142", Hint: "Ring at the green door.", Kind: "counter",
		Address: Address{Name: "Harbor & Finch", Street1: "9 Cannery Row", City: "Monterey", State: "CA", Zip: "93940", Country: "US"},
	}
	dock = &Place{
		Name: "Harbor & Finch, Dock 4", Phone: "+1 831 555 0143", Hint: "Bring a truck and <b>two people</b>.", Kind: "kerb",
		Address: Address{Name: "Harbor & Finch", Street1: "4 Municipal Wharf", City: "Monterey", State: "CA", Zip: "93940", Country: "US"},
	}
)

var methods = []method{
	{
		code: "standard", label: "Standard Ground", carrier: "UPS", days: "3-5", kind: KindParcel, depot: House,
		base: decimal.RequireFromString("4.90"), perKilo: decimal.RequireFromString("1.10"),
	},
	{
		code: "express", label: "Express Overnight", carrier: "FedEx", days: "1", mainlandOnly: true, kind: KindParcel, depot: House,
		base: decimal.RequireFromString("14.90"), perKilo: decimal.RequireFromString("2.40"),
	},
	{
		code: "counter", label: "Fetch at Cannery Row", kind: KindPickup, depot: House, zips: around, place: counter,
		fromHours: 41 * time.Hour, untilHours: 8 * 24 * time.Hour,
	},
	{
		code: "courier", label: "Bicycle Courier", carrier: "Finch Bicycles", days: "1", kind: KindCourier, depot: House, zips: near,
		base: decimal.RequireFromString("8.50"), radius: "6", center: "93940", fromHours: 40 * time.Hour, untilHours: 44 * time.Hour,
	},
	{
		code: "tube", label: "Printer's Tube", carrier: "USPS", days: "6-9", kind: KindParcel, depot: Press,
		base: decimal.RequireFromString("3.80"), perKilo: decimal.RequireFromString("0.90"),
	},
	{
		code: "tube-fast", label: "Printer's Tube, Priority", carrier: "USPS", days: "2-3", kind: KindParcel, depot: Press,
		base: decimal.RequireFromString("9.60"), perKilo: decimal.RequireFromString("1.40"),
	},
	{
		code: "dock", label: "Fetch at Dock 4", kind: KindPickup, depot: Van, zips: around, place: dock,
		fromHours: 57 * time.Hour, untilHours: 10 * 24 * time.Hour,
	},
	{
		code: "van", label: "Our Van", carrier: "Harbor & Finch", kind: KindCourier, depot: Van, zips: near,
		base: decimal.RequireFromString("60.00"), radius: "12.5", center: "93940", fromHours: 80 * time.Hour, untilHours: 88 * time.Hour,
	},
	{code: downloadCode, label: "Download", days: "0", kind: KindDownload, depot: Download},
}

// offered lists the ways of a depot for an address; none off the map. A
// download needs no address. Express does not fly to Alaska and Hawaii.
func offered(a *Address, d Depot) []method {
	var out []method
	for _, m := range methods {
		if m.depot == d && m.serves(a) {
			out = append(out, m)
		}
	}
	return out
}

func (m method) serves(a *Address) bool {
	switch {
	case m.kind == KindDownload:
		return true
	case a == nil || a.Country != servedCountry:
		return false
	case m.mainlandOnly && (a.State == "AK" || a.State == "HI"):
		return false
	}
	return m.zips == nil || slices.ContainsFunc(m.zips, func(start string) bool { return strings.HasPrefix(a.Zip, start) })
}

// price is net of tax; every started kilogram counts.
func (m method) price(grams int) decimal.Decimal {
	kilos := int64((grams + 999) / 1000)
	return m.base.Add(m.perKilo.Mul(decimal.NewFromInt(kilos)))
}
