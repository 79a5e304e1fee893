package config

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// checker applies the rules that concern more than the form of one value.
type checker struct {
	cfg      *Config
	problems Problems
}

func (c *checker) report(path, format string, args ...any) {
	c.problems = append(c.problems, c.cfg.Problem(path, format, args...))
}

func (c *checker) warn(path, format string, args ...any) {
	p := c.cfg.Problem(path, format, args...)
	p.Warning = true
	c.problems = append(c.problems, p)
}

// check runs every rule. A value that is empty because it was missing or unreadable is reported already and skipped.
func (c *checker) check() {
	c.checkListen()
	c.checkTLS()
	c.checkPublicURL()
	c.checkEncryptionKey()
	c.checkStore()
	c.checkShops()
	c.checkAgents()
	c.checkDiscovery()
	c.checkLimits()
	c.checkMCP()
	c.checkTelemetry()
}

func (c *checker) checkListen() {
	cfg := c.cfg
	for i, prefix := range cfg.TrustedProxies {
		if prefix.IsValid() && prefix.Bits() == 0 {
			c.report(indexPath("trusted_proxies", i), "this trusts every address; name the proxy's own address or network")
		}
	}
	if cfg.Listen == "" {
		return
	}
	host, port, err := net.SplitHostPort(cfg.Listen)
	if n, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil || (n == 0 && !isLoopback(host)) {
		c.report("listen", `wants host:port, such as "127.0.0.1:8080" or ":8443"`)
		return
	}
	if cfg.TLS == nil && cfg.root.get("tls") == nil && len(cfg.TrustedProxies) == 0 && !isLoopback(host) {
		c.report("listen", "plain HTTP off loopback would show tokens to the network; set tls, or trusted_proxies if a proxy ends TLS, or listen on 127.0.0.1")
	}
}

func (c *checker) checkTLS() {
	t := c.cfg.TLS
	if t == nil || t.Cert == "" || t.Key == "" {
		return
	}
	t.Cert, t.Key = c.cfg.src.opts.resolvePath(t.Cert), c.cfg.src.opts.resolvePath(t.Key)
	if err := checkPrivateFile(t.Key); err != nil {
		c.report("tls.key", "%s", err)
		return
	}
	if _, err := tls.LoadX509KeyPair(t.Cert, t.Key); err != nil {
		c.report("tls", "the certificate and key cannot be used together (%s); name a PEM certificate chain and its key", reason(err))
	}
}

func (c *checker) checkPublicURL() {
	if c.cfg.PublicURL == "" {
		return
	}
	u, err := url.Parse(c.cfg.PublicURL)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		c.report("public_url", "wants an origin without a path, such as https://agents.example.com")
		return
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		c.report("public_url", "must be https; http is for loopback only")
	}
	c.cfg.PublicURL = strings.TrimRight(c.cfg.PublicURL, "/")
}

func (c *checker) checkEncryptionKey() {
	if !c.cfg.EncryptionKey.IsZero() && c.cfg.SealingKey() == nil {
		c.report("encryption_key", "wants %d random bytes in base64 or hexadecimal; make them with: openssl rand -base64 %d", sealingKeyBytes, sealingKeyBytes)
	}
}

func (c *checker) checkStore() {
	store := &c.cfg.Store
	switch {
	case c.cfg.root.get("store") == nil:
	case c.cfg.root.get("store").value.get("postgres") != nil:
		c.report("store.postgres", "not built yet; use sqlite")
	case store.SQLite == "":
		if f := c.cfg.root.get("store").value; f.kind == kindMap && len(f.fields) > 0 && f.get("sqlite") == nil {
			c.report("store.sqlite", "is required; give the path of the database file")
		}
	default:
		store.SQLite = c.cfg.src.opts.resolvePath(store.SQLite)
	}
}

func (c *checker) checkTelemetry() {
	t := c.cfg.Telemetry
	c.checkOneOf("telemetry.log_level", t.LogLevel, "debug", "info", "warn", "error")
	if t.ServiceName == "" {
		c.report("telemetry.service_name", "must not be empty; give it a name or delete the line")
	}
}

func (c *checker) checkRange(path string, value, low, high int64) {
	if value < low || value > high {
		c.report(path, "%d is out of range; choose from %d to %d", value, low, high)
	}
}

func (c *checker) checkDuration(path string, value, low, high time.Duration) {
	if value < low || value > high {
		c.report(path, "%s is out of range; choose from %s to %s", value, low, high)
	}
}

func (c *checker) checkOneOf(path, value string, known ...string) {
	if !slices.Contains(known, value) {
		c.report(path, "%q is not known; choose %s", value, strings.Join(known, " or "))
	}
}

// isLoopback reports whether host, without a port, can only be reached from this machine.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.Unmap().IsLoopback()
}

// parseURL accepts an absolute http or https URL without credentials. Its errors do not repeat the text, which may
// hold a secret.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, errors.New("wants an absolute URL that starts with https://")
	}
	if u.User != nil {
		return nil, errors.New("must not hold a user name or password; take them out of the URL")
	}
	return u, nil
}
