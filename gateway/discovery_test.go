package gateway

import (
	"encoding/json"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/httpapi"
	"github.com/postern-gateway/postern/gateway/upstream"
	"github.com/postern-gateway/postern/translate"
	"github.com/postern-gateway/postern/translate/schematest"
)

var (
	loopback = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	anywhere = &net.TCPAddr{IP: net.IPv6zero, Port: 8443}
)

// discoverable is a configuration of shops with what their adapters say.
func discoverable(shops map[string]config.Shop, facts map[string]adapters.Facts) (*config.Config, map[string]*shop) {
	cfg := &config.Config{PublicURL: "https://agents.example.com", Shops: shops}
	open := map[string]*shop{}
	for name := range shops {
		open[name] = &shop{Shop: checkout.Shop{
			Upstream:      upstream.New(name, adapters.Adapter{Facts: facts[name]}, upstream.Options{}),
			Handlers:      []commerce.PaymentHandler{{ID: "card_canary", PSP: "psp_canary", MerchantID: "merchant_canary"}},
			Interventions: commerce.Interventions{},
		}}
		cfg.Agents = append(cfg.Agents, config.Agent{Name: "of-" + name, Shops: []string{name}})
	}
	return cfg, open
}

func look(t *testing.T, d *discovery, host string) httpapi.Discovery {
	t.Helper()
	one, ok := d.at(host)
	if !ok {
		t.Fatalf("there is nothing at %s", host)
	}
	body, err := json.Marshal(one)
	if err != nil {
		t.Fatal(err)
	}
	schematest.Validate(t, translate.Newest().Date, "DiscoveryResponse", body)
	if strings.Contains(string(body), "canary") {
		t.Errorf("it tells of payment: %s", body)
	}
	return one
}

