package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// Limits of one attempt.
const (
	connectTimeout    = 5 * time.Second
	attemptTimeout    = 15 * time.Second
	maxReply          = 64 << 10 // bytes of the reply's body that are read
	maxReplyHeader    = 16 << 10 // bytes of the reply's header
	endpointSlots     = 16       // attempts at once towards one receiver
	endpointQueue     = 256      // deliveries that wait in memory for a slot of one receiver
	idleConnectionTTL = 30 * time.Second
)

// errBlocked says that a receiver's address is one that deliveries must not reach.
var errBlocked = errors.New("blocked target")

// guardedTransport connects to receivers. An agent's URL is hostile input, so the address is judged when it is dialled, after every
// name was resolved: public addresses on the port of the configured URL only. allowPrivate lets loopback through, on any port, and
// nothing else; plain HTTP reaches loopback alone. It follows no redirect, uses no proxy of the environment and verifies TLS.
func guardedTransport(port uint16, allowPrivate, plain bool) *http.Transport {
	dialer := &net.Dialer{Timeout: connectTimeout, ControlContext: guard(port, allowPrivate, plain)}
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    connectTimeout,
		ForceAttemptHTTP2:      true,
		MaxConnsPerHost:        endpointSlots,
		MaxIdleConnsPerHost:    endpointSlots,
		IdleConnTimeout:        idleConnectionTTL,
		MaxResponseHeaderBytes: maxReplyHeader,
		DisableCompression:     true,
	}
}

// guard judges an address before it is dialled.
func guard(port uint16, allowPrivate, plain bool) func(context.Context, string, string, syscall.RawConn) error {
	public := ssrf.New(ssrf.WithPorts(port))
	return func(_ context.Context, network, address string, c syscall.RawConn) error {
		if allowPrivate && loopback(address) {
			return nil
		}
		if plain {
			return fmt.Errorf("%w: plain http off loopback", errBlocked)
		}
		if err := public.Safe(network, address, c); err != nil {
			return fmt.Errorf("%w: %w", errBlocked, err)
		}
		return nil
	}
}

func loopback(address string) bool {
	a, err := netip.ParseAddrPort(address)
	return err == nil && a.Addr().Unmap().IsLoopback()
}
