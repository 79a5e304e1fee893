package gateway

import (
	"net/http"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/mcpapi"
)

// mcpEndpoint is the MCP shell; nil where the configuration has it off. Whether it is there is what discovery says of MCP.
func mcpEndpoint(cfg *config.Config, p *acp.Pipeline, agents *acp.Agents, l acp.Limits, c clock.Clock) http.Handler {
	if !cfg.MCP.Enabled {
		return nil
	}
	var hosts []string
	for _, name := range cfg.ShopNames() {
		if host := cfg.Shops[name].Host; host != "" {
			hosts = append(hosts, host)
		}
	}
	return mcpapi.New(mcpapi.Options{
		Pipeline: p, Agents: agents, Limits: l, Clock: c, Carts: keepsCarts(cfg),
		CartsAt: func(shop string) bool { return cfg.Shops[shop].Carts }, MaxBody: cfg.Limits.MaxBodyBytes, PublicURL: cfg.PublicURL, Hosts: hosts,
		Proxied: len(cfg.TrustedProxies) > 0, AuthorizationServers: cfg.MCP.AuthorizationServers,
	})
}
