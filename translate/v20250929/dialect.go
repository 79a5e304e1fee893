package v20250929

import "github.com/postern-gateway/postern/translate/reader"

// Dialect is what requests of this date look like: the fewest members of all,
// nothing of what later dates have (spec/2025-09-29, json-schema, read
// 2026-11-22).
var Dialect = reader.Dialect{}
