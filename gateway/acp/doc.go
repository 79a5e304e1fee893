// Package acp is the one pipeline of a call, whatever carried it: REST or MCP. It says who calls, for which shop, in which
// date of the protocol, whether this very call was answered before, and what every fault becomes on the wire.
//
// Start with [Pipeline.Do]: it is the order of a call from top to bottom. [Request] and [Response] are what a shell fills in and
// carries away. The one table of faults is in faults.go, who may call is in agents.go, the idempotency key's way is in claim.go.
//
// A call is claimed by (agent, shop, path, key) with the fingerprint of the received body before anything happens. The session service
// stores a 2xx together with the session; the pipeline stores the refusals that will be the same forever; everything else gives the
// claim up, so that the same key may try again (S17).
//
// The package may import checkout, carts, translate, store, config, commerce, clock and telemetry.
package acp
