package httpapi

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"path"
	"slices"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/metric"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	nooptrace "go.opentelemetry.io/otel/trace/noop"

	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/handoff"
)

// DefaultMaxBody is the size of a request body in bytes: thirty times a large checkout.
const DefaultMaxBody = 256 << 10

// Pipeline answers calls: *acp.Pipeline.
type Pipeline interface {
	Do(ctx context.Context, r acp.Request) acp.Response
}

// Options are what a handler needs.
type Options struct {
	Pipeline Pipeline
	Clock    clock.Clock
	// Ready says whether calls can be answered now; nil: always. It is asked at most once a second, whoever asks.
	Ready func(context.Context) error
	// TrustedProxies are the peers whose X-Forwarded-Host counts on plain HTTP.
	TrustedProxies []netip.Prefix
	// MaxBody is the most bytes of a request body. Default [DefaultMaxBody].
	MaxBody int64
	// Carts says that some shop keeps carts; else their paths do not exist.
	Carts bool
	// Discovery is what is told about the shop at a host; ok is false where there is none. Nil: nothing is told to anybody.
	Discovery func(host string) (d Discovery, ok bool)
	// Handoffs lets buyers leave for a shop; nil: the pages do not exist.
	Handoffs Handoffs
	// ServerName is host:port for spans and metrics, which must not repeat what strangers write into Host. Default "postern".
	ServerName string
	// MCP serves /mcp and the OAuth metadata that goes with it; nil: there is no MCP.
	MCP http.Handler

	Log     *slog.Logger         // nil: silent
	Tracers trace.TracerProvider // nil or no-op: no spans
	Meters  metric.MeterProvider // nil or no-op: no metrics
}

// handler is the routes with what they share.
type handler struct {
	pipeline Pipeline
	clock    clock.Clock
	ready    *readiness
	proxies  []netip.Prefix
	maxBody  int64
	discover func(host string) (Discovery, bool)
	log      *slog.Logger
	mux      *http.ServeMux
}

// NewHandler makes the REST binding:
//
//	POST     /checkout_sessions
//	GET POST /checkout_sessions/{id}
//	POST     /checkout_sessions/{id}/complete
//	POST     /checkout_sessions/{id}/cancel
//	POST     /carts                 this and the next two where a shop keeps carts
//	GET PUT  /carts/{id}            POST stands for PUT, as the text of openapi.cart has it
//	POST     /carts/{id}/cancel
//	GET      /.well-known/acp.json  without credentials
//	GET POST /continue/{token}      a buyer's pages, where a shop hands buyers off
//	GET      /healthz               the process lives
//	GET      /readyz                calls can be answered
func NewHandler(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxBody <= 0 {
		o.MaxBody = DefaultMaxBody
	}
	h := &handler{
		pipeline: o.Pipeline, clock: o.Clock, ready: newReadiness(o.Clock, o.Ready), proxies: o.TrustedProxies, maxBody: o.MaxBody,
		discover: o.Discovery, log: o.Log, mux: http.NewServeMux(),
	}
	h.mux.Handle("/checkout_sessions", h.operations(methods{http.MethodPost: acp.Create}))
	h.mux.Handle("/checkout_sessions/{id}", h.operations(methods{http.MethodGet: acp.Get, http.MethodPost: acp.Update}))
	h.mux.Handle("/checkout_sessions/{id}/complete", h.operations(methods{http.MethodPost: acp.Complete}))
	h.mux.Handle("/checkout_sessions/{id}/cancel", h.operations(methods{http.MethodPost: acp.Cancel}))
	if o.Carts {
		h.mux.Handle("/carts", h.operations(methods{http.MethodPost: acp.CartCreate}))
		h.mux.Handle("/carts/{id}", h.operations(methods{
			http.MethodGet: acp.CartGet, http.MethodPut: acp.CartReplace, http.MethodPost: acp.CartReplace,
		}))
		h.mux.Handle("/carts/{id}/cancel", h.operations(methods{http.MethodPost: acp.CartCancel}))
	}
	if o.Discovery != nil {
		h.mux.Handle("/.well-known/acp.json", http.HandlerFunc(h.discovery))
	}
	if o.Handoffs != nil {
		h.mux.Handle(continueRoute, h.handOff(o.Handoffs))
	}
	h.mux.Handle("/healthz", h.probe("ok", nil))
	h.mux.Handle("/readyz", h.probe("ready", h.ready.check))
	h.mount(o.MCP)
	h.mux.Handle("/", http.HandlerFunc(h.nowhere))
	return traced(h, o)
}

