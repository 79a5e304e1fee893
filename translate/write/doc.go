// Package write holds the pieces of answers that several ACP dates share, from
// the form of a time to the proof that a quote adds up. A date composes its
// answers from these pieces, from those of write/flat (2025-09-29 to
// 2026-01-16, whose lines carry flat amounts) or write/rows (from 2026-01-30
// on, whose lines carry rows of totals), and from what it has alone.
//
// Start at [CheckQuote], [Rows] and [Plain]. What the pieces write keeps to
// the published schemas, all of which are closed: a word outside a closed list,
// an address that is no URI and a time that is none are left out, or become
// what stands nearest (specification read 2026-11-22).
//
// Functions are pure and safe for concurrent use. The package may import
// translate/wire, gateway/commerce and third-party packages.
package write
