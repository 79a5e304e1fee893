package v20260116

import "github.com/postern-gateway/postern/translate/reader"

// Dialect is what requests of this date look like (spec/2026-01-16,
// json-schema, read 2026-11-22).
var Dialect = reader.Dialect{
	Details:   true,
	Selection: reader.NestedOptions,
	SideData:  true,
	Outcomes:  reader.FiveOutcomes,
}
