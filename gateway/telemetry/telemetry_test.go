package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/gateway/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// keeping is an exporter that still has its spans after it was shut down.
type keeping struct{ *tracetest.InMemoryExporter }

func (keeping) Shutdown(context.Context) error { return nil }

// record runs f with a tracer and returns, as text, everything that left the process.
func record(t *testing.T, f func(telemetry.Tracer)) (tracetest.SpanStubs, string) {
	t.Helper()
	exporter := keeping{tracetest.NewInMemoryExporter()}
	p, err := telemetry.New(t.Context(), telemetry.Options{ServiceName: "test", Version: "0", Exporter: exporter})
	if err != nil {
		t.Fatal(err)
	}
	f(p.Tracer())
	if err := p.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	spans := exporter.GetSpans()
	return spans, fmt.Sprintf("%+v", spans)
}

func TestSpansLeaveThroughTheAllowList(t *testing.T) {
	const canary = "canary"
	spans, text := record(t, func(tr telemetry.Tracer) {
		link := trace.Link{SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}}), Attributes: []attribute.KeyValue{attribute.String("x", canary)}}
		_, span := tr.Start(t.Context(), telemetry.SpanEncode, trace.SpanKindInternal, link)
		span.SetAttributes(telemetry.AttrShop.String("main"), attribute.String("url.full", canary), attribute.String("buyer.email", canary))
		span.AddEvent("e", trace.WithAttributes(attribute.String("body", canary), telemetry.AttrEvent.String("place")))
		span.RecordError(errors.New(canary))
		span.SetStatus(codes.Error, "to "+canary+"@example.com")
		span.End()
		_, span = tr.Start(t.Context(), telemetry.SpanSagaPrefix+"placing", trace.SpanKindInternal)
		span.SetStatus(codes.Error, "OutOfStock")
		span.End()
	})
	if strings.Contains(text, canary) {
		t.Errorf("the canary left with a span: %s", text)
	}
	if len(spans) != 2 {
		t.Fatalf("%d spans left, want 2", len(spans))
	}
	if diff := cmp.Diff([]attribute.KeyValue{telemetry.AttrShop.String("main")}, spans[0].Attributes, cmp.Comparer(func(a, b attribute.KeyValue) bool { return a == b })); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if len(spans[0].Links) != 1 || len(spans[0].Events) != 2 || len(spans[0].Events[0].Attributes) != 1 || spans[0].Status.Code != codes.Error {
		t.Errorf("links, events or status are lost: %+v", spans[0])
	}
	if spans[1].Status.Description != "OutOfStock" {
		t.Errorf("status = %+v, want the kind of the fault", spans[1].Status)
	}
}

