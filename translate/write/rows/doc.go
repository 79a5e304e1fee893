// Package rows holds the pieces of answers that the dates from 2026-01-30 on
// share. Their lines and fulfillment options carry rows of totals, their
// sessions carry capabilities, and they know four kinds of delivery and
// messages that only warn.
//
// Start at [SessionOf]. commerce speaks the words of 2026-04-17, so most of
// the writing is renaming. What 2026-01-30 does not have yet, that date takes
// away from the commerce value before it is written. Source: spec/2026-01-30,
// spec/2026-04-17 and spec/unreleased, read 2026-11-22.
//
// Functions are pure and safe for concurrent use. The package may import
// translate/write, translate/wire, gateway/commerce and third-party packages.
package rows
