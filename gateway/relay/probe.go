package relay

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Reception is what [Subscription.Probe] found of a receiver that deliveries can reach.
type Reception struct {
	// TLS names the version that was agreed on, such as "TLS 1.3"; empty for plain HTTP on loopback.
	TLS string
	// Expires is the end of the receiver's certificate; zero without TLS.
	Expires time.Time
}

// Probe goes the way of a delivery up to where an event would be sent, and sends nothing: the name is looked up, the address is judged
// and dialled as for a delivery, and with TLS the handshake is made and the certificate verified. Whether the receiver takes events,
// and knows the secret, only an event shows. Errors name the receiver's host and what to do, and no other part of its URL.
func (s Subscription) Probe(ctx context.Context) (Reception, error) {
	e, err := s.endpoint(nil)
	if err != nil {
		return Reception{}, err
	}
	transport, ok := e.transport.(*http.Transport)
	if !ok {
		return Reception{}, fmt.Errorf("the guarded transport of agent %s is a %T", s.Agent, e.transport)
	}
	return s.probe(ctx, transport)
}

func (s Subscription) probe(ctx context.Context, transport *http.Transport) (got Reception, err error) {
	target, err := url.Parse(s.Webhook.URL)
	if err != nil {
		return got, fmt.Errorf("webhook of agent %s: its url is not an absolute address", s.Agent)
	}
	host, port := target.Hostname(), target.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[target.Scheme]
	}
	ctx, cancel := context.WithTimeoutCause(ctx, attemptTimeout, errAttemptTimeout)
	defer cancel()
	address := net.JoinHostPort(host, port)
	conn, err := transport.DialContext(ctx, "tcp", address)
	if err != nil {
		return got, fmt.Errorf("reach %s: %w: %s", address, err, remedy(reason(ctx, err)))
	}
	// The receiver may have hung up already; what was asked is known by then.
	defer conn.Close() //nolint:errcheck // as said
	if target.Scheme == "http" {
		return got, nil
	}
	settings := transport.TLSClientConfig.Clone()
	settings.ServerName, settings.NextProtos = host, []string{"h2", "http/1.1"}
	secured := tls.Client(conn, settings)
	handshake, cancelHandshake := context.WithTimeout(ctx, transport.TLSHandshakeTimeout)
	defer cancelHandshake()
	if err := secured.HandshakeContext(handshake); err != nil {
		why := reason(ctx, err)
		if why != "timeout" {
			why = "tls" // an alert of the other side is no error type of its own
		}
		return got, fmt.Errorf("reach %s: %w: %s", address, err, remedy(why))
	}
	state := secured.ConnectionState()
	return Reception{TLS: tls.VersionName(state.Version), Expires: state.PeerCertificates[0].NotAfter}, nil
}

// remedy says what to do about one of the words of reason.
func remedy(reason string) string {
	switch reason {
	case "blocked target":
		return "the name leads to an address that deliveries may not go to; the agent has to give a public address"
	case "dns":
		return "correct the host in the webhook's url, or this machine's name service"
	case "tls":
		return "the agent has to serve a certificate for this host that this machine trusts, with its chain, over TLS 1.2 or newer"
	case "connection refused":
		return "nothing listens there; correct the url, or have the agent start its receiver"
	case "timeout":
		return "nothing answered in time; correct the url, or let this machine out through the firewall"
	default:
		return "correct the url, or the network between this machine and the receiver"
	}
}
