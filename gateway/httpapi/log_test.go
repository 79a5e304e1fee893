package httpapi_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/telemetry"
)

func TestRequestLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create()
	w.do(request{path: "/checkout_sessions/" + id, body: `{}`, header: map[string]string{"Authorization": "Bearer secret-canary"}})
	w.do(request{path: "/checkout_sessions/" + id + "/complete?email=canary@example.com", body: payData})
	w.do(request{path: "/checkout_sessions", body: `{"line_items":[{"id":"canary","quantity":0}],"buyer":{"email":"canary@example.com"}}`})
	w.do(request{method: "CANARY", path: "/canary"})
	w.do(request{method: http.MethodGet, path: "/checkout_sessions/canary.x"})
	lines := w.lines("request")
	if len(lines) != 6 {
		t.Fatalf("%d lines, want one for each request: %s", len(lines), w.log)
	}
	for i, want := range []map[string]any{
		{"method": "POST", "route": "/checkout_sessions", "status": 201.0, "agent": "a", "shop": "main", "api_version": newest, "request_id": "rq-1"},
		{"method": "POST", "route": "/checkout_sessions/{id}", "status": 401.0, "fault": "unauthenticated", "agent": nil, "api_version": newest},
		{"method": "POST", "route": "/checkout_sessions/{id}/complete", "status": 200.0, "agent": "a", "fault": nil},
		{"method": "POST", "route": "/checkout_sessions", "status": 400.0, "fault": "invalid"},
		{"method": "OTHER", "route": "unknown", "status": 404.0, "fault": "not_found"},
		{"method": "GET", "route": "/checkout_sessions/{id}", "status": 404.0},
	} {
		for name, value := range want {
			if lines[i][name] != value {
				t.Errorf("line %d: %s = %v, want %v: %v", i, name, lines[i][name], value, lines[i])
			}
		}
		if _, ok := lines[i]["duration_ms"].(float64); !ok {
			t.Errorf("line %d has no duration: %v", i, lines[i])
		}
	}
	if strings.Contains(strings.ToLower(w.log.String()), "canary") {
		t.Errorf("the log tells what an agent sent: %s", w.log)
	}
}

func TestSpans(t *testing.T) {
	t.Parallel()
	exporter := tracetest.NewInMemoryExporter()
	providers, err := telemetry.New(t.Context(), telemetry.Options{ServiceName: "test", Exporter: keeping{exporter}})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(w *world) {
		w.options.Tracers, w.options.Meters = providers.TracerProvider(), providers.MeterProvider()
		w.config.Tracer = providers.Tracer()
	})
	const theirs = "4bf92f3577b34da6a3ce929d0e0e4736"
	h := map[string]string{
		"traceparent": "00-" + theirs + "-00f067aa0ba902b7-01", "baggage": "x=canary", "tracestate": "x=1", "X-Forwarded-For": "192.0.2.77",
		"User-Agent": "canary", "Idempotency-Key": "k",
	}
	var sawTrace trace.SpanContext
	w.shelf.before = func(ctx context.Context, _ string) error { sawTrace = trace.SpanContextFromContext(ctx); return nil }
	want(t, w.do(request{path: "/checkout_sessions?x=canary", body: lineItems, header: h}), http.StatusCreated, "")
	want(t, w.do(request{path: "/checkout_sessions", body: lineItems, header: h}), http.StatusCreated, "")
	want(t, w.do(request{method: http.MethodGet, path: "/healthz"}), http.StatusOK, "")
	w.shelf.before = func(context.Context, string) error { return commerce.Faultf(commerce.Conflict, "canary") }
	want(t, w.do(request{path: "/checkout_sessions/cs_1", body: "{}"}), http.StatusConflict, "conflict")
	if err := providers.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}

	spans := exporter.GetSpans()
	byName := map[string][]tracetest.SpanStub{}
	for _, s := range spans {
		byName[s.Name] = append(byName[s.Name], s)
		for _, a := range s.Attributes {
			if !telemetry.Allowed(a.Key) || strings.Contains(a.Value.String(), "canary") {
				t.Errorf("span %s carries %s=%s", s.Name, a.Key, a.Value.String())
			}
		}
	}
	servers := byName["POST /checkout_sessions"]
	if len(servers) != 2 || len(byName[telemetry.SpanDecode]) != 2 || len(byName[telemetry.SpanEncode]) != 1 || len(byName["GET /healthz"]) != 0 {
		t.Fatalf("spans: %v", names(spans))
	}
	first := servers[0]
	if first.SpanKind != trace.SpanKindServer || first.Parent.IsValid() || first.SpanContext.TraceID().String() == theirs {
		t.Errorf("the agent's trace became the parent: %+v", first)
	}
	if len(first.Links) != 1 || first.Links[0].SpanContext.TraceID().String() != theirs {
		t.Errorf("the agent's trace is not linked: %+v", first.Links)
	}
	if !sawTrace.IsValid() || sawTrace.TraceID() != first.SpanContext.TraceID() {
		t.Errorf("the service saw trace %s, the server's is %s", sawTrace.TraceID(), first.SpanContext.TraceID())
	}
	for _, inner := range []tracetest.SpanStub{byName[telemetry.SpanDecode][0], byName[telemetry.SpanEncode][0]} {
		if inner.Parent.SpanID() != first.SpanContext.SpanID() {
			t.Errorf("%s is no child of the request", inner.Name)
		}
	}
	for _, c := range []struct {
		span tracetest.SpanStub
		want []attribute.KeyValue
	}{
		{first, []attribute.KeyValue{
			telemetry.AttrAgent.String("a"), telemetry.AttrShop.String("main"), telemetry.AttrVersion.String(newest), telemetry.AttrOperation.String("create"),
			telemetry.AttrHTTPRoute.String("/checkout_sessions"), telemetry.AttrHTTPStatus.Int(201), telemetry.AttrHTTPMethod.String("POST"),
		}},
		{servers[1], []attribute.KeyValue{telemetry.AttrReplayed.Bool(true)}},
		{byName["POST /checkout_sessions/{id}"][0], []attribute.KeyValue{telemetry.AttrFault.String("conflict"), telemetry.AttrSession.String("cs_1")}},
	} {
		for _, a := range c.want {
			if !has(c.span.Attributes, a) {
				t.Errorf("span %s lacks %s=%s: %v", c.span.Name, a.Key, a.Value.String(), c.span.Attributes)
			}
		}
	}
	// The log's line names the trace.
	if lines := w.lines("request"); lines[0]["trace_id"] != first.SpanContext.TraceID().String() {
		t.Errorf("the log's line has trace_id %v", lines[0]["trace_id"])
	}
}

// keeping is an exporter that still has its spans after it was shut down.
type keeping struct{ *tracetest.InMemoryExporter }

func (keeping) Shutdown(context.Context) error { return nil }

func has(all []attribute.KeyValue, want attribute.KeyValue) bool {
	for _, a := range all {
		if a.Key == want.Key && a.Value == want.Value {
			return true
		}
	}
	return false
}

func names(spans tracetest.SpanStubs) []string {
	var all []string
	for _, s := range spans {
		all = append(all, s.Name)
	}
	return all
}
