package telemetry

import (
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TransportOptions describes an outgoing client.
type TransportOptions struct {
	// Peer is what is called: shop, stripe or agent.
	Peer string
	// Propagate adds the W3C traceparent header. Only a shop's own propagate_trace may set it.
	Propagate bool
}

// Transport wraps the transport of an outgoing client with a span for each request, named "<peer> <method>". The span
// holds method, host, port and status, never the path, the query or a header, because Stripe's paths hold payment
// tokens; and it tells the other side nothing unless asked to. otelhttp is not used here: it always records url.full
// and wraps the body in one that can be read again, which would let net/http resend a write.
//
// When t is off, base comes back as it is.
func Transport(base http.RoundTripper, t Tracer, o TransportOptions) http.RoundTripper {
	if !t.Enabled() {
		return base
	}
	return transport{base: base, tracer: t, opts: o}
}

type transport struct {
	base   http.RoundTripper
	tracer Tracer
	opts   TransportOptions
}

// RoundTrip sends the request once. The span ends when the answer's header is there.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, span := t.tracer.Start(r.Context(), t.opts.Peer+" "+r.Method, trace.SpanKindClient)
	defer span.End()
	r = r.Clone(ctx)
	if t.opts.Propagate {
		propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(r.Header))
	}
	if span.IsRecording() {
		span.SetAttributes(
			AttrPeer.String(t.opts.Peer),
			AttrHTTPMethod.String(r.Method),
			AttrScheme.String(r.URL.Scheme),
			AttrServerAddress.String(r.URL.Hostname()),
		)
		if port, err := strconv.Atoi(r.URL.Port()); err == nil {
			span.SetAttributes(AttrServerPort.Int(port))
		}
	}
	resp, err := t.base.RoundTrip(r)
	if err != nil {
		// The error's text may hold the URL, so only its being there is told.
		span.SetStatus(codes.Error, "transport")
		return nil, err
	}
	span.SetAttributes(AttrHTTPStatus.Int(resp.StatusCode))
	if resp.StatusCode >= http.StatusBadRequest {
		span.SetStatus(codes.Error, "")
		span.SetAttributes(AttrErrorType.String(strconv.Itoa(resp.StatusCode)))
	}
	return resp, nil
}
