// Package stripetest is a stateful Stripe on a real loopback port: it holds money, captures it once, gives it back, and
// refuses what Stripe refuses. Tests, the demo and the torture runs buy from it, because the published mock of Stripe's API
// answers with shapes only and keeps no state.
//
// Start at [Start] and [Server]. A request goes through serve.go (limits, account, route), params.go (the parameters that the
// call knows; anything else is refused), idempotency.go (stored replies) and then one of intent.go, refund.go, token.go.
// fault.go makes it misbehave, ledger.go shows what happened to the money, event.go sends signed webhooks, and control.go
// offers faults and ledger to another process over HTTP.
//
// What it imitates is written in Stripe's public documentation and OpenAPI description (read 2026-11-22); where these are
// silent, [Rules] has a switch, so that both answers can be tried. It leaves out what the gateway never sends: customers,
// Connect, multicapture, saved methods. Such parameters are refused as unknown, not ignored.
//
// It imports gateway/clock and the standard library, and is imported by tests, by cmd/postern and by e2e only.
package stripetest
