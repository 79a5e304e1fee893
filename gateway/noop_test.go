//go:build !race

// Under the race detector a sync.Pool drops what it holds at random, so that allocations cannot be counted there.

package gateway_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	nooptrace "go.opentelemetry.io/otel/trace/noop"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/httpapi"
	"github.com/postern-gateway/postern/gateway/store/sqlstore"
	"github.com/postern-gateway/postern/gateway/telemetry"
	"github.com/postern-gateway/postern/gateway/upstream"
)

// TestNoOpProvidersAddNothing holds that providers that do nothing leave a call as it is without them: a whole create, from the handler
// to the shop's answer and the commit, and a call that leads nowhere. Of many counts the least is taken, because what else runs in the
// process only ever adds.
func TestNoOpProvidersAddNothing(t *testing.T) {
	plain := newCounted(t, nil, nil, telemetry.Tracer{})
	silent := newCounted(t, nooptrace.NewTracerProvider(), noopmetric.NewMeterProvider(), telemetry.NewTracer(nooptrace.NewTracerProvider().Tracer(telemetry.Scope)))
	for name, call := range map[string]func(*counted){"create": (*counted).create, "nowhere": (*counted).nowhere} {
		without, with := math.Inf(1), math.Inf(1)
		for range 40 {
			without = min(without, testing.AllocsPerRun(1, func() { call(plain) }))
			with = min(with, testing.AllocsPerRun(1, func() { call(silent) }))
		}
		if with > without {
			t.Errorf("%s costs %v allocations with no-op providers, %v without", name, with, without)
		}
	}
	if plain.asked == 0 || plain.asked != silent.asked {
		t.Errorf("the shop was asked %d times without providers, %d times with them", plain.asked, silent.asked)
	}
}

// counted is the way of a call with every piece that takes a tracer, wired as [gateway.New] wires them, on a shop that answers from
// memory.
type counted struct {
	tb      testing.TB
	handler http.Handler
	calls   int // numbers the idempotency keys
	asked   int // requests to the shop
}

func newCounted(tb testing.TB, tracers trace.TracerProvider, meters metric.MeterProvider, tracer telemetry.Tracer) *counted {
	tb.Helper()
	db, err := sqlstore.Open(tb.Context(), sqlstore.Options{Path: filepath.Join(tb.TempDir(), "postern.db"), Key: bytes.Repeat([]byte("k"), 32)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	sum := sha256.Sum256([]byte("token"))
	agents, err := acp.NewAgents(
		[]config.Agent{{Name: "agent", Shops: []string{"main"}, Keys: []config.Key{{SHA256: hex.EncodeToString(sum[:])}}}},
		map[string]config.Shop{"main": {Host: "main.example"}},
	)
	if err != nil {
		tb.Fatal(err)
	}
	// Time stands and ids are counted, so that every create costs the same.
	c := &counted{tb: tb}
	now := clock.NewManual(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	client := &http.Client{Transport: telemetry.Transport(memory{&c.asked}, tracer, telemetry.TransportOptions{Peer: "shop", Propagate: true})}
	ids := 0
	sessions := checkout.New(checkout.Config{
		Store: db, Clock: now, Owner: "run_1", Tracer: tracer,
		NewID: func(prefix string) string { ids++; return fmt.Sprintf("%s%08d", prefix, ids) },
		Shops: map[string]*checkout.Shop{"main": {
			Upstream: upstream.New("main", pricing(client), upstream.Options{Clock: now, Tracer: tracer}),
			Handlers: []commerce.PaymentHandler{{ID: "card"}},
		}},
	})
	c.handler = httpapi.NewHandler(httpapi.Options{
		Pipeline: acp.New(acp.Config{Agents: agents, Sessions: sessions, Store: db, Clock: now, Owner: "run_1", Tracer: tracer}),
		Clock:    now, Tracers: tracers, Meters: meters,
	})
	return c
}

func (c *counted) create() {
	body := `{"line_items":[{"id":"tea","quantity":2}],"currency":"usd","capabilities":{}}`
	c.send(http.MethodPost, "/checkout_sessions", strings.NewReader(body), http.StatusCreated)
}

func (c *counted) nowhere() { c.send(http.MethodGet, "/nowhere", http.NoBody, http.StatusNotFound) }

func (c *counted) send(method, path string, body io.Reader, want int) {
	c.calls++
	r := httptest.NewRequest(method, path, body)
	r.Host = "main.example"
	r.Header.Set("Authorization", "Bearer token")
	r.Header.Set("API-Version", "2026-04-17")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Request-Id", "request")
	r.Header.Set("Idempotency-Key", fmt.Sprintf("key-%08d", c.calls))
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	if w.Code != want {
		c.tb.Fatalf("%s %s: %d, want %d: %s", method, path, w.Code, want, w.Body)
	}
}

// pricing is a shop that asks its API for the price of whatever is in the cart.
func pricing(client *http.Client) adapters.Adapter {
	unused := errors.New("a create does not need this")
	return adapters.Adapter{
		Facts: adapters.Facts{Currency: "usd", ExactLookup: true},
		Quote: func(ctx context.Context, r adapters.QuoteRequest) (commerce.Quote, error) {
			q := commerce.Quote{CartRef: "cart", Currency: "usd"}
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://shop.example/price", http.NoBody)
			if err != nil {
				return q, err
			}
			answer, err := client.Do(request)
			if err != nil {
				return q, err
			}
			defer answer.Body.Close() //nolint:errcheck // it is a reader on memory
			var unit int64
			if err := json.NewDecoder(answer.Body).Decode(&unit); err != nil {
				return q, err
			}
			for _, l := range r.Cart.Lines {
				n := unit * l.Quantity
				q.Lines = append(q.Lines, commerce.Line{
					ID: l.ID, ItemID: l.ItemID, Name: l.ItemID, Quantity: l.Quantity, UnitAmount: unit, Base: n, Subtotal: n, Total: n,
				})
				q.Total += n
			}
			q.ExactTotal = fmt.Sprintf("%d.%02d", q.Total/100, q.Total%100)
			for _, kind := range []commerce.TotalType{commerce.TotalItemsBase, commerce.TotalSubtotal, commerce.TotalDue} {
				q.Totals = append(q.Totals, commerce.Total{Type: kind, DisplayText: string(kind), Amount: q.Total})
			}
			return q, nil
		},
		PlaceOrder:    func(context.Context, adapters.PlaceRequest) (s commerce.Snapshot, err error) { return s, unused },
		FindOrder:     func(context.Context, adapters.OrderQuery) (f adapters.Found, err error) { return f, unused },
		GetOrder:      func(context.Context, string) (s commerce.Snapshot, err error) { return s, unused },
		RecordPayment: func(context.Context, adapters.PaymentRecord) error { return unused },
		CancelOrder:   func(context.Context, adapters.CancelRequest) error { return unused },
	}
}

// memory answers every request with a price, without a network.
type memory struct{ asked *int }

func (m memory) RoundTrip(*http.Request) (*http.Response, error) {
	*m.asked++
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("1999"))}, nil
}
