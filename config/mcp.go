package config

import "net/url"

// MCP is the endpoint for agents that speak the Model Context Protocol.
type MCP struct {
	// Enabled serves /mcp beside the REST paths. Default true.
	Enabled bool `yaml:"enabled"`
	// AuthorizationServers are the issuers that OAuth clients get their bearer tokens from, as the protected-resource metadata names them
	// (RFC 9728). Each is https, or http on loopback. Empty means that tokens are handed out by hand, and the metadata names none. A token
	// is still known by its hash in agents[].keys, whoever issued it.
	AuthorizationServers []string `yaml:"authorization_servers"`
}

// SetDefaults fills in what the file does not say.
func (m *MCP) SetDefaults() { m.Enabled = true }

// The ways in which an agent is told ACP errors over MCP.
const (
	// MCPErrorsACP is a JSON-RPC error -32000 with the flat ACP error as its data.
	MCPErrorsACP = "acp"
	// MCPErrorsTool is a tool result with isError, for hosts that hide JSON-RPC errors from their model.
	MCPErrorsTool = "tool"
)

// AgentMCP is how one agent uses MCP.
type AgentMCP struct {
	// Errors is MCPErrorsACP, the default, or MCPErrorsTool.
	Errors string `yaml:"errors"`
	// RequireKey asks for meta.idempotency_key where its version does. Default true. Without a key a call is not protected from being
	// repeated; what keeps an order from being charged twice does not depend on it.
	RequireKey bool `yaml:"require_key"`
}

// SetDefaults fills in what the file does not say.
func (m *AgentMCP) SetDefaults() {
	m.Errors = MCPErrorsACP
	m.RequireKey = true
}

func (c *checker) checkMCP() {
	for i, server := range c.cfg.MCP.AuthorizationServers {
		path := indexPath("mcp.authorization_servers", i)
		u, err := url.Parse(server)
		switch {
		case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
			c.report(path, "wants the issuer's URL without query and fragment, such as https://login.example.com")
		case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
			c.report(path, "must be https; http is for loopback only")
		}
	}
}

func (c *checker) checkAgentMCP(path string, m *AgentMCP) {
	if m != nil {
		c.checkOneOf(path+".errors", m.Errors, MCPErrorsACP, MCPErrorsTool)
	}
}
