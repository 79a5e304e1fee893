package shopper

import "slices"

// Dialect is one ACP date as the agent speaks it: the facts in which the dates differ (spec/<date>/json-schema and openapi, read
// 2026-11-22). It is a value; safe for concurrent use.
type Dialect struct {
	version string
	// lines is the member that holds the lines of a request.
	lines string
	// declares: create must name a currency and the agent's capabilities.
	declares bool
	// contact: the address comes with name, email and phone, in fulfillment_details.
	contact bool
	// selects is the form in which an option is chosen.
	selects form
	// instruments: payment data name an advertised handler and an instrument; before, a provider.
	instruments bool
	// flatLines and flatOptions: their amounts are members, not a list of totals.
	flatLines, flatOptions bool
	// codes: there are discount codes.
	codes bool
	// keepsOrder: a session that is read later still shows its order.
	keepsOrder bool
	// wholeOrders: events hold the whole order, with fulfillments and adjustments in place of refunds.
	wholeOrders bool
	// mcp: the date can be spoken over MCP.
	mcp bool
}

// form is how an option is chosen.
type form int

const (
	single form = iota // one fulfillment_option_id for everything
	nested             // a list; the option stands in a member named after its kind
	flat               // a list; the option stands in the entry itself
)

// dialects are all dates, newest first.
var dialects = []Dialect{
	{
		version: "2026-04-17", lines: "line_items", declares: true, contact: true, selects: flat, instruments: true, codes: true,
		keepsOrder: true, wholeOrders: true, mcp: true,
	},
	{
		version: "2026-01-30", lines: "line_items", declares: true, contact: true, selects: flat, instruments: true, codes: true, keepsOrder: true,
	},
	{version: "2026-01-16", lines: "items", contact: true, selects: nested, flatLines: true, keepsOrder: true},
	{version: "2025-12-12", lines: "items", contact: true, selects: nested, flatLines: true, flatOptions: true, keepsOrder: true},
	{version: "2025-09-29", lines: "items", selects: single, flatLines: true, flatOptions: true},
}

// Versions are the ACP dates that the agent speaks, newest first.
func Versions() []string {
	out := make([]string, len(dialects))
	for i, d := range dialects {
		out[i] = d.version
	}
	return out
}

// Lookup finds a date.
func Lookup(version string) (Dialect, bool) {
	i := slices.IndexFunc(dialects, func(d Dialect) bool { return d.version == version })
	if i < 0 {
		return Dialect{}, false
	}
	return dialects[i], true
}

// Version is the date.
func (d Dialect) Version() string { return d.version }

// HasCodes reports whether the date has discount codes.
func (d Dialect) HasCodes() bool { return d.codes }

// HasMCP reports whether the date can be spoken over MCP.
func (d Dialect) HasMCP() bool { return d.mcp }

// KeepsOrder reports whether a session that is read later still shows its order.
func (d Dialect) KeepsOrder() bool { return d.keepsOrder }
