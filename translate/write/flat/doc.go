// Package flat holds the pieces of answers that the dates 2025-09-29,
// 2025-12-12 and 2026-01-16 share. Their lines carry flat amounts, their
// messages know six error codes and no warning, and they know shipping and
// digital delivery only; what newer dates say by members of their own is said
// in an information message here.
//
// Start at [Messages]. Each date composes its session from these pieces and
// from its own, so that nothing of a newer date can stand in its closed
// objects. Source: spec/2025-09-29, spec/2025-12-12 and spec/2026-01-16, read
// 2026-11-22.
//
// Functions are pure and safe for concurrent use. The package may import
// translate/write, translate/wire, gateway/commerce and third-party packages.
package flat