// ServeHTTP answers one request. A path that ServeMux would clean is no path of ours: a second spelling of a resource is a second way
// around whatever guards the first.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !plain(r) {
		h.nowhere(w, r)
		return
	}
	h.mux.ServeHTTP(w, r)
}

func plain(r *http.Request) bool {
	p := r.URL.Path
	return r.URL.RawPath == "" && p != "" && p[0] == '/' && path.Clean(p) == p && r.Method != http.MethodConnect
}

// nowhere answers what has no route.
func (h *handler) nowhere(w http.ResponseWriter, r *http.Request) {
	h.serve(w, r, func(r *http.Request, _ *exchange) acp.Response {
		return acp.Refusal(r.Header.Get(headerVersion), commerce.Faultf(commerce.NotFound, "there is nothing at this path"))
	})
}

// methods are the operations of one route.
type methods map[string]acp.Operation

// allow is the value of the Allow header.
func (m methods) allow() string { return strings.Join(slices.Sorted(maps.Keys(m)), ", ") }

// operations serves one route of checkout sessions or carts.
func (h *handler) operations(m methods) http.Handler {
	allow := m.allow()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.serve(w, r, func(r *http.Request, x *exchange) acp.Response {
			operation, ok := m[r.Method]
			if !ok {
				x.allow = allow
				return acp.Refusal(r.Header.Get(headerVersion),
					commerce.Faultf(commerce.MethodNotAllowed, "this path does not have this method; the Allow header names what it has"))
			}
			key, present := keyOf(r.Header)
			return h.pipeline.Do(r.Context(), acp.Request{
				Operation: operation, ID: r.PathValue("id"), Token: bearer(r.Header), Host: h.host(r),
				APIVersion: joined(r.Header, headerVersion), Key: key, KeyPresent: present, KeyOptional: r.Method == http.MethodPut,
				Language: r.Header.Get("Accept-Language"), Signature: joined(r.Header, headerSignature),
				Timestamp: joined(r.Header, headerTimestamp), Identity: joined(r.Header, headerIdentity), RequestID: x.id, Body: func() ([]byte, error) { return h.body(w, r, operation) },
			})
		})
	})
}

// traced puts the server's span and metrics around h, or nothing where there is neither. An agent's trace context becomes a link: it
// is a stranger's word and must not decide what is recorded, or join what strangers share.
func traced(h http.Handler, o Options) http.Handler {
	tracing, metering := o.Tracers != nil, o.Meters != nil
	if _, off := o.Tracers.(nooptrace.TracerProvider); off {
		tracing = false
	}
	if _, off := o.Meters.(noopmetric.MeterProvider); off {
		metering = false
	}
	if !tracing && !metering {
		return h
	}
	if o.ServerName == "" {
		o.ServerName = "postern:0"
	}
	options := []otelhttp.Option{
		otelhttp.WithTracerProvider(nooptrace.NewTracerProvider()), otelhttp.WithMeterProvider(noopmetric.NewMeterProvider()),
		otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator()),
		otelhttp.WithPublicEndpointFn(func(*http.Request) bool { return true }),
		otelhttp.WithServerName(o.ServerName),
		otelhttp.WithFilter(func(r *http.Request) bool {
			return r.URL.Path != "/healthz" && r.URL.Path != "/readyz" && !strings.Contains(r.URL.Path, handoff.Path) // its address is a secret, however it is written
		}),
	}
	if tracing {
		options = append(options, otelhttp.WithTracerProvider(o.Tracers), otelhttp.WithPropagators(propagation.TraceContext{}))
	}
	if metering {
		options = append(options, otelhttp.WithMeterProvider(o.Meters))
	}
	return otelhttp.NewHandler(h, "acp", options...)
}
