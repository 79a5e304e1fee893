package telemetry

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	nooptrace "go.opentelemetry.io/otel/trace/noop"
)

// Options says what the standard variables do not.
type Options struct {
	// ServiceName is used where OTEL_SERVICE_NAME is unset.
	ServiceName string
	// Version is the program's version.
	Version string
	// Exporter receives the spans, filtered like all others, instead of what the variables name. It is for tests; nil
	// means the variables decide.
	Exporter sdktrace.SpanExporter
}

// Providers makes tracers and meters. Its methods are safe for concurrent use. The zero value collects nothing.
type Providers struct {
	tracers  trace.TracerProvider
	meters   metric.MeterProvider
	shutdown []func(context.Context) error
}

// New sets up what the standard variables ask for: OTEL_TRACES_EXPORTER and OTEL_METRICS_EXPORTER (otlp, console,
// prometheus for metrics, none), OTEL_EXPORTER_OTLP_* and OTEL_RESOURCE_ATTRIBUTES, as opentelemetry.io/docs/specs/otel
// describes them (read 2026-11-22). Other than there, nothing is collected when neither an exporter nor an endpoint is
// named, and OTEL_SDK_DISABLED=true turns all off. It touches no global state. Call Shutdown at the end.
func New(ctx context.Context, o Options) (*Providers, error) {
	p := &Providers{}
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return p, nil
	}
	res, err := newResource(o)
	if err != nil {
		return nil, fmt.Errorf("describe this process for telemetry, check OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	exporter := o.Exporter
	if exporter == nil && configured("TRACES") {
		if exporter, err = autoexport.NewSpanExporter(ctx); err != nil {
			return nil, fmt.Errorf("set up traces, check OTEL_TRACES_EXPORTER and OTEL_EXPORTER_OTLP_*: %w", err)
		}
	}
	if exporter != nil {
		tp := sdktrace.NewTracerProvider(sdktrace.WithResource(res), sdktrace.WithBatcher(filter{exporter}))
		p.tracers = tp
		p.shutdown = append(p.shutdown, tp.Shutdown)
	}
	if configured("METRICS") {
		reader, err := autoexport.NewMetricReader(ctx)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("set up metrics, check OTEL_METRICS_EXPORTER and OTEL_EXPORTER_OTLP_*: %w", err), p.Shutdown(ctx))
		}
		mp := sdkmetric.NewMeterProvider(sdkmetric.WithResource(res), sdkmetric.WithReader(reader))
		p.meters = mp
		p.shutdown = append(p.shutdown, mp.Shutdown)
	}
	return p, nil
}

// configured reports whether the variables name an exporter for a signal, or an endpoint for it.
func configured(signal string) bool {
	if exporter := os.Getenv("OTEL_" + signal + "_EXPORTER"); exporter != "" {
		return exporter != "none"
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") != ""
}

// newResource lets the variables win over what the program says of itself.
func newResource(o Options) (*resource.Resource, error) {
	own := resource.NewSchemaless(attribute.String("service.name", o.ServiceName), attribute.String("service.version", o.Version))
	if o.ServiceName == "" {
		own = resource.NewSchemaless(attribute.String("service.name", "postern"), attribute.String("service.version", o.Version))
	}
	return resource.Merge(own, resource.Environment())
}

// Tracer returns the gateway's tracer, the zero Tracer when traces are off.
func (p *Providers) Tracer() Tracer {
	if p.tracers == nil {
		return Tracer{}
	}
	return NewTracer(p.tracers.Tracer(Scope))
}

// TracerProvider returns the provider for instrumentation that needs one, such as otelhttp; it is never nil.
func (p *Providers) TracerProvider() trace.TracerProvider {
	if p.tracers == nil {
		return nooptrace.NewTracerProvider()
	}
	return p.tracers
}

// MeterProvider returns the provider of metrics; it is never nil.
func (p *Providers) MeterProvider() metric.MeterProvider {
	if p.meters == nil {
		return noopmetric.NewMeterProvider()
	}
	return p.meters
}

// Tracing reports whether spans are collected.
func (p *Providers) Tracing() bool { return p.tracers != nil }

// Flush sends the spans that are waiting. It is for tests and for the end of a short command.
func (p *Providers) Flush(ctx context.Context) error {
	if tp, ok := p.tracers.(*sdktrace.TracerProvider); ok {
		if err := tp.ForceFlush(ctx); err != nil {
			return fmt.Errorf("send the waiting spans: %w", err)
		}
	}
	return nil
}

// Shutdown sends what is waiting and stops. A second call does nothing.
func (p *Providers) Shutdown(ctx context.Context) error {
	var errs []error
	for _, stop := range p.shutdown {
		errs = append(errs, stop(ctx))
	}
	p.shutdown = nil
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("stop telemetry: %w", err)
	}
	return nil
}
