package gateway

import (
	"context"
	"fmt"
	"log/slog"

	"go.opentelemetry.io/otel/metric"

	"github.com/postern-gateway/postern/gateway/telemetry"
	"github.com/postern-gateway/postern/translate/wire"
)

// countDeviations counts each shape that was read although the call's date does not have it, and names it in the log for whoever looks
// into one agent. What was in the request stands in neither.
func countDeviations(meters metric.MeterProvider, log *slog.Logger) (func(ctx context.Context, agent, date string, d wire.Deviation), error) {
	counter, err := meters.Meter(telemetry.Scope).Int64Counter(telemetry.MetricDeviations, metric.WithUnit("{deviation}"),
		metric.WithDescription("Shapes that the date of a call does not have and that were read all the same."))
	if err != nil {
		return nil, fmt.Errorf("make the counter %s: %w", telemetry.MetricDeviations, err)
	}
	return func(ctx context.Context, agent, date string, d wire.Deviation) {
		counter.Add(ctx, 1, metric.WithAttributes(
			telemetry.AttrAgent.String(agent), telemetry.AttrVersion.String(date), telemetry.AttrDeviation.String(string(d))))
		log.DebugContext(ctx, "a request deviates from its version", "agent", agent, "version", date, "deviation", string(d))
	}, nil
}
