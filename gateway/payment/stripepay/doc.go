// Package stripepay holds, takes and gives back money at Stripe, with Shared Payment Tokens.
//
// Start at [New]. The calls are in authorize.go, change.go (capture and void), refund.go, find.go and inspect.go; failure.go is
// the one place that turns an answer of Stripe into a kind of [payment.Error]; transport.go keeps writes from being sent twice.
//
// It is the only importer of stripe-go. Version 82 has no types for Shared Payment Tokens (no general-availability release up to
// v86.2.0 has), so their parameter travels as an extra one under a Stripe-Version of its own; [Settings] holds both. The SDK's
// retries, telemetry and logs are off: its retries do not follow Stripe's advice, its logs and error texts would carry tokens.
//
// It may import payment, commerce, clock and the SDK. It never retries; the checkout saga does.
package stripepay
