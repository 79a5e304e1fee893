package relay

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// TestGuard is row 68: addresses that a delivery must never reach. The judgement is made on the address that is dialled, so a name
// that resolves to one of them is refused as well.
func TestGuard(t *testing.T) {
	t.Parallel()
	rcv := &receiver{}
	srv := httptest.NewServer(rcv)
	t.Cleanup(srv.Close)
	_, port, err := net.SplitHostPort(srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name         string
		url          string
		allowPrivate bool
	}{
		{"cloud metadata", "https://169.254.169.254/latest", false},
		{"private 10/8", "https://10.1.2.3", false},
		{"private 172.16/12", "https://172.16.0.1", false},
		{"private 192.168/16", "https://192.168.0.1", false},
		{"shared 100.64/10", "https://100.64.0.1", false},
		{"this network", "https://0.0.0.0:" + port, false},
		{"loopback", "https://127.0.0.1:" + port, false},
		{"loopback on 443", "https://127.0.0.1", false},
		{"loopback by name", "https://localhost:" + port, false},
		{"loopback, IPv6", "https://[::1]:" + port, false},
		{"loopback, mapped", "https://[::ffff:127.0.0.1]:" + port, false},
		{"metadata, mapped", "https://[::ffff:169.254.169.254]", false},
		{"loopback by NAT64", "https://[64:ff9b::7f00:1]", false},
		{"loopback by 6to4", "https://[2002:7f00:1::1]", false},
		{"link-local", "https://[fe80::1]", false},
		{"unique local", "https://[fd00::1]", false},
		{"multicast", "https://224.0.0.1", false},
		{"allow_private does not open 10/8", "https://10.1.2.3", true},
		{"allow_private does not open metadata", "https://169.254.169.254", true},
		{"allow_private does not open 10/8 on the url's port", "https://10.1.2.3:8443", true},
		{"private on the url's port", "https://192.168.0.1:8443", false},
		{"metadata on the url's port", "https://169.254.169.254:8080", false},
	} {
		sub := subscription(c.url)
		sub.Webhook.AllowPrivate = c.allowPrivate
		e, err := sub.endpoint(nil)
		if err != nil {
			t.Fatal(err)
		}
		transport := e.transport
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		reply, err := transport.RoundTrip(req)
		if err == nil {
			_ = reply.Body.Close()
		}
		if !errors.Is(err, errBlocked) {
			t.Errorf("%s: %v, want a blocked target", c.name, err)
		} else if got := reason(t.Context(), err); got != "blocked target" {
			t.Errorf("%s: an operator reads %q", c.name, got)
		}
	}
	plain := guardedTransport(443, true, true)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://8.8.8.8:443", nil)
	if err != nil {
		t.Fatal(err)
	}
	if reply, err := plain.RoundTrip(req); !errors.Is(err, errBlocked) {
		if err == nil {
			_ = reply.Body.Close()
		}
		t.Errorf("plain http to a public address: %v, want a blocked target", err)
	}
	if rcv.count() != 0 {
		t.Errorf("%d requests reached loopback", rcv.count())
	}
}

