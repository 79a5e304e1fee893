package telemetry

import (
	"context"
	"regexp"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// filter stands before an exporter and lets only allowed attributes out.
type filter struct{ next sdktrace.SpanExporter }

// ExportSpans hands filtered views of the spans on.
func (f filter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	filtered := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, s := range spans {
		filtered[i] = filteredSpan{s}
	}
	return f.next.ExportSpans(ctx, filtered)
}

// Shutdown stops the exporter.
func (f filter) Shutdown(ctx context.Context) error {
	return f.next.Shutdown(ctx)
}

// filteredSpan is a span seen through the allow-list.
type filteredSpan struct{ sdktrace.ReadOnlySpan }

// Attributes returns the allowed attributes.
func (s filteredSpan) Attributes() []attribute.KeyValue { return allowed(s.ReadOnlySpan.Attributes()) }

// Events returns the events with their allowed attributes: an exception keeps its time and loses its text.
func (s filteredSpan) Events() []sdktrace.Event {
	events := s.ReadOnlySpan.Events()
	out := make([]sdktrace.Event, len(events))
	for i, e := range events {
		e.Attributes = allowed(e.Attributes)
		out[i] = e
	}
	return out
}

// Links returns the links with their allowed attributes.
func (s filteredSpan) Links() []sdktrace.Link {
	links := s.ReadOnlySpan.Links()
	out := make([]sdktrace.Link, len(links))
	for i, l := range links {
		l.Attributes = allowed(l.Attributes)
		out[i] = l
	}
	return out
}

// word is a description that can only be a name out of a closed set, never a sentence with data in it.
var word = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,39}$`)

// Status returns the status with its description if that is a single word, such as the kind of a fault.
func (s filteredSpan) Status() sdktrace.Status {
	status := s.ReadOnlySpan.Status()
	if !word.MatchString(status.Description) {
		status.Description = ""
	}
	return status
}

func allowed(attrs []attribute.KeyValue) []attribute.KeyValue {
	out := make([]attribute.KeyValue, 0, len(attrs))
	for _, kv := range attrs {
		if Allowed(kv.Key) {
			out = append(out, kv)
		}
	}
	return out
}
