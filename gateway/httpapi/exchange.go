package httpapi

import (
	"cmp"
	"crypto/tls"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/telemetry"
)

// exchange is what one answer carries beside the response.
type exchange struct {
	id    string // the Request-Id
	key   string // the Idempotency-Key to echo; empty: none
	allow string // the Allow header of a 405
	cache string // the Cache-Control header; empty: the answer is for one caller and is kept by nobody
	etag  string // the ETag header; empty: none
	vary  string // the Vary header; empty: none
}

// serve answers one request with what f says, and writes its line in the log: no body, no token, no address.
func (h *handler) serve(w http.ResponseWriter, r *http.Request, f func(*http.Request, *exchange) acp.Response) {
	began := h.clock.Now()
	x := &exchange{id: requestID(r.Header)}
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		x.key, _ = keyOf(r.Header)
	}
	response := f(r, x)
	x.write(w, response)
	route := r.Pattern
	if route == "" || route == "/" {
		route = "unknown"
	}
	if span := trace.SpanFromContext(r.Context()); span.IsRecording() {
		span.SetAttributes(telemetry.AttrHTTPRoute.String(route))
	}
	h.record(r, route, x, response, h.clock.Now().Sub(began))
}

// write sends the answer. A failed write is the agent's loss only: what was done is stored, and a retry gets it again.
func (x *exchange) write(w http.ResponseWriter, response acp.Response) {
	header := w.Header()
	if response.Status != http.StatusNotModified {
		header.Set("Content-Type", "application/json")
		header.Set("Content-Length", strconv.Itoa(len(response.Body)))
	}
	header.Set("Cache-Control", cmp.Or(x.cache, "no-store"))
	if x.etag != "" {
		header.Set("ETag", x.etag)
	}
	if x.vary != "" {
		header.Set("Vary", x.vary)
	}
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set(headerRequestID, x.id)
	if x.key != "" && acp.ValidKey(x.key) {
		header.Set(headerKey, x.key)
	}
	if response.Replayed {
		header.Set("Idempotent-Replayed", "true")
	}
	if response.RetryAfter > 0 {
		header.Set("Retry-After", strconv.FormatInt(int64(response.RetryAfter/time.Second), 10))
	}
	switch response.Status {
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", "Bearer")
	case http.StatusMethodNotAllowed:
		// A cancel of an ended session comes here with an empty Allow, which RFC 9110 15.5.6 asks for: no method helps any more.
		header.Set("Allow", x.allow)
	case http.StatusRequestTimeout, http.StatusRequestEntityTooLarge:
		header.Set("Connection", "close") // what is left of the body will not be read
	}
	w.WriteHeader(response.Status)
	_, _ = w.Write(response.Body)
}

func (h *handler) record(r *http.Request, route string, x *exchange, response acp.Response, took time.Duration) {
	level := slog.LevelInfo
	if r.Pattern == "/healthz" || r.Pattern == "/readyz" {
		level = slog.LevelDebug
	}
	if !h.log.Enabled(r.Context(), level) {
		return
	}
	attrs := make([]slog.Attr, 0, 11)
	attrs = append(attrs,
		slog.String("method", method(r)), slog.String("route", route), slog.Int("status", response.Status),
		slog.String("request_id", x.id), slog.Float64("duration_ms", float64(took.Microseconds())/1000),
	)
	for _, a := range []slog.Attr{
		slog.String("agent", response.Agent), slog.String("shop", response.Shop), slog.String("api_version", response.Version),
	} {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	if response.Refused {
		attrs = append(attrs, slog.String("fault", response.Kind.String()))
	}
	if response.Replayed {
		attrs = append(attrs, slog.Bool("replayed", true))
	}
	if r.TLS != nil {
		attrs = append(attrs, slog.String("tls", tls.VersionName(r.TLS.Version)))
	}
	h.log.LogAttrs(r.Context(), level, "request", attrs...)
}

// method is the request's method if it is one that the standards name; anything else is a stranger's text.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodConnect,
		http.MethodOptions, http.MethodTrace:
		return r.Method
	default:
		return "OTHER"
	}
}

// probe answers a health check: 200 with the word, or 503.
func (h *handler) probe(word string, check func(*http.Request) error) http.Handler {
	body := []byte(`{"status":"` + word + `"}`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.serve(w, r, func(r *http.Request, x *exchange) acp.Response {
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				x.allow = "GET, HEAD"
				return acp.Refusal("", commerce.Faultf(commerce.MethodNotAllowed, "this path can only be read"))
			}
			if check != nil {
				if err := check(r); err != nil {
					h.log.WarnContext(r.Context(), "not ready", "error", err)
					return acp.Refusal("", commerce.Faultf(commerce.Unavailable, "not ready"))
				}
			}
			return acp.Response{Status: http.StatusOK, Body: body}
		})
	})
}
