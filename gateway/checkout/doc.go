// Package checkout is the session service: create, read, update, complete, cancel and expire, and the saga that turns a complete
// into one order and one charge, or neither.
//
// Start with [Service] for what an agent can do and with [Steps] for the saga: a table of every step, what it does
// outside, and where each outcome leads. Each step writes its intent, acts under a key that belongs to the attempt, and writes the
// outcome; the rules S1 to S18 that make it safe are named where they are kept. The shop is behind upstream, whose contract is the
// adapters package.
//
// The package may import upstream, payment, store, commerce, clock and telemetry. It knows no wire format: an answer is rendered by a
// function that comes with the call.
package checkout
