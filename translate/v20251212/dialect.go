package v20251212

import "github.com/postern-gateway/postern/translate/reader"

// Dialect is what requests of this date look like (spec/2025-12-12,
// json-schema, read 2026-11-22).
var Dialect = reader.Dialect{
	Details:   true,
	Selection: reader.NestedOptions,
	SideData:  true,
	Outcomes:  reader.TenOutcomes,
}
