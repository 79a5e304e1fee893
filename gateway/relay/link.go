package relay

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// newRoot is ctx without its span. A delivery can come days after its cause, so it is a trace of its own that is linked to it.
func newRoot(ctx context.Context) context.Context {
	return trace.ContextWithSpanContext(ctx, trace.SpanContext{})
}

// links holds the span that a W3C traceparent names, or nothing.
func links(root context.Context, traceparent string) []trace.Link {
	carrier := propagation.MapCarrier{"traceparent": traceparent}
	span := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(root, carrier))
	if !span.IsValid() {
		return nil
	}
	return []trace.Link{{SpanContext: span}}
}

// traceparent names ctx's span, or is empty.
func traceparent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier.Get("traceparent")
}
