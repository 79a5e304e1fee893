package relay

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"sync/atomic"

	"github.com/postern-gateway/postern/config"
)

// Subscription is where an agent hears of its orders. Bodies are frozen in Webhook.Version when an event is committed, so that
// nothing here depends on it.
type Subscription struct {
	Agent   string
	Webhook config.Webhook
}

// endpoint is a subscription with its bulkhead: a slow receiver uses up its own slots and nobody else's.
type endpoint struct {
	Subscription
	transport http.RoundTripper
	slots     chan struct{}
	waiting   atomic.Int64 // deliveries in memory, sending ones included
}

// endpoint checks the subscription. A nil transport means a guarded one.
func (s Subscription) endpoint(transport http.RoundTripper) (*endpoint, error) {
	plain, port, err := s.check()
	if err != nil {
		return nil, err
	}
	if transport == nil {
		transport = guardedTransport(port, s.Webhook.AllowPrivate, plain)
	}
	return &endpoint{Subscription: s, transport: transport, slots: make(chan struct{}, endpointSlots)}, nil
}

// check reports whether the receiver is reached without TLS, and its port. Errors name the agent and no part of the URL but its scheme, because a
// URL can carry a credential.
func (s Subscription) check() (plain bool, port uint16, err error) {
	if s.Agent == "" {
		return false, 0, errors.New("webhook subscription without an agent: name the agent")
	}
	if s.Webhook.Secret.IsZero() {
		return false, 0, fmt.Errorf("webhook of agent %s has no secret: set one, deliveries are signed with it", s.Agent)
	}
	u, err := url.Parse(s.Webhook.URL)
	if err != nil || u.Host == "" || u.User != nil {
		return false, 0, fmt.Errorf("webhook of agent %s: its url is not an absolute address without user and password", s.Agent)
	}
	port = map[string]uint16{"https": 443, "http": 80}[u.Scheme]
	if text := u.Port(); text != "" {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil || n == 0 {
			return false, 0, fmt.Errorf("webhook of agent %s: port %q of its url is no port: use 1 to 65535", s.Agent, text)
		}
		port = uint16(n)
	}
	switch {
	case u.Scheme == "https":
		return false, port, nil
	case u.Scheme == "http" && s.Webhook.AllowPrivate && loopbackName(u.Hostname()):
		return true, port, nil
	default:
		return false, 0, fmt.Errorf("webhook of agent %s: scheme %q is refused; use https, or http to loopback with allow_private", s.Agent, u.Scheme)
	}
}

func loopbackName(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && a.Unmap().IsLoopback())
}
