package gateway

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/httpapi"
)

// discovery tells what works for the shop at a host (ACP rfc.discovery, read 2026-11-22). A shop with a host of its own has a document of
// its own. Shops without one share the gateway's own host, and there only what all of them can do is told: a document must be true for
// whoever reads it.
type discovery struct {
	origin  *url.URL                     // of the gateway, as agents know it; nil: not known, and nobody is told anything
	local   bool                         // origin is on loopback, under whatever name
	byHost  map[string]httpapi.Discovery // of shops with a host, by host name
	atHome  httpapi.Discovery            // of the shops without one
	anyHome bool                         // there are such shops
}

// newDiscovery works out what there is to tell. addr is where the gateway listens; it stands for the origin only on loopback, because
// elsewhere nobody knows under which name it is reached.
func newDiscovery(cfg *config.Config, shops map[string]*shop, dates []string, mcp bool, addr net.Addr) *discovery {
	d := &discovery{byHost: make(map[string]httpapi.Discovery)}
	d.origin, d.local = originOf(cfg, addr)
	if d.origin == nil {
		return d
	}
	for _, name := range cfg.ShopNames() {
		one := discoveryOf(cfg, name, shops[name], dates, mcp)
		one.APIBaseURL = d.origin.String()
		switch host := cfg.Shops[name].Host; {
		case host != "":
			own := *d.origin
			if own.Host = host; d.origin.Port() != "" {
				own.Host = net.JoinHostPort(host, d.origin.Port())
			}
			one.APIBaseURL = own.String()
			d.byHost[host] = one
		case d.anyHome:
			d.atHome.Capabilities = bothCan(d.atHome.Capabilities, one.Capabilities)
		default:
			d.atHome, d.anyHome = one, true
		}
	}
	return d
}

// originOf is the origin under which agents know the gateway; nil when nobody has said.
func originOf(cfg *config.Config, addr net.Addr) (origin *url.URL, local bool) {
	if cfg.PublicURL != "" {
		u, err := url.Parse(cfg.PublicURL)
		if err != nil || u.Host == "" { // refused by the configuration's check
			return nil, false
		}
		return u, isLoopback(u.Hostname())
	}
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsLoopback() {
		return nil, false
	}
	scheme := "http"
	if cfg.TLS != nil {
		scheme = "https"
	}
	return &url.URL{Scheme: scheme, Host: tcp.String()}, true
}

// at is the document for a host, with or without a port; ok is false where there is no shop. On loopback all names of this machine are
// one host.
func (d *discovery) at(host string) (_ httpapi.Discovery, ok bool) {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(strings.TrimSuffix(host, "."), "[]"))
	if one, ok := d.byHost[host]; ok {
		return one, true
	}
	home := d.anyHome && (host == strings.ToLower(d.origin.Hostname()) || (d.local && isLoopback(host)))
	return d.atHome, home
}

// discoveryOf is what one shop can do, as it is configured.
func discoveryOf(cfg *config.Config, name string, s *shop, dates []string, mcp bool) httpapi.Discovery {
	one := httpapi.Discovery{
		Protocol: httpapi.DiscoveryProtocol{
			Name: "acp", Version: dates[len(dates)-1], SupportedVersions: dates, DocumentationURL: cfg.Discovery.DocumentationURL,
		},
		Transports: []string{"rest"},
		Capabilities: httpapi.DiscoveryCapabilities{
			Services: []string{"checkout"}, InterventionTypes: slices.Clone(s.Interventions.Supported),
			SupportedCurrencies: []string{cfg.Shops[name].Currency}, SupportedLocales: slices.Clone(cfg.Shops[name].Locales),
		},
	}
	if types := &one.Capabilities.InterventionTypes; s.Authentication != nil && !slices.Contains(*types, "3ds") {
		*types = append(*types, "3ds") // as every session says
	}
	if mcp {
		one.Transports = append(one.Transports, "mcp")
	}
	if slices.ContainsFunc(cfg.Agents, func(a config.Agent) bool { return a.Webhook != nil && slices.Contains(a.Shops, name) }) {
		one.Capabilities.Services = append(one.Capabilities.Services, "orders")
	}
	if cfg.Shops[name].Carts {
		one.Capabilities.Services = append(one.Capabilities.Services, "carts")
	}
	if !s.Upstream.Facts().NoCodes {
		one.Capabilities.Extensions = []httpapi.DiscoveryExtension{{Name: "discount"}}
	}
	return one
}

// bothCan is what two shops can do both.
func bothCan(a, b httpapi.DiscoveryCapabilities) httpapi.DiscoveryCapabilities {
	return httpapi.DiscoveryCapabilities{
		Services: shared(a.Services, b.Services), Extensions: shared(a.Extensions, b.Extensions),
		InterventionTypes: shared(a.InterventionTypes, b.InterventionTypes), SupportedCurrencies: shared(a.SupportedCurrencies, b.SupportedCurrencies),
		SupportedLocales: shared(a.SupportedLocales, b.SupportedLocales),
	}
}

func shared[T comparable](a, b []T) []T {
	return slices.DeleteFunc(slices.Clone(a), func(one T) bool { return !slices.Contains(b, one) })
}

// isLoopback reports whether host, without a port, is this machine.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.Unmap().IsLoopback())
}
