package httpapi

import (
	"net/http"

	"go.opentelemetry.io/otel/trace"

	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/telemetry"
)

// mcpPaths are what Options.MCP serves.
var mcpPaths = []string{"/mcp", "/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"}

// mount gives the paths of another shell to it. Its requests get what every request gets here: a Request-Id, a line in the log, the name
// that was called as a trusted proxy tells it, and one way of reading bearer tokens. They lie in the context as an [acp.Peer].
func (h *handler) mount(next http.Handler) {
	if next == nil {
		return
	}
	for _, p := range mcpPaths {
		h.mux.HandleFunc(p, func(w http.ResponseWriter, r *http.Request) {
			began := h.clock.Now()
			x := &exchange{id: requestID(r.Header)}
			peer := &acp.Peer{Token: bearer(r.Header), Host: h.host(r), Identity: joined(r.Header, headerIdentity), RequestID: x.id}
			w.Header().Set(headerRequestID, x.id)
			w.Header().Set("X-Content-Type-Options", "nosniff")
			seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
			next.ServeHTTP(seen, r.WithContext(acp.WithPeer(r.Context(), peer)))
			if span := trace.SpanFromContext(r.Context()); span.IsRecording() {
				span.SetAttributes(telemetry.AttrHTTPRoute.String(p))
			}
			response := peer.Answer()
			response.Status = seen.status
			h.record(r, p, x, response, h.clock.Now().Sub(began))
		})
	}
}

// statusWriter remembers the status that was sent.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader sends the status and remembers it.
func (s *statusWriter) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap lets net/http find what else the writer can do.
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }
