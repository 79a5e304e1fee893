package config

import (
	"encoding/base64"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// sealingKeyBytes is the size of an AES-256 key.
const sealingKeyBytes = 32

// Config is the content of gateway.yaml with defaults filled in. It is read-only after loading and safe for
// concurrent use. Relative paths in it are already absolute or start at the folder of the file.
type Config struct {
	// Listen is the address that agents reach, host:port. Off loopback it needs TLS or TrustedProxies.
	Listen string `yaml:"listen,required"`
	// TLS is the certificate; nil means plain HTTP.
	TLS *TLS `yaml:"tls"`
	// TrustedProxies are the addresses of the proxies in front, whose X-Forwarded-Host counts and which may end TLS. Empty means none.
	TrustedProxies []Prefix `yaml:"trusted_proxies"`
	// PublicURL is the origin under which agents know the gateway, without a trailing slash; empty if not given.
	// It names the gateway in traces and metrics.
	PublicURL string `yaml:"public_url"`
	// EncryptionKey seals payment tokens at rest; SealingKey returns its 32 bytes.
	EncryptionKey Secret `yaml:"encryption_key,required"`
	// Store is where sessions, sagas and events are kept.
	Store Store `yaml:"store,required"`
	// Shops by name. The name is part of every stored record and must not change.
	Shops map[string]Shop `yaml:"shops,required"`
	// Agents are the callers, in file order.
	Agents []Agent `yaml:"agents,required"`
	// Protocol says which versions of ACP are taken beside the published dates.
	Protocol Protocol `yaml:"protocol"`
	// Discovery is what anybody may find out at /.well-known/acp.json beside what the shops are configured to do.
	Discovery Discovery `yaml:"discovery"`
	// Limits bounds what one request may ask for, and how often an agent may ask.
	Limits Limits `yaml:"limits"`
	// MCP is the endpoint for agents that speak the Model Context Protocol.
	MCP MCP `yaml:"mcp"`
	// Telemetry is what the standard OTEL_* variables do not say.
	Telemetry Telemetry `yaml:"telemetry"`

	// Warnings is what the file could do better, in file order.
	Warnings Problems `yaml:"-"`

	src  *source
	root *node
}

// TLS names a certificate chain and its key, both PEM files. The key's file must not be open to other users.
type TLS struct {
	Cert string `yaml:"cert,required"`
	Key  string `yaml:"key,required"`
}

// Store says where the gateway keeps what it must not forget.
type Store struct {
	// SQLite is the path of the database file; it is created when absent.
	SQLite string `yaml:"sqlite"`
	// Postgres is refused by the check: that store is not built yet. The key is known so that the message can say so.
	Postgres Section `yaml:"postgres"`
}

// Telemetry is what the OTEL_* variables do not cover.
type Telemetry struct {
	// ServiceName is the service.name of spans and metrics where OTEL_SERVICE_NAME is unset. Default "postern".
	ServiceName string `yaml:"service_name"`
	// LogLevel is debug, info, warn or error. Default info.
	LogLevel string `yaml:"log_level"`
}

// SetDefaults fills in what the file does not say.
func (t *Telemetry) SetDefaults() {
	t.ServiceName = "postern"
	t.LogLevel = "info"
}

// Problem makes a problem about the setting at path, such as "shops.main.adapter", with its line and column. For a
// setting that the file does not hold, the place is that of the nearest group around it.
func (c *Config) Problem(path, format string, args ...any) Problem {
	src := c.src
	if src == nil {
		src = &source{}
	}
	at := position{}
	if c.root != nil {
		at = locate(c.root, position{1, 1}, path)
	}
	return src.problem(at, path, format, args...)
}

// SealingKey returns the 32 bytes of encryption_key, nil if the file had none that is valid.
func (c *Config) SealingKey() []byte {
	text := strings.TrimSpace(c.EncryptionKey.Reveal())
	key, err := hex.DecodeString(text)
	if err != nil {
		key, err = base64.StdEncoding.DecodeString(text)
	}
	if err != nil || len(key) != sealingKeyBytes {
		return nil
	}
	return key
}

// ShopNames returns the names of the shops, sorted, so that every walk over them has one order.
func (c *Config) ShopNames() []string { return slices.Sorted(maps.Keys(c.Shops)) }

func newConfig() *Config {
	c := &Config{}
	c.Limits.SetDefaults()
	c.MCP.SetDefaults()
	c.Telemetry.SetDefaults()
	return c
}
