// Package wire reads the JSON that agents send, more strictly than JSON asks
// and with the place of every mistake.
//
// It is what the date packages below translate/ share: one strict parse of a
// body into a [Document], typed reading of its members through [Value] with
// the three states absent, null and value kept apart ([Change]), the
// fingerprint of the received value that idempotency compares
// ([Document.Fingerprint]), JSONPath for the param member of an error
// ([Path]), and the body of an error answer ([Problem]), which is the same in
// all dates. It knows no ACP date.
//
// Start at [Parse], then [NewReader].
//
// It may import gateway/commerce, gateway/clock and third-party packages.
package wire
