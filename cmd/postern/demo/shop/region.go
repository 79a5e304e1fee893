package shop

import (
	"regexp"
	"slices"
	"strings"

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

// method is a way of shipping. Its price follows the weight.
type method struct {
	code, label, carrier, days string
	base, perKilo              decimal.Decimal
	mainlandOnly               bool
}

var methods = []method{
	{
		code: "standard", label: "Standard Ground", carrier: "UPS", days: "3-5",
		base: decimal.RequireFromString("4.90"), perKilo: decimal.RequireFromString("1.10"),
	},
	{
		code: "express", label: "Express Overnight", carrier: "FedEx", days: "1", mainlandOnly: true,
		base: decimal.RequireFromString("14.90"), perKilo: decimal.RequireFromString("2.40"),
	},
}

// offered lists the methods for an address, cheapest first; none off the map.
// Express does not fly to Alaska and Hawaii.
func offered(a *Address) []method {
	if a == nil || a.Country != servedCountry {
		return nil
	}
	var out []method
	for _, m := range methods {
		if m.mainlandOnly && (a.State == "AK" || a.State == "HI") {
			continue
		}
		out = append(out, m)
	}
	return out
}

func offeredMethod(a *Address, code string) (method, bool) {
	for _, m := range offered(a) {
		if m.code == code {
			return m, true
		}
	}
	return method{}, false
}

// price is net of tax; every started kilogram counts.
func (m method) price(grams int) decimal.Decimal {
	kilos := int64((grams + 999) / 1000)
	return m.base.Add(m.perKilo.Mul(decimal.NewFromInt(kilos)))
}
