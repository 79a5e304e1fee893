package httpapi

import (
	"crypto/rand"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// The names of ACP's headers in Go's spelling (ACP rfc.agentic_checkout 3.1, read 2026-11-22). Names do not depend on case.
const (
	headerVersion   = "Api-Version"
	headerKey       = "Idempotency-Key"
	headerRequestID = "Request-Id"
	// headerForwardedHost is a proxy's word for the name that the agent called.
	headerForwardedHost = "X-Forwarded-Host"
	headerSignature     = "Signature"
	headerTimestamp     = "Timestamp"
	// headerIdentity is no header of ACP, which has none for it: a signed token that names the buyer.
	headerIdentity = "Buyer-Identity"
)

// maxRequestID is the longest Request-Id that is echoed, in bytes.
const maxRequestID = 128

// requestID is the agent's Request-Id, or a new one when it sent none that can stand in a header and in a log: 1 to 128 printable ASCII
// characters.
func requestID(h http.Header) string {
	values := h[headerRequestID]
	if len(values) != 1 || len(values[0]) == 0 || len(values[0]) > maxRequestID {
		return newRequestID()
	}
	for i := range len(values[0]) {
		if b := values[0][i]; b <= ' ' || b > '~' {
			return newRequestID()
		}
	}
	return values[0]
}

func newRequestID() string { return "req_" + rand.Text() }

// joined is the value of a header; several lines are one list, as RFC 9110 5.3 reads them, so that no line is ignored in favor of
// another.
func joined(h http.Header, name string) string {
	switch values := h[name]; len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	default:
		return strings.Join(values, ", ")
	}
}

// keyOf is the Idempotency-Key and whether there is one. An empty one is there.
func keyOf(h http.Header) (key string, present bool) {
	return joined(h, headerKey), len(h[headerKey]) > 0
}

// bearer is the token of the Authorization header (RFC 6750 2.1); empty when there is none of that form, or more than one.
func bearer(h http.Header) string {
	scheme, token, found := strings.Cut(joined(h, "Authorization"), " ")
	token = strings.TrimLeft(token, " ")
	if !found || !strings.EqualFold(scheme, "Bearer") || strings.ContainsAny(token, " ,\t") {
		return ""
	}
	return token
}

// host is the name that the agent called. A proxy's word for it counts only on plain HTTP from a trusted peer: with our own TLS there
// is no proxy to speak for the agent.
func (h *handler) host(r *http.Request) string {
	if forwarded := r.Header[headerForwardedHost]; len(forwarded) == 1 && r.TLS == nil && h.fromProxy(r.RemoteAddr) {
		return forwarded[0]
	}
	return r.Host
}

func (h *handler) fromProxy(remote string) bool {
	if len(h.proxies) == 0 {
		return false
	}
	ip, _, err := net.SplitHostPort(remote)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return false
	}
	addr = addr.Unmap().WithZone("")
	for _, p := range h.proxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