// TestDiscoveryIsTrue: each thing that is told follows from what is configured, and goes with it.
func TestDiscoveryIsTrue(t *testing.T) {
	t.Parallel()
	all := config.Shop{Currency: "usd", Carts: true, Locales: []string{"en-US", "de"}}
	full := func() (*config.Config, map[string]*shop) {
		cfg, shops := discoverable(map[string]config.Shop{"main": all}, nil)
		cfg.Agents[0].Webhook = &config.Webhook{}
		cfg.Discovery.DocumentationURL = "https://agents.example.com/docs"
		shops["main"].Interventions.Supported = []string{"3ds"}
		return cfg, shops
	}
	cfg, shops := full()
	got := look(t, newDiscovery(cfg, shops, translate.SupportedVersions(), true, anywhere), "agents.example.com")
	if diff := cmp.Diff(httpapi.Discovery{
		Protocol: httpapi.DiscoveryProtocol{
			Name: "acp", Version: "2026-04-17", DocumentationURL: "https://agents.example.com/docs",
			SupportedVersions: []string{"2025-09-29", "2025-12-12", "2026-01-16", "2026-01-30", "2026-04-17"},
		},
		APIBaseURL: "https://agents.example.com", Transports: []string{"rest", "mcp"},
		Capabilities: httpapi.DiscoveryCapabilities{
			Services: []string{"checkout", "orders", "carts"}, Extensions: []httpapi.DiscoveryExtension{{Name: "discount"}},
			InterventionTypes: []string{"3ds"}, SupportedCurrencies: []string{"usd"}, SupportedLocales: []string{"en-US", "de"},
		},
	}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, c := range map[string]struct {
		take func(*config.Config, map[string]*shop) (mcp bool)
		want func(*httpapi.Discovery)
	}{
		"no agent hears of orders": {
			func(c *config.Config, _ map[string]*shop) bool { c.Agents[0].Webhook = nil; return true },
			func(d *httpapi.Discovery) { d.Capabilities.Services = []string{"checkout", "carts"} },
		},
		"only agents of other shops hear of orders": {
			func(c *config.Config, _ map[string]*shop) bool { c.Agents[0].Shops = []string{"other"}; return true },
			func(d *httpapi.Discovery) { d.Capabilities.Services = []string{"checkout", "carts"} },
		},
		"no carts": {
			func(c *config.Config, _ map[string]*shop) bool {
				s := c.Shops["main"]
				s.Carts = false
				c.Shops = map[string]config.Shop{"main": s}
				return true
			},
			func(d *httpapi.Discovery) { d.Capabilities.Services = []string{"checkout", "orders"} },
		},
		"no codes": {
			func(_ *config.Config, s map[string]*shop) bool {
				s["main"].Upstream = upstream.New("main", adapters.Adapter{Facts: adapters.Facts{NoCodes: true}}, upstream.Options{})
				return true
			},
			func(d *httpapi.Discovery) { d.Capabilities.Extensions = nil },
		},
		"no interventions": {
			func(_ *config.Config, s map[string]*shop) bool { s["main"].Interventions.Supported = nil; return true },
			func(d *httpapi.Discovery) { d.Capabilities.InterventionTypes = nil },
		},
		"3ds by agents, without further words": {
			func(_ *config.Config, s map[string]*shop) bool {
				s["main"].Interventions.Supported, s["main"].Authentication = nil, &checkout.Authentication{}
				return true
			},
			func(*httpapi.Discovery) {},
		},
		"no MCP": {
			func(*config.Config, map[string]*shop) bool { return false },
			func(d *httpapi.Discovery) { d.Transports = []string{"rest"} },
		},
		"no documents": {
			func(c *config.Config, _ map[string]*shop) bool { c.Discovery.DocumentationURL = ""; return true },
			func(d *httpapi.Discovery) { d.Protocol.DocumentationURL = "" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, shops := full()
			less := look(t, newDiscovery(cfg, shops, translate.SupportedVersions(), c.take(cfg, shops), anywhere), "agents.example.com")
			want := got
			c.want(&want)
			if diff := cmp.Diff(want, less); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDiscoveryByHost(t *testing.T) {
	t.Parallel()
	cfg, shops := discoverable(map[string]config.Shop{
		"one": {Host: "one.example", Currency: "usd"}, "two": {Host: "two.example", Currency: "eur", Carts: true},
		"three": {Currency: "usd", Carts: true, Locales: []string{"en"}}, "four": {Currency: "usd", Locales: []string{"de", "en"}},
	}, map[string]adapters.Facts{"four": {NoCodes: true}})
	cfg.PublicURL = "https://agents.example.com:8443"
	d := newDiscovery(cfg, shops, translate.SupportedVersions(), false, loopback)
	for host, base := range map[string]string{
		"one.example": "https://one.example:8443", "ONE.example.:8443": "https://one.example:8443", "two.example": "https://two.example:8443",
		"agents.example.com:8443": "https://agents.example.com:8443",
	} {
		if got := look(t, d, host); got.APIBaseURL != base {
			t.Errorf("%s: api_base_url = %s, want %s", host, got.APIBaseURL, base)
		}
	}
	if got := look(t, d, "two.example").Capabilities; got.SupportedCurrencies[0] != "eur" || len(got.Services) != 2 {
		t.Errorf("two.example tells of another shop: %+v", got)
	}
	// Three and four share a host: what one of them lacks is not told.
	want := httpapi.DiscoveryCapabilities{Services: []string{"checkout"}, SupportedCurrencies: []string{"usd"}, SupportedLocales: []string{"en"}}
	got := look(t, d, "agents.example.com").Capabilities
	if len(got.Extensions) != 0 || len(got.InterventionTypes) != 0 {
		t.Errorf("what one of two shops lacks is told: %+v", got)
	}
	got.Extensions, got.InterventionTypes = nil, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, host := range []string{"", "elsewhere.example", "127.0.0.1:8080", "localhost", "xone.example"} {
		if one, ok := d.at(host); ok {
			t.Errorf("%q is told %+v", host, one)
		}
	}
}

// TestDiscoveryWithoutPublicURL: the gateway's own address is told on loopback only.
func TestDiscoveryWithoutPublicURL(t *testing.T) {
	t.Parallel()
	cfg, shops := discoverable(map[string]config.Shop{"main": {Currency: "usd"}, "other": {Host: "other.example", Currency: "usd"}}, nil)
	cfg.PublicURL = ""
	d := newDiscovery(cfg, shops, translate.SupportedVersions(), false, loopback)
	for _, host := range []string{"127.0.0.1:8080", "localhost:8080", "[::1]:8080", "127.0.0.1"} {
		if got := look(t, d, host); got.APIBaseURL != "http://127.0.0.1:8080" {
			t.Errorf("%s: api_base_url = %s", host, got.APIBaseURL)
		}
	}
	if got := look(t, d, "other.example"); got.APIBaseURL != "http://other.example:8080" {
		t.Errorf("api_base_url = %s", got.APIBaseURL)
	}
	if _, ok := d.at("agents.example.com"); ok {
		t.Error("an unknown host is told something")
	}
	cfg.TLS = &config.TLS{}
	if got := look(t, newDiscovery(cfg, shops, translate.SupportedVersions(), false, loopback), "localhost"); got.APIBaseURL != "https://127.0.0.1:8080" {
		t.Errorf("api_base_url = %s", got.APIBaseURL)
	}
	d = newDiscovery(cfg, shops, translate.SupportedVersions(), false, anywhere)
	for _, host := range []string{"127.0.0.1:8080", "other.example", "agents.example.com", "[::]:8443"} {
		if one, ok := d.at(host); ok {
			t.Errorf("%s is told %+v by a gateway that does not know its own name", host, one)
		}
	}
}
