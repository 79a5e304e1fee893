package mcpapi

import (
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/postern-gateway/postern/gateway/acp"
)

// protectedResource is the OAuth metadata of the endpoint (RFC 9728 2, read 2026-11-22).
type protectedResource struct {
	Resource      string   `json:"resource"`
	Servers       []string `json:"authorization_servers,omitempty"`
	BearerMethods []string `json:"bearer_methods_supported"`
	ResourceName  string   `json:"resource_name"`
}

// metadata tells OAuth clients where tokens come from. It is public, and web pages may read it: it tells nothing that the 401 does not.
func (d *door) metadata(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Access-Control-Allow-Origin", "*")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		header.Set("Access-Control-Allow-Methods", "GET, OPTIONS")
		header.Set("Access-Control-Allow-Headers", "Mcp-Protocol-Version")
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		header.Set("Allow", "GET, HEAD, OPTIONS")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	origin := d.origins.own(r, acp.PeerOf(r.Context()).Host)
	body, err := json.Marshal(protectedResource{
		Resource: origin + Path, Servers: d.servers, BearerMethods: []string{"header"}, ResourceName: "Agentic checkout",
	})
	if err != nil || origin == "" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store") // the answer depends on the host that was called
	_, _ = w.Write(body)                    // who has gone away misses it
}
