//go:build !race

// Under the race detector a sync.Pool drops what it holds at random, so that allocations cannot be counted there.

package httpapi_test

import (
	"math"
	"net/http"
	"testing"

	noopmetric "go.opentelemetry.io/otel/metric/noop"
	nooptrace "go.opentelemetry.io/otel/trace/noop"

	"github.com/postern-gateway/postern/gateway/telemetry"
)

// TestNoOpProvidersAddNothing holds that providers that do nothing leave the handler as it is without them, for a create and for a path
// that is none. Of several counts the least is taken: what else runs in the process only ever adds.
func TestNoOpProvidersAddNothing(t *testing.T) {
	plain := newWorld(t)
	silent := newWorld(t, func(w *world) {
		w.options.Tracers, w.options.Meters = nooptrace.NewTracerProvider(), noopmetric.NewMeterProvider()
		w.config.Tracer = telemetry.NewTracer(nooptrace.NewTracerProvider().Tracer("x"))
	})
	for name, r := range map[string]request{
		"create":  {path: "/checkout_sessions", body: `{"items":[{"id":"i1","quantity":1}]}`, header: map[string]string{"API-Version": oldest, "Idempotency-Key": ""}},
		"nowhere": {method: http.MethodGet, path: "/nowhere"},
	} {
		allocations := func(w *world) float64 {
			least := math.Inf(1)
			for range 10 {
				least = min(least, testing.AllocsPerRun(20, func() { w.handler.ServeHTTP(discard{http.Header{}}, w.build(r)) }))
			}
			return least
		}
		if a, b := allocations(plain), allocations(silent); b > a {
			t.Errorf("%s costs %v allocations with no-op providers, %v without", name, b, a)
		}
	}
}

// discard is a ResponseWriter that keeps nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
