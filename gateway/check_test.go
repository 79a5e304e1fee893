package gateway

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// Events are written in any version that calls may name, and in no other.
func TestVersionsOfEvents(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		version  string
		protocol config.Protocol
		ok       bool
	}{
		{"2025-09-29", config.Protocol{}, true},
		{"2025-12-12", config.Protocol{}, true},
		{"2026-04-17", config.Protocol{}, true},
		{"2026-01-15", config.Protocol{}, false},
		{"2026-01-15", config.Protocol{Aliases: true}, true},
		{"2026-01-17", config.Protocol{Aliases: true, Unreleased: true}, false},
		{"unreleased", config.Protocol{Aliases: true}, false},
		{"unreleased", config.Protocol{Unreleased: true}, true},
	} {
		cfg := &config.Config{Protocol: tt.protocol, Agents: []config.Agent{{Name: "a", Webhook: &config.Webhook{Version: tt.version}}}}
		if err := Check(cfg); (err == nil) != tt.ok {
			t.Errorf("%s with %+v: %v", tt.version, tt.protocol, err)
		} else if err != nil && (!strings.Contains(err.Error(), "2026-01-16") || strings.Contains(err.Error(), "one of: unreleased")) {
			t.Errorf("%s with %+v: %v", tt.version, tt.protocol, err)
		}
		_, written, err := eventBody(cfg.Agents, versionSet(cfg))("a", commerce.Event{Type: commerce.OrderCreate})
		if err != nil || written != tt.ok {
			t.Errorf("%s with %+v: an event is written: %t, %v", tt.version, tt.protocol, written, err)
		}
	}
}
