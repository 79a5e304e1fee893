// Package faults buys through the whole gateway over HTTP, from the awkward shop and the stateful Stripe on loopback, while one thing at
// a time goes wrong. It is the fault matrix as tests, one or more for each row, named by its number.
//
// Start with world_test.go, which builds a world: shop, Stripe, receiver of events, gateway and agent. After each fault the invariants of
// invariants_test.go are checked. The package is imported by nobody.
package faults
