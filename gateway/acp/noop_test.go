//go:build !race

// Under the race detector a sync.Pool drops what it holds at random, so that allocations cannot be counted there.

package acp

import (
	"testing"

	"go.opentelemetry.io/otel/trace/noop"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/telemetry"
	"github.com/postern-gateway/postern/translate"
	"github.com/postern-gateway/postern/translate/wire"
)

// TestTracingOffCostsNothing compares each traced step with the same step without tracing.
func TestTracingOffCostsNothing(t *testing.T) {
	doc, err := wire.Parse([]byte(createBody))
	if err != nil {
		t.Fatal(err)
	}
	v := translate.Newest()
	s := commerce.Session{ID: "cs_1", Status: commerce.NotReady, Currency: "usd", Quote: commerce.Quote{Lines: []commerce.Line{{ID: "li_1", ItemID: "a", Quantity: 1}}}}
	for name, tracer := range map[string]telemetry.Tracer{"zero": {}, "no-op": telemetry.NewTracer(noop.NewTracerProvider().Tracer("x"))} {
		p, _ := newPipeline(t, &claims{}, nil, func(c *Config) { c.Tracer = tracer })
		c := &call{Pipeline: p, version: v, doc: doc, request: Request{Operation: Create}}
		render := c.render(t.Context()).Render
		ctx := t.Context()
		for step, f := range map[string]struct{ plain, traced func() }{
			"decode": {
				func() { _, _ = v.DecodeCreate(wire.NewReader(doc)) },
				func() { _, _ = decode(ctx, c, v.DecodeCreate) },
			},
			"encode": {
				func() { _, _ = v.EncodeSession(s) },
				func() { _, _ = render(s) },
			},
			"annotate": {func() {}, func() { c.annotate(ctx, Response{}) }},
		} {
			plain, traced := testing.AllocsPerRun(200, f.plain), testing.AllocsPerRun(200, f.traced)
			if traced > plain {
				t.Errorf("%s with the %s tracer: %v allocations, %v without", step, name, traced, plain)
			}
		}
	}
}
