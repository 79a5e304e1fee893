// Package relay carries order changes between shops and agents.
//
// Out: start with [Relay]. It takes the events that other packages committed to the store, lane by lane, signs each at each attempt
// and sends it until the agent takes it or the schedule ends. Delivery is at least once, under one event id.
//
// In: start with [Intake.Poll], one Intake for each shop. It reads which orders changed, reads each of them whole and commits the
// snapshot, the event and the place in the change feed together. A refund that a shop decided becomes an intent there; [Refunds]
// moves the money and tells how it went (rule S14).
//
// Nothing is remembered in memory that the store does not know, but for hints: orders to look at once more, which a restart forgets
// and [Intake.Look] or the shop's next change of the order brings back.
//
// The package may import store, payment, adapters, config, commerce, clock and telemetry. Wire formats are unknown to it: an event's
// body is rendered by an injected function.
package relay
