package httpapi_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/httpapi"
)

// bench sends what next makes through the handler, without a log.
func bench(b *testing.B, status int, next func(*world, int) *http.Request) {
	b.Helper()
	w := newWorld(b)
	w.config.Log, w.options.Log = slog.New(slog.DiscardHandler), slog.New(slog.DiscardHandler)
	w.options.Pipeline = acp.New(w.config)
	w.handler = httpapi.NewHandler(w.options)
	w.create()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		rec := &counter{header: http.Header{}}
		w.handler.ServeHTTP(rec, next(w, n))
		if rec.status != status {
			b.Fatalf("status %d, want %d", rec.status, status)
		}
	}
}

// counter is a ResponseWriter that keeps the status.
type counter struct {
	header http.Header
	status int
}

func (c *counter) Header() http.Header         { return c.header }
func (c *counter) Write(p []byte) (int, error) { return len(p), nil }
func (c *counter) WriteHeader(status int)      { c.status = status }

func post(w *world, key, auth string) *http.Request {
	return w.build(request{path: "/checkout_sessions", body: lineItems, header: map[string]string{"Idempotency-Key": key, "Authorization": auth}})
}

func BenchmarkCreate(b *testing.B) {
	bench(b, http.StatusCreated, func(w *world, n int) *http.Request { return post(w, fmt.Sprintf("new-%d", n), "Bearer "+tokenA) })
}

func BenchmarkReplay(b *testing.B) {
	bench(b, http.StatusCreated, func(w *world, _ int) *http.Request { return post(w, "key-1", "Bearer "+tokenA) })
}

func BenchmarkUnauthorized(b *testing.B) {
	bench(b, http.StatusUnauthorized, func(w *world, n int) *http.Request {
		return post(w, fmt.Sprintf("new-%d", n), "Bearer "+strings.Repeat("x", 60))
	})
}
