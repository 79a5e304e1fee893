package relay

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// linkTo is a link to the span of a W3C traceparent, or nothing when there is none. A delivery can come days after its cause, so it is
// a trace of its own.
func linkTo(ctx context.Context, traceparent string) trace.SpanStartOption {
	ctx = trace.ContextWithSpanContext(ctx, trace.SpanContext{}) // so that an unreadable traceparent is no link to ctx's own span
	ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": traceparent})
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() {
		return trace.WithLinks()
	}
	return trace.WithLinks(trace.Link{SpanContext: span})
}

// traceparent names ctx's span, or is empty.
func traceparent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier.Get("traceparent")
}
