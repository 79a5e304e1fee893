// Package faults buys through the whole gateway over HTTP, from the awkward shop and the stateful Stripe on loopback, while one thing at
// a time goes wrong. It is the fault matrix as tests, at least one for each row and named by its number, beside tests of the whole: the
// life of a session, events, secrets, traces.
//
// Start with newWorld in world_test.go: shop, Stripe, receiver of events, gateway and agent. The gateway runs in the test's process, or is
// the real program where it has to be killed. When a test ends, verify in invariants_test.go checks what must hold of everything that
// happened in its world, after a restart too. The package is imported by nobody.
package faults
