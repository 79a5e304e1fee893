package gateway

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/config/agentkey"
	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/telemetry"
	"github.com/postern-gateway/postern/translate"
)

// creator is a session service that can only create, and stores nothing.
type creator struct {
	acp.Sessions
	created int
}

func (c *creator) Create(_ context.Context, call checkout.Call, _ commerce.CreateRequest) (store.Answer, error) {
	c.created++
	return call.Render(commerce.Session{ID: "cs_1", Status: commerce.NotReady, Currency: "usd"})
}

// TestDeviationsAreMeasured sends calls through the pipeline as it is wired and reads the counter as an exporter does.
func TestDeviationsAreMeasured(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	var log bytes.Buffer
	deviated, err := countDeviations(meters, telemetry.NewLogger(&log, "debug"))
	if err != nil {
		t.Fatal(err)
	}
	agents, err := acp.NewAgents([]config.Agent{
		{Name: "easy", Shops: []string{"main"}, Keys: []config.Key{{SHA256: agentkey.Hash("easy")}}},
		{Name: "strict", Strict: true, Shops: []string{"main"}, Keys: []config.Key{{SHA256: agentkey.Hash("strict")}}},
	}, map[string]config.Shop{"main": {}})
	if err != nil {
		t.Fatal(err)
	}
	sessions := &creator{}
	pipeline := acp.New(acp.Config{Agents: agents, Sessions: sessions, Clock: clock.System(), Deviated: deviated, Versions: translate.Set{Aliases: true}})
	call := func(token, version, body string) int {
		return pipeline.Do(t.Context(), acp.Request{
			Operation: acp.Create, Token: token, APIVersion: version, Body: func() ([]byte, error) { return []byte(body), nil },
		}).Status
	}
	native := `{"items":[{"id":"a","quantity":1}]}`
	strange := `{"items":[{"id":"canary"},{"id":"canary"}],"canary":"canary"}`
	for i, status := range []int{
		call("easy", "2025-12-12", native), call("easy", "2025-12-12", strange), call("easy", "2025-12-12", strange), call("easy", "2026-01-15", native),
		call("strict", "2025-12-12", native),
	} {
		if status != 201 {
			t.Errorf("call %d: %d", i, status)
		}
	}
	if created := sessions.created; created != 5 {
		t.Errorf("%d sessions, want 5", created)
	}
	for _, version := range []string{"2025-12-12", "2026-01-15"} {
		if status := call("strict", version, strange); status != 400 || sessions.created != 5 {
			t.Errorf("a strict agent in %s: %d, %d sessions", version, status, sessions.created)
		}
	}

	var got metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int64{}
	for _, scope := range got.ScopeMetrics {
		for _, m := range scope.Metrics {
			sum, ok := m.Data.(metricdata.Sum[int64])
			if m.Name != telemetry.MetricDeviations || !ok || !sum.IsMonotonic {
				t.Errorf("metric %s is %T", m.Name, m.Data)
				continue
			}
			for _, p := range sum.DataPoints {
				value := func(key attribute.Key) string { v, _ := p.Attributes.Value(key); return v.AsString() }
				if p.Attributes.Len() != 3 {
					t.Errorf("attributes %v", p.Attributes.ToSlice())
				}
				counts[value(telemetry.AttrAgent)+" "+value(telemetry.AttrVersion)+" "+value(telemetry.AttrDeviation)] = p.Value
			}
		}
	}
	want := map[string]int64{
		"easy 2025-12-12 quantity_missing": 2, "easy 2025-12-12 unknown_member": 2, "easy 2026-01-16 version_alias": 1,
		"strict 2025-12-12 quantity_missing": 1, "strict 2025-12-12 unknown_member": 1, "strict 2026-01-16 version_alias": 1,
	}
	for key, n := range want {
		if counts[key] != n {
			t.Errorf("%s: counted %d, want %d", key, counts[key], n)
		}
	}
	if len(counts) != len(want) {
		t.Errorf("counted %v", counts)
	}
	if lines := strings.Count(log.String(), `"deviation":`); lines != 8 || strings.Contains(log.String(), "canary") {
		t.Errorf("%d lines in the log: %s", lines, &log)
	}
}
