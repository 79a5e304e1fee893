package faults_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/postern-gateway/postern/gateway/telemetry"
)

// traced is a world whose spans are kept.
type traced struct {
	*world
	exporter  *tracetest.InMemoryExporter
	providers *telemetry.Providers
	toShop2   *echo // sees what the shop is sent
}

func newTraced(t *testing.T, change ...func(*world)) *traced {
	t.Helper()
	x := &traced{exporter: tracetest.NewInMemoryExporter()}
	var err error
	if x.providers, err = telemetry.New(t.Context(), telemetry.Options{Exporter: x.exporter}); err != nil {
		t.Fatal(err)
	}
	x.world = newWorld(t, append(change, func(w *world) {
		w.options.Telemetry = x.providers
		w.shopBefore = func(url string) string { x.toShop2 = newEcho(t, url); return x.toShop2.URL }
	})...)
	t.Cleanup(func() {
		x.halt()
		x.options.Telemetry = nil
		if err := x.providers.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return x
}

// spans are what was exported so far.
func (x *traced) spans() []sdktrace.ReadOnlySpan {
	x.t.Helper()
	if err := x.providers.Flush(context.WithoutCancel(x.t.Context())); err != nil {
		x.t.Fatal(err)
	}
	return x.exporter.GetSpans().Snapshots()
}

// family is the spans of one trace.
type family map[trace.SpanID]sdktrace.ReadOnlySpan

func (f family) find(name string) sdktrace.ReadOnlySpan {
	for _, s := range f {
		if s.Name() == name {
			return s
		}
	}
	return nil
}

// under reports whether a span of the one name stands somewhere below a span of the other.
func (f family) under(name, above string) bool {
	for _, s := range f {
		if s.Name() != name {
			continue
		}
		for p, ok := f[s.Parent().SpanID()]; ok; p, ok = f[p.Parent().SpanID()] {
			if p.Name() == above {
				return true
			}
		}
	}
	return false
}

func TestTraceOfACompletion(t *testing.T) {
	t.Parallel()
	x := newTraced(t)
	const parent = "4bf92f3577b34da6a3ce929d0e0e4736"
	a := x.agent(newest).as("Traceparent", "00-"+parent+"-00f067aa0ba902b7-01", "Tracestate", "rojo=1", "Baggage", "user=ada")
	s := a.ready("c", x.sku(0), 1)
	x.bought(a.must(200, "POST", completeOf(s.ID), "p", a.payment(x.token())), s.total())
	x.until("the event arrived", func() bool { return len(x.receiver.events(s.ID)) == 1 })

	const request = "POST /checkout_sessions/{id}/complete"
	var root sdktrace.ReadOnlySpan
	var delivery sdktrace.ReadOnlySpan
	x.until("the spans are there", func() bool {
		recorded := false // the agent has its answer before the shop is told of the payment
		for _, span := range x.spans() {
			switch span.Name() {
			case request:
				root = span
			case telemetry.SpanDeliver:
				delivery = span
			case "saga.recording":
				recorded = true
			}
		}
		return root != nil && delivery != nil && recorded
	})
	if root.Parent().IsValid() || root.SpanContext().TraceID().String() == parent || root.SpanKind() != trace.SpanKindServer {
		t.Errorf("the agent's trace was joined: parent %v", root.Parent())
	}
	if links := root.Links(); len(links) != 1 || links[0].SpanContext.TraceID().String() != parent {
		t.Errorf("the agent's span is not linked: %v", links)
	}

	all := family{}
	for _, span := range x.spans() {
		if span.SpanContext().TraceID() == root.SpanContext().TraceID() {
			all[span.SpanContext().SpanID()] = span
		}
	}
	for _, span := range all {
		if _, ok := all[span.Parent().SpanID()]; !ok && span.Name() != request {
			t.Errorf("%s has no parent in the trace", span.Name())
		}
	}
	for _, c := range [][2]string{
		{telemetry.SpanDecode, request},
		{"shop.quote", request},
		{"shop GET", "shop.quote"},
		{"stripe GET", request},
		{"saga.authorizing", request},
		{"stripe POST", "saga.authorizing"},
		{"saga.placing", request},
		{"shop.place_order", "saga.placing"},
		{"shop POST", "shop.place_order"},
		{"saga.capturing", request},
		{"stripe POST", "saga.capturing"},
		{"saga.recording", request},
		{"shop.record_payment", "saga.recording"},
		{"shop POST", "shop.record_payment"},
		{telemetry.SpanEncode, request},
	} {
		if !all.under(c[0], c[1]) {
			t.Errorf("there is no span %q below %q", c[0], c[1])
		}
	}
	steps := []string{telemetry.SpanDecode, "shop.quote", "saga.authorizing", "saga.placing", "saga.capturing", "saga.recording"}
	for i := 1; i < len(steps); i++ {
		before, after := all.find(steps[i-1]), all.find(steps[i])
		if before != nil && after != nil && after.StartTime().Before(before.StartTime()) {
			t.Errorf("%s began before %s", steps[i], steps[i-1])
		}
	}

	// A delivery is a trace of its own, linked to what caused it.
	if delivery.SpanContext().TraceID() == root.SpanContext().TraceID() || delivery.Parent().IsValid() {
		t.Error("the delivery is part of the request's trace")
	}
	linked := func(l sdktrace.Link) bool { return l.SpanContext.TraceID() == root.SpanContext().TraceID() }
	if !slices.ContainsFunc(delivery.Links(), linked) {
		t.Errorf("the delivery is not linked to the request: %v", delivery.Links())
	}
}

func TestTraceIsToldToNobody(t *testing.T) {
	t.Parallel()
	for _, propagate := range []bool{false, true} {
		name := map[bool]string{false: "by default", true: "to the shop when it is asked for"}[propagate]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newTraced(t, func(w *world) {
				if propagate {
					w.settings.shop = "propagate_trace: true"
				}
			})
			a := x.agent(newest).as("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "Baggage", "user=ada")
			s := a.ready("c", x.sku(0), 1)
			r := a.must(200, "POST", completeOf(s.ID), "p", a.payment(x.token()))
			x.bought(r, s.total())
			x.until("the event arrived", func() bool { return len(x.receiver.events(s.ID)) == 1 })

			tells := func(h http.Header) bool {
				for name := range h {
					if slices.Contains([]string{"traceparent", "tracestate", "baggage", "b3"}, strings.ToLower(name)) {
						return true
					}
				}
				return false
			}
			for _, q := range x.stripe.Requests() {
				if tells(q.Header) {
					t.Errorf("Stripe was told: %v", q.Header)
				}
			}
			if h := x.receiver.events(s.ID)[0].header; tells(h) || tells(r.header) {
				t.Errorf("the agent was told: %v, %v", h, r.header)
			}
			told := 0
			for _, h := range x.toShop2.headers() {
				if tells(h) {
					told++
				}
				if strings.Contains(h.Get("Traceparent"), "4bf92f3577b34da6a3ce929d0e0e4736") || h.Get("Baggage") != "" {
					t.Errorf("the agent's own trace was passed on: %v", h)
				}
			}
			if all := len(x.toShop2.headers()); all == 0 || (propagate && told != all) || (!propagate && told != 0) {
				t.Errorf("the shop was told of the trace with %d of %d requests", told, all)
			}
		})
	}
}
