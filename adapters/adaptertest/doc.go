// Package adaptertest holds the rules that every adapter keeps, as a suite that runs against a shop.
//
// Start with [Run], which takes a *testing.T or anything shaped like one, so that a command can run the same suite against a live
// staging shop, and a [Harness], which names what the shop sells and moves it from the shop's side. A rule of the contract that is not
// here does not exist.
//
// The suite places, pays, ships and cancels orders: never point it at a shop that delivers. The package is imported by tests and by
// cmd/postern only; it imports adapters and commerce.
package adaptertest
