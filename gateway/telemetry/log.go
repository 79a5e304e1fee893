package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

const redacted = "[redacted]"

// NewLogger returns a logger that writes scrubbed JSON lines to w, with trace_id and span_id where there is a span.
// level is debug, info, warn or error; anything else, the empty text too, means info.
func NewLogger(w io.Writer, level string) *slog.Logger {
	var l slog.Level // info
	switch level {
	case "debug":
		l = slog.LevelDebug
	case "warn":
		l = slog.LevelWarn
	case "error":
		l = slog.LevelError
	}
	return slog.New(traceHandler{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l, ReplaceAttr: scrubAttr})})
}

// traceHandler adds the ids of the span in the context.
type traceHandler struct{ slog.Handler }

// Handle writes one record.
func (h traceHandler) Handle(ctx context.Context, r slog.Record) error {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		r.AddAttrs(slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the ids on derived loggers.
func (h traceHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return traceHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the ids on derived loggers; they then stand inside the group.
func (h traceHandler) WithGroup(name string) slog.Handler {
	return traceHandler{h.Handler.WithGroup(name)}
}

// secretKeys are parts of attribute keys whose values are never written, and buyersKeys are those of buyers' data.
var (
	secretKeys = []string{"secret", "token", "authorization", "password", "passwd", "apikey", "api_key", "private_key", "cookie", "signature", "spt", "credential"}
	buyersKeys = []string{"email", "e_mail", "phone", "buyer", "address", "first_name", "last_name", "full_name", "postal", "body"}
)

// secretForms are texts that are secret wherever they stand: Stripe keys, client secrets and payment tokens, webhook
// secrets, the gateway's own tokens, bearer credentials, e-mail addresses, and credentials inside a URL.
var secretForms = regexp.MustCompile(`(?i)\b(?:sk|rk)_(?:live|test)_\w+` +
	`|\bpi_\w+_secret_\w+` +
	`|\b(?:spt|vt|whsec|acpg)_\w+` +
	`|\bbearer\s+[\w.~+/=-]+` +
	`|[\w.+-]+@[\w-]+(?:\.[\w-]+)+` +
	`|//[^/\s:@]+:[^/\s@]+@`)

// scrubAttr replaces what must not be written. The JSON handler calls it for every attribute that is no group.
func scrubAttr(groups []string, a slog.Attr) slog.Attr {
	if looksSecret(a.Key) || slices.ContainsFunc(groups, looksSecret) {
		return slog.String(a.Key, redacted)
	}
	switch a.Value.Kind() {
	case slog.KindString:
		return slog.String(a.Key, scrub(a.Value.String()))
	case slog.KindAny:
		return scrubAny(a)
	case slog.KindBool, slog.KindDuration, slog.KindFloat64, slog.KindInt64, slog.KindTime, slog.KindUint64, slog.KindGroup, slog.KindLogValuer:
	}
	return a
}

// scrubAny turns errors and other values into scrubbed text, so that no struct is written out field by field.
func scrubAny(a slog.Attr) slog.Attr {
	switch v := a.Value.Any().(type) {
	case nil, slog.Level, *slog.Source:
		return a
	case error:
		return slog.String(a.Key, scrub(v.Error()))
	case fmt.Stringer:
		return slog.String(a.Key, scrub(v.String()))
	case []string:
		return slog.String(a.Key, scrub(strings.Join(v, " ")))
	}
	return slog.String(a.Key, fmt.Sprintf("[%T]", a.Value.Any()))
}

func looksSecret(key string) bool {
	key = strings.ToLower(strings.ReplaceAll(key, "-", "_"))
	within := func(part string) bool { return strings.Contains(key, part) }
	return slices.ContainsFunc(secretKeys, within) || slices.ContainsFunc(buyersKeys, within)
}

func scrub(text string) string {
	return secretForms.ReplaceAllString(text, redacted)
}