func TestTransport(t *testing.T) {
	var header http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header.Clone()
		if strings.Contains(r.URL.Path, "fail") {
			w.WriteHeader(http.StatusPaymentRequired)
		}
	}))
	defer server.Close()
	call := func(tr telemetry.Tracer, o telemetry.TransportOptions, path string) error {
		client := &http.Client{Transport: telemetry.Transport(server.Client().Transport, tr, o)}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader("canary-body"))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer canary-key")
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		return errors.Join(err, resp.Body.Close())
	}
	spans, text := record(t, func(tr telemetry.Tracer) {
		if err := call(tr, telemetry.TransportOptions{Peer: "stripe"}, server.URL+"/v1/tokens/spt_canary?x=canary"); err != nil {
			t.Error(err)
		}
		if header.Get("Traceparent") != "" {
			t.Errorf("traceparent %q was sent to a third party", header.Get("Traceparent"))
		}
		if err := call(tr, telemetry.TransportOptions{Peer: "shop", Propagate: true}, server.URL+"/fail/canary"); err != nil {
			t.Error(err)
		}
		if header.Get("Traceparent") == "" {
			t.Error("no traceparent was sent although it was asked for")
		}
		if err := call(tr, telemetry.TransportOptions{Peer: "shop"}, "http://127.0.0.1:1/canary"); err == nil {
			t.Error("a call to nobody did not fail")
		}
	})
	if strings.Contains(text, "canary") {
		t.Errorf("the canary left with a span: %s", text)
	}
	if len(spans) != 3 || spans[0].Name != "stripe POST" || spans[1].Status.Code != codes.Error || spans[2].Status.Code != codes.Error {
		t.Fatalf("spans = %+v", spans)
	}
	got := map[attribute.Key]string{}
	for _, kv := range spans[1].Attributes {
		got[kv.Key] = kv.Value.String()
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	want := map[attribute.Key]string{
		telemetry.AttrPeer: "shop", telemetry.AttrHTTPMethod: "POST", telemetry.AttrScheme: "http", telemetry.AttrServerAddress: "127.0.0.1",
		telemetry.AttrServerPort: port, telemetry.AttrHTTPStatus: "402", telemetry.AttrErrorType: "402",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

func TestOffCostsNothing(t *testing.T) {
	for _, name := range []string{"OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"} {
		t.Setenv(name, "")
	}
	p, err := telemetry.New(t.Context(), telemetry.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tr := p.Tracer()
	if tr.Enabled() || p.Tracing() || telemetry.NewTracer(nil).Enabled() || telemetry.NewTracer(noop.NewTracerProvider().Tracer("")).Enabled() {
		t.Error("traces are on although nothing is configured")
	}
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() {
		c, span := tr.Start(ctx, telemetry.SpanDecode, trace.SpanKindInternal)
		if span.IsRecording() || c != ctx {
			t.Error("a span was made")
		}
		span.End()
	}); n != 0 {
		t.Errorf("a span that is off costs %v allocations, want 0", n)
	}
	base := http.RoundTripper(&http.Transport{})
	if telemetry.Transport(base, tr, telemetry.TransportOptions{Peer: "shop"}) != base {
		t.Error("the transport is wrapped although traces are off")
	}
	if p.TracerProvider() == nil || p.MeterProvider() == nil || p.Shutdown(ctx) != nil || p.Flush(ctx) != nil {
		t.Error("providers that are off must still answer")
	}
}

func TestStandardVariables(t *testing.T) {
	t.Setenv("OTEL_METRICS_EXPORTER", "none")
	for _, tt := range []struct {
		name, exporter, disabled string
		tracing, fails           bool
	}{
		{name: "console", exporter: "console", tracing: true},
		{name: "none", exporter: "none"},
		{name: "disabled", exporter: "console", disabled: "true"},
		{name: "unknown", exporter: "carrier-pigeon", fails: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("OTEL_TRACES_EXPORTER", tt.exporter)
			t.Setenv("OTEL_SDK_DISABLED", tt.disabled)
			p, err := telemetry.New(t.Context(), telemetry.Options{ServiceName: "test"})
			if tt.fails {
				if err == nil || !strings.Contains(err.Error(), "OTEL_TRACES_EXPORTER") {
					t.Errorf("New = %v, want an error that names the variable", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if p.Tracing() != tt.tracing {
				t.Errorf("Tracing = %v, want %v", p.Tracing(), tt.tracing)
			}
			if err := p.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestNames reads names.go: no name is used twice, every attribute is on the allow-list, every metric has a unit.
func TestNames(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "names.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	attributes := 0
	form := regexp.MustCompile(`^[a-z][a-z0-9_.]*$`)
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range gen.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok || value.Names[0].Name == "Scope" {
				continue
			}
			ast.Inspect(value.Values[0], func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok {
					return true
				}
				text, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				name := value.Names[0].Name
				switch {
				case strings.HasPrefix(name, "Attr"):
					attributes++
					if !telemetry.Allowed(attribute.Key(text)) {
						t.Errorf("%s (%q) is not on the allow-list", name, text)
					}
				}
				if seen[text] || !form.MatchString(text) {
					t.Errorf("%s: %q is used twice or malformed", name, text)
				}
				seen[text] = true
				return true
			})
		}
	}
	if attributes < 20 {
		t.Errorf("found %d attributes; the test does not read names.go any more", attributes)
	}
	for _, key := range []attribute.Key{"url.full", "url.path", "url.query", "client.address", "user_agent.original", "exception.message", ""} {
		if telemetry.Allowed(key) {
			t.Errorf("%q must not be on the allow-list", key)
		}
	}
}
