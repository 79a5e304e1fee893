package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Tracer starts spans. The zero Tracer is off and allocates nothing, which the interface of the same name cannot
// promise: its options escape before it is asked. It is safe for concurrent use.
type Tracer struct {
	tracer trace.Tracer
}

// NewTracer wraps a tracer; nil gives a Tracer that is off.
func NewTracer(t trace.Tracer) Tracer {
	if _, off := t.(noop.Tracer); off {
		return Tracer{}
	}
	return Tracer{tracer: t}
}

// Enabled reports whether spans are made.
func (t Tracer) Enabled() bool { return t.tracer != nil }

// Start begins a span of the given kind as a child of the one in ctx; links name other traces that it follows from. End
// it in every case. When the Tracer is off ctx comes back as it is. Set attributes only after span.IsRecording(), since
// making them allocates.
func (t Tracer) Start(ctx context.Context, name string, kind trace.SpanKind, links ...trace.Link) (context.Context, trace.Span) {
	if t.tracer == nil {
		return ctx, noop.Span{}
	}
	return t.tracer.Start(ctx, name, trace.WithSpanKind(kind), trace.WithLinks(links...)) //nolint:spancheck // the caller ends it
}
