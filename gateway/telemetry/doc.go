// Package telemetry holds what the gateway tells about itself: the names of every span, attribute and metric, the
// providers that the standard OTEL_* variables configure, and the logger.
//
// Start at [New], which makes [Providers] for a program, and [NewLogger]. The names are in names.go and nowhere else.
//
// Two rules keep secrets and buyers' data inside. Spans are filtered by an allow-list before they leave: an attribute
// that names.go does not list is dropped, whoever set it. Log lines are scrubbed: values under keys that look secret are
// replaced, and so is anything in a text that has the form of a token, a key or an e-mail address. Both are the second
// line of defense; the first is that such values are not handed over.
//
// Without configuration nothing is collected and [Tracer.Start] allocates nothing.
//
// The package may import the standard library, OpenTelemetry and floor 0. Of the gateway only upstream, the payment
// processors, checkout, relay, acp, httpapi and the wiring may import it.
package telemetry
