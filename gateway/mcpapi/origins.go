package mcpapi

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// origins are the names of the gateway. They keep web pages out that a browser on the same machine or network would let in: MCP demands
// that Origin is checked (transports, Streamable HTTP, security warning, version 2025-11-25, read 2026-11-22).
type origins struct {
	public  *url.URL // nil: unknown
	shops   []string // host names, lower case
	proxied bool
}

func newOrigins(o Options) origins {
	all := origins{proxied: o.Proxied}
	if u, err := url.Parse(o.PublicURL); err == nil && u.Host != "" {
		all.public = u
	}
	for _, h := range o.Hosts {
		all.shops = append(all.shops, nameOf(h))
	}
	return all
}

// web reports whether the page that sends the request, if it is one, may: it must come from the gateway's own origin, from a shop's host,
// or from this machine when it calls the gateway on this machine.
func (o origins) web(r *http.Request, host string) bool {
	values := r.Header["Origin"]
	if len(values) == 0 {
		return true // no browser
	}
	u, err := url.Parse(values[0])
	if len(values) > 1 || err != nil || u.Host == "" {
		return false
	}
	switch {
	case o.public != nil && u.Scheme == o.public.Scheme && strings.EqualFold(u.Host, o.public.Host):
		return true
	case u.Scheme == "https" && slices.Contains(o.shops, nameOf(u.Host)):
		return true
	default:
		return local(u.Host) && local(host)
	}
}

// host reports whether a connection from this machine names a host of this machine or of the gateway. Anything else is a page that had its
// name point here (DNS rebinding). Behind a proxy the name is the proxy's affair.
func (o origins) host(r *http.Request, host string) bool {
	if here, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); !ok || o.proxied || !local(here.String()) {
		return true
	}
	return local(host) || slices.Contains(o.shops, nameOf(host)) || (o.public != nil && nameOf(o.public.Host) == nameOf(host))
}

// own is the origin under which the client knows the gateway: that of the shop whose host it called, else the public one, else the one
// that it called if that can be written into a header.
func (o origins) own(r *http.Request, host string) string {
	scheme := "http"
	if r.TLS != nil || o.proxied || (o.public != nil && o.public.Scheme == "https") {
		scheme = "https"
	}
	switch {
	case o.public != nil && !slices.Contains(o.shops, nameOf(host)):
		return o.public.Scheme + "://" + o.public.Host
	case plainHost(host):
		return scheme + "://" + strings.ToLower(host)
	default:
		return ""
	}
}

// local reports whether host, with or without a port, is this machine by its text alone.
func local(host string) bool {
	name := nameOf(host)
	if name == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil && addr.Unmap().IsLoopback()
}

// nameOf is host without its port and final dot, in lower case.
func nameOf(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// plainHost reports whether host is a name or an address, with or without a port, and nothing that would end a quoted string.
func plainHost(host string) bool {
	for i := range len(host) {
		switch b := host[i]; {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', strings.IndexByte(".-_:[]", b) >= 0:
		default:
			return false
		}
	}
	return host != ""
}
