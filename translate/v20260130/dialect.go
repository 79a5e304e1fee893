package v20260130

import "github.com/postern-gateway/postern/translate/reader"

// Dialect is what requests of this date look like (spec/2026-01-30,
// json-schema, read 2026-11-22).
var Dialect = reader.Dialect{
	LineItems:   true,
	Details:     true,
	Selection:   reader.FlatOptions,
	Groups:      true,
	Profile:     true,
	Handlers:    true,
	Negotiation: true,
	Context:     true,
	Discounts:   true,
	SideData:    true,
	Outcomes:    reader.TenOutcomes,
}
