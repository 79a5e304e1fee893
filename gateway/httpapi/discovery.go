package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// Discovery is what an agent finds out about a shop before it has any credentials (ACP rfc.discovery 4 and DiscoveryResponse of the
// 2026-04-17 schema, read 2026-11-22). It tells what works, and nothing of how: no merchant's id, no processor, no payment handler.
type Discovery struct {
	Protocol     DiscoveryProtocol     `json:"protocol"`
	APIBaseURL   string                `json:"api_base_url"`
	Transports   []string              `json:"transports"` // rest, mcp
	Capabilities DiscoveryCapabilities `json:"capabilities"`
}

// DiscoveryProtocol names the dates.
type DiscoveryProtocol struct {
	Name              string   `json:"name"` // acp
	Version           string   `json:"version"`
	SupportedVersions []string `json:"supported_versions"` // oldest first; the last is Version
	DocumentationURL  string   `json:"documentation_url,omitempty"`
}

// DiscoveryCapabilities are what the shop can do. The sets are closed in each date.
type DiscoveryCapabilities struct {
	Services            []string             `json:"services"` // checkout, orders, carts
	Extensions          []DiscoveryExtension `json:"extensions,omitempty"`
	InterventionTypes   []string             `json:"intervention_types,omitempty"`
	SupportedCurrencies []string             `json:"supported_currencies,omitempty"` // ISO 4217, lower case
	SupportedLocales    []string             `json:"supported_locales,omitempty"`    // BCP 47
}

// DiscoveryExtension is an extension by its name.
type DiscoveryExtension struct {
	Name string `json:"name"`
}

// discoveryCache lets anybody keep the document for an hour, which is the least that ACP asks for (rfc.discovery 4.1).
const discoveryCache = "public, max-age=3600"

// discovery answers GET /.well-known/acp.json.
func (h *handler) discovery(w http.ResponseWriter, r *http.Request) {
	h.serve(w, r, func(r *http.Request, x *exchange) acp.Response {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			x.allow = "GET, HEAD"
			return acp.Refusal("", commerce.Faultf(commerce.MethodNotAllowed, "this path can only be read"))
		}
		d, ok := h.discover(h.host(r))
		if !ok {
			return acp.Refusal("", commerce.Faultf(commerce.NotFound, "there is no shop for agents at this host"))
		}
		body, err := json.Marshal(d)
		if err != nil { // strings always encode
			return acp.Refusal("", fmt.Errorf("encode what discovery tells: %w", err))
		}
		sum := sha256.Sum256(body)
		x.cache, x.etag = discoveryCache, `"`+hex.EncodeToString(sum[:12])+`"`
		if len(h.proxies) > 0 {
			x.vary = headerForwardedHost // which names the shop: a cache must not give one shop's document for another's
		}
		if matches(joined(r.Header, "If-None-Match"), x.etag) {
			return acp.Response{Status: http.StatusNotModified}
		}
		return acp.Response{Status: http.StatusOK, Body: body}
	})
}

// matches reports whether an If-None-Match names the tag, strong or weak (RFC 9110 13.1.2).
func matches(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		if one = strings.TrimPrefix(strings.TrimSpace(one), "W/"); one == tag || one == "*" {
			return true
		}
	}
	return false
}