// TestGuardOpensThePortOfTheURL: the seller's own configuration names the port, and no other is opened with it. Nothing is dialled.
func TestGuardOpensThePortOfTheURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url, address string
		open         bool
	}{
		{"https://agent.example/hook", "8.8.8.8:443", true},
		{"https://agent.example/hook", "8.8.8.8:8443", false},
		{"https://agent.example:8443/hook", "8.8.8.8:8443", true},
		{"https://agent.example:8443/hook", "[2001:4860:4860::8888]:8443", true},
		{"https://agent.example:8443/hook", "8.8.8.8:443", false},
		{"https://agent.example:8443/hook", "8.8.8.8:22", false},
		{"https://agent.example:8443/hook", "10.1.2.3:8443", false},
		{"https://agent.example:8443/hook", "127.0.0.1:8443", false},
	} {
		sub := subscription(c.url)
		sub.Webhook.AllowPrivate = false
		_, port, err := sub.check()
		if err != nil {
			t.Fatal(err)
		}
		network := "tcp4"
		if strings.HasPrefix(c.address, "[") {
			network = "tcp6"
		}
		if err := guard(port, false, false)(t.Context(), network, c.address, nil); (err == nil) != c.open || err != nil && !errors.Is(err, errBlocked) {
			t.Errorf("%s reaches %s: %v, want open %v", c.url, c.address, err, c.open)
		}
	}
	for _, bad := range []string{"https://agent.example:0/", "https://agent.example:65536/", "https://agent.example:99999999999/"} {
		if _, err := subscription(bad).endpoint(nil); err == nil || !strings.Contains(err.Error(), "no port") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestNoProxyFromTheEnvironment(t *testing.T) {
	var asked receiver
	proxy := httptest.NewServer(&asked)
	t.Cleanup(proxy.Close)
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	if guardedTransport(443, false, false).Proxy != nil {
		t.Error("the transport asks for a proxy")
	}
}

// TestRedirectIsAFailure: whatever a receiver points at, only the configured address is called.
func TestRedirectIsAFailure(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	var inside receiver
	target := httptest.NewServer(&inside)
	t.Cleanup(target.Close)
	srv := httptest.NewServer(http.RedirectHandler(target.URL, http.StatusTemporaryRedirect))
	t.Cleanup(srv.Close)
	lane(t, st, "s1", testAgent, clock.System().Now(), commerce.OrderCreate)
	startRelay(t, Options{Store: st, Subscriptions: []Subscription{subscription(srv.URL)}})
	eventually(t, "tried", func() bool { return delivery(t, st, "s1").Attempts == 1 })
	if d := delivery(t, st, "s1"); d.State != store.DeliveryPending || d.LastResult != "307" {
		t.Errorf("%s %q, want a failure 307", d.State, d.LastResult)
	}
	if inside.count() != 0 {
		t.Error("the redirect was followed")
	}
}

func TestTLSIsVerified(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	rcv := &receiver{}
	srv := httptest.NewUnstartedServer(rcv)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // of the refused handshakes
	srv.StartTLS()
	t.Cleanup(srv.Close)
	lane(t, st, "s1", testAgent, clock.System().Now(), commerce.OrderCreate)
	first := startRelay(t, Options{Store: st, Subscriptions: []Subscription{subscription(srv.URL)}})
	eventually(t, "tried", func() bool { return delivery(t, st, "s1").Attempts == 1 })
	if err := first.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if d := delivery(t, st, "s1"); d.LastResult != "tls" || rcv.count() != 0 {
		t.Errorf("%q with %d requests, want tls and none", d.LastResult, rcv.count())
	}

	trusted := guardedTransport(443, true, false)
	trusted.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	trusted.TLSClientConfig.RootCAs.AddCert(srv.Certificate())
	lane(t, st, "s2", testAgent, clock.System().Now(), commerce.OrderCreate)
	startRelay(t, Options{Store: st, Owner: "b", Transport: trusted, Subscriptions: []Subscription{subscription(srv.URL)}})
	eventually(t, "delivered", func() bool { return delivery(t, st, "s2").State == store.DeliveryDelivered })
}

func TestReasons(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	resetting := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = c.Close()
		}
	}))
	t.Cleanup(resetting.Close)
	var subs []Subscription
	want := map[string]string{"refused": "connection refused", "reset": "connection failed", "private": "blocked target"}
	for agent, target := range map[string]string{"refused": closed.URL, "reset": resetting.URL, "private": "https://10.0.0.1"} {
		s := subscription(target)
		s.Agent = agent
		subs = append(subs, s)
		lane(t, st, agent, agent, clock.System().Now(), commerce.OrderCreate)
	}
	startRelay(t, Options{Store: st, Subscriptions: subs})
	for agent, text := range want {
		eventually(t, agent, func() bool { return delivery(t, st, agent).Attempts == 1 })
		if d := delivery(t, st, agent); d.LastResult != text {
			t.Errorf("%s: %q, want %q", agent, d.LastResult, text)
		}
	}
	if got := reason(t.Context(), &url.Error{Op: "Post", URL: "https://x", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}); got != "dns" {
		t.Errorf("an unknown name: %q", got)
	}
}
