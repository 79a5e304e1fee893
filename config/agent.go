package config

import (
	"fmt"
	"net/netip"
	"time"
)

// Agent is one caller: an agent platform with its keys, its shops and its webhook.
type Agent struct {
	// Name identifies the agent in every stored record and must not change.
	Name string `yaml:"name,required"`
	// Keys are the bearer tokens that it may use, several at once so that they can be replaced without a gap.
	Keys []Key `yaml:"keys,required"`
	// Shops are the names of the shops that it may buy from. With more than one, each must have a host.
	Shops []string `yaml:"shops,required"`
	// Strict holds the agent to the version that it names: shapes of other versions, which are read and counted otherwise, are refused.
	// Default false.
	Strict bool `yaml:"strict"`
	// Signature is how it signs its calls; nil means that no signature is looked at.
	Signature *Signature `yaml:"signature"`
	// Identity is who vouches for its buyers; nil means that nobody does, and that no saved card is ever shown.
	Identity *Identity `yaml:"identity"`
	// MCP is how it uses MCP; nil means the defaults of AgentMCP.
	MCP *AgentMCP `yaml:"mcp"`
	// Limits are rates of its own; nil means those of all agents.
	Limits *AgentLimits `yaml:"limits"`
	// Webhook is where it hears of its orders; nil means that it does not.
	Webhook *Webhook `yaml:"webhook"`
}

// Key is a bearer token as the gateway knows it: by its hash.
type Key struct {
	// SHA256 is the token's SHA-256 in 64 lower-case hexadecimal digits, as config/agentkey.Hash makes it.
	SHA256 string `yaml:"sha256,required"`
	// Expires is when the key stops working; zero means never. A date alone means its midnight UTC.
	Expires time.Time `yaml:"expires"`
}

// Expired reports whether the key has stopped working at now.
func (k Key) Expired(now time.Time) bool {
	return !k.Expires.IsZero() && !now.Before(k.Expires)
}

// Webhook is an agent's receiver of order events.
type Webhook struct {
	// URL is the receiver: https, unless AllowPrivate is set and the host is loopback.
	URL string `yaml:"url,required"`
	// Secret signs each delivery (header Merchant-Signature).
	Secret Secret `yaml:"secret,required"`
	// Version is the ACP date that events are written in. Whether it exists is checked by the gateway.
	Version string `yaml:"version,required"`
	// AllowPrivate lets deliveries go to loopback addresses. Default false: an agent's URL is hostile
	// input. It is for receivers on the same machine, as in tests and the demo.
	AllowPrivate bool `yaml:"allow_private"`
}

// Prefix is a range of addresses, or one address.
type Prefix struct{ netip.Prefix }

// UnmarshalText reads 10.0.0.0/8, 2001:db8::/32 or a plain address.
func (p *Prefix) UnmarshalText(text []byte) error {
	if addr, err := netip.ParseAddr(string(text)); err == nil && addr.Zone() == "" {
		p.Prefix = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
		return nil
	}
	prefix, err := netip.ParsePrefix(string(text))
	if err != nil {
		return fmt.Errorf("%q is no address or range; write 10.0.0.7 or 10.0.0.0/8", text)
	}
	p.Prefix = prefix.Masked()
	return nil
}
