package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/postern-gateway/postern/gateway/telemetry"
)

func ExampleNewLogger() {
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, "info").With("shop", "main")
	log.Info("the shop refused", "err", errors.New("401 for sk_test_123"))
	_, line, _ := strings.Cut(out.String(), ",") // leaves out the time
	fmt.Print(line)
	// Output: "level":"INFO","msg":"the shop refused","shop":"main","err":"401 for [redacted]"}
}

func TestLoggerScrubs(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, "debug")
	type struct1 struct{ Email string }
	//nolint:sloglint // the key's spelling is what is tried
	log.Debug("charge with spt_canary1 failed", "token", "canary2", "Authorization", "canary3", "err", errors.New("key sk_test_canary4 refused"),
		"url", "https://user:canary5@shop.example", slog.Group("buyer", "name", "canary6", slog.Group("deep", "x", "canary7")),
		"note", "ask canary8@example.com", "struct", struct1{"canary9"}, "map", map[string]string{"a": "canary10"},
		"h", "Bearer canary11", "list", []string{"acpg_live_canary12"}, "client_secret", 7, "session", "cs_1", "status", 402)
	log.With("webhook_secret", "canary13").WithGroup("address").Info("m", "city", "canary14")
	text := out.String()
	if strings.Contains(text, "canary") {
		t.Errorf("a canary was written: %s", text)
	}
	first, _, _ := strings.Cut(text, "\n")
	var line map[string]any
	if err := json.Unmarshal([]byte(first), &line); err != nil {
		t.Fatalf("no JSON line: %v: %s", err, first)
	}
	if line["session"] != "cs_1" || line["status"] != 402.0 || line["level"] != "DEBUG" || line["err"] != "key [redacted] refused" ||
		line["msg"] != "charge with [redacted] failed" || line["client_secret"] != "[redacted]" {
		t.Errorf("what may be written is lost: %s", first)
	}
}

func TestLoggerNamesTheSpan(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	sc := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	telemetry.NewLogger(&out, "").With("a", 1).InfoContext(trace.ContextWithSpanContext(t.Context(), sc), "m")
	if !strings.Contains(out.String(), `"trace_id":"01000000000000000000000000000000","span_id":"0200000000000000"`) {
		t.Errorf("line = %s", out.String())
	}
}

func TestLoggerLevels(t *testing.T) {
	t.Parallel()
	for level, want := range map[string]int{"debug": 4, "info": 3, "": 3, "warn": 2, "error": 1} {
		var out bytes.Buffer
		log := telemetry.NewLogger(&out, level)
		log.Debug("m")
		log.Info("m")
		log.Warn("m")
		log.Error("m")
		if got := strings.Count(out.String(), "\n"); got != want {
			t.Errorf("level %q wrote %d lines, want %d", level, got, want)
		}
	}
}
