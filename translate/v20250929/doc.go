// Package v20250929 speaks the ACP date 2025-09-29: it turns request bodies
// of that date into commerce values and commerce values into answers and
// webhook events of that date.
//
// Start at [DecodeCreate] and [EncodeSession]. The reader is lenient: it takes
// the union of what the specification, its examples and live agents send, and
// ignores members that it does not know. The writer is strict: what it writes
// validates against the published schema (spec/2025-09-29, read 2026-11-22),
// which is closed, so nothing of a newer date may leak into it.
//
// Functions are pure and safe for concurrent use.
//
// It may import translate/reader, translate/write and what is below it,
// translate/wire, gateway/commerce and third-party packages.
package v20250929

// Date is the API-Version of this package.
const Date = "2025-09-29"
