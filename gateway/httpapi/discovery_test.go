package httpapi_test

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/postern-gateway/postern/gateway/httpapi"
)

// withDiscovery tells about the shop at main.example only.
func withDiscovery(w *world) {
	w.options.Discovery = func(host string) (httpapi.Discovery, bool) {
		return httpapi.Discovery{
			Protocol:   httpapi.DiscoveryProtocol{Name: "acp", Version: newest, SupportedVersions: []string{oldest, newest}},
			APIBaseURL: "https://" + host, Transports: []string{"rest"}, Capabilities: httpapi.DiscoveryCapabilities{Services: []string{"checkout"}},
		}, host == "main.example" || host == "proxied.example"
	}
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withDiscovery)
	const path = "/.well-known/acp.json"
	stranger := func(more ...string) map[string]string {
		h := map[string]string{"Authorization": "", "API-Version": "", "Idempotency-Key": ""}
		for i := 0; i < len(more); i += 2 {
			h[more[i]] = more[i+1]
		}
		return h
	}
	a := w.do(request{method: http.MethodGet, path: path, header: stranger()})
	want(t, a, http.StatusOK, "")
	tag := a.header.Get("ETag")
	if a.header.Get("Cache-Control") != "public, max-age=3600" || len(tag) < 10 || a.text("api_base_url") != "https://main.example" {
		t.Errorf("headers %v of %s", a.header, a.body)
	}
	for _, header := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
		rec := recorded(w, request{method: http.MethodGet, path: path, header: stranger("If-None-Match", header)})
		if rec.Code != http.StatusNotModified || rec.Body.Len() != 0 || rec.Header().Get("ETag") != tag || rec.Header().Get("Cache-Control") != "public, max-age=3600" ||
			rec.Header().Get("Content-Type") != "" {
			t.Errorf("If-None-Match %s: %d %v %s", header, rec.Code, rec.Header(), rec.Body)
		}
	}
	want(t, w.do(request{method: http.MethodGet, path: path, header: stranger("If-None-Match", `"other"`)}), http.StatusOK, "")
	if rec := recorded(w, request{method: http.MethodHead, path: path, header: stranger()}); rec.Code != http.StatusOK || rec.Header().Get("ETag") != tag {
		t.Errorf("HEAD: %d %v", rec.Code, rec.Header())
	}
	a = w.do(request{method: http.MethodGet, path: path, host: "nowhere.example", header: stranger()})
	want(t, a, http.StatusNotFound, "not_found")
	if a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("a shop that is not there yet would be remembered as absent: %v", a.header)
	}
	// A proxy that is trusted says which host was called; anybody else's header finds nobody's shop.
	w = newWorld(t, withDiscovery, func(w *world) { w.options.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.7/32")} })
	forwarded := request{method: http.MethodGet, path: path, host: "nowhere.example", remote: "192.0.2.7:1", header: stranger("X-Forwarded-Host", "proxied.example")}
	a = w.do(forwarded)
	want(t, a, http.StatusOK, "")
	if a.header.Get("Vary") != "X-Forwarded-Host" {
		t.Errorf("a cache would give one shop's document for another's: %v", a.header)
	}
	forwarded.remote = "192.0.2.8:1"
	want(t, w.do(forwarded), http.StatusNotFound, "not_found")
	want(t, w.do(request{method: http.MethodGet, path: path, host: "nowhere.example", header: stranger("X-Forwarded-Host", "main.example")}), http.StatusNotFound, "not_found")
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		a := w.do(request{method: method, path: path, header: stranger()})
		want(t, a, http.StatusMethodNotAllowed, "method_not_allowed")
		if a.header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: Allow = %q", method, a.header.Get("Allow"))
		}
	}
	want(t, newWorld(t).do(request{method: http.MethodGet, path: path, header: stranger()}), http.StatusNotFound, "not_found")
}
