// Package v20260417 speaks the ACP date 2026-04-17: it turns request bodies of
// that date into commerce values and commerce values into answers and webhook
// events of that date.
//
// Start at [DecodeCreate] and [EncodeSession]. The reader is lenient: it takes
// the union of what the specification, its examples and live agents send, the
// shapes of older dates included, and ignores members that it does not know.
// The writer is strict: what it writes validates against the published JSON
// Schema (spec/2026-04-17, read 2026-11-22), which is closed. commerce speaks
// the words of this date, so most of the writing is renaming.
//
// Functions are pure and safe for concurrent use.
//
// It may import translate/reader, translate/write and what is below it,
// translate/wire, older dates, gateway/commerce and third-party packages.
package v20260417

// Date is the API-Version of this package.
const Date = "2026-04-17"
