package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/config"
)

func ExampleSecret() {
	key := config.NewSecret("sk_test_123")
	fmt.Println(key, len(key.Reveal()))
	// Output: [redacted] 11
}

func TestSecretPrintsNowhere(t *testing.T) {
	t.Parallel()
	const canary = "canary-value"
	secret := config.NewSecret(canary)
	type holder struct {
		Open   config.Secret
		closed config.Secret
		list   []config.Secret
	}
	h := holder{Open: secret, closed: secret, list: []config.Secret{secret}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%t", "%o", "%b", "%e", "%c", "%U", "%20s"} {
		for _, value := range []any{secret, &secret, h, &h, map[string]config.Secret{"k": secret}, []any{secret}} {
			_, _ = fmt.Fprintf(&out, verb+"\n", value)
		}
	}
	for _, value := range []any{secret, &secret, h, map[string]any{"k": secret}} {
		data, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(data)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "secret", secret, "pointer", &secret, "holder", h)
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "secret", secret, "pointer", &secret, "holder", h)
	_, _ = fmt.Fprint(&out, fmt.Errorf("wrapped: %v", secret), secret.String(), secret.GoString())

	text := out.String()
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), fmt.Sprintf("%d", []byte(canary))} {
		if i := strings.Index(text, form); i >= 0 {
			t.Errorf("the secret is visible as %q near %q", form, text[max(0, i-40):min(len(text), i+40)])
		}
	}
	if !strings.Contains(text, "[redacted]") {
		t.Error("nothing printed [redacted]")
	}
}

func TestSecretValue(t *testing.T) {
	t.Parallel()
	var zero config.Secret
	a, b, c := config.NewSecret("x"), config.NewSecret("x"), config.NewSecret("y")
	if !zero.IsZero() || zero.Reveal() != "" || a.IsZero() || a.Reveal() != "x" {
		t.Error("Reveal or IsZero is wrong")
	}
	if !a.Equal(b) || a.Equal(c) || a.Equal(zero) || !zero.Equal(config.Secret{}) {
		t.Error("Equal is wrong")
	}
}

// TestConfigPrintsNoSecret prints a whole configuration in every way and looks for what must not be there.
func TestConfigPrintsNoSecret(t *testing.T) {
	t.Parallel()
	cfg, err := config.Parse([]byte(smallFile+`    webhook: {url: "https://a.example/hook", secret: "${env:EXAMPLE_AGENT_WEBHOOK_SECRET}", version: "2026-04-17"}
`), testOptions())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		_, _ = fmt.Fprintf(&out, verb, cfg)
		_, _ = fmt.Fprintf(&out, verb, *cfg)
	}
	data, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(data)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "config", cfg)
	for _, canary := range []string{"canary", "QUJDREVGR0", "ABCDEFGHIJKLM", "65 66 67 68 69", "0x41, 0x42, 0x43"} {
		if strings.Contains(out.String(), canary) {
			t.Errorf("the printed configuration contains %q", canary)
		}
	}
}
