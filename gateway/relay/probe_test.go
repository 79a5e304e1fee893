package relay

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestProbe tries every way that a receiver can be, and none of them may be sent anything but a handshake.
func TestProbe(t *testing.T) {
	t.Parallel()
	rcv := &receiver{}
	plain := httptest.NewServer(rcv)
	t.Cleanup(plain.Close)
	secured := httptest.NewUnstartedServer(rcv)
	secured.Config.ErrorLog = log.New(io.Discard, "", 0) // of the refused handshakes
	secured.StartTLS()
	t.Cleanup(secured.Close)
	gone := httptest.NewServer(rcv)
	gone.Close()

	roots := x509.NewCertPool()
	roots.AddCert(secured.Certificate())
	port := secured.URL[strings.LastIndex(secured.URL, ":"):]
	for _, c := range []struct {
		name, url string
		trusted   bool
		private   bool
		want      string // of the error; empty: none
	}{
		{"trusted", secured.URL + "/secret-path", true, true, ""},
		{"plain on loopback", plain.URL + "/secret-path", false, true, ""},
		{"another name", "https://localhost" + port + "/secret-path", true, true, "the agent has to serve a certificate for this host"},
		{"unknown authority", secured.URL + "/secret-path", false, true, "the agent has to serve a certificate for this host"},
		{"no TLS there", strings.Replace(plain.URL, "http:", "https:", 1) + "/secret-path", true, true, "the agent has to serve a certificate"},
		{"nothing there", gone.URL + "/secret-path", false, true, "nothing listens there"},
		{"loopback unasked", secured.URL + "/secret-path", true, false, "an address that deliveries may not go to"},
		{"private", "https://10.1.2.3/secret-path", true, true, "an address that deliveries may not go to"},
		{"metadata", "https://169.254.169.254/secret-path", true, true, "an address that deliveries may not go to"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := subscription(c.url)
			s.Webhook.AllowPrivate = c.private
			transport := guardedTransport(443, c.private, strings.HasPrefix(c.url, "http:"))
			if c.trusted {
				transport.TLSClientConfig.RootCAs = roots
			}
			got, err := s.probe(t.Context(), transport)
			if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
				t.Fatalf("error = %v, want %q", err, c.want)
			}
			if err == nil && strings.HasPrefix(c.url, "https") && (got.TLS != "TLS 1.3" || !got.Expires.Equal(secured.Certificate().NotAfter)) {
				t.Errorf("got %+v", got)
			}
			if err != nil && (strings.Contains(err.Error(), "secret-path") || !strings.Contains(err.Error(), "reach ")) {
				t.Errorf("the error shows the path, or not the way: %v", err)
			}
		})
	}
	t.Cleanup(func() {
		if n := rcv.count(); n != 0 {
			t.Errorf("%d requests were sent", n)
		}
	})
}

// TestProbeOldTLS: the guard's own settings decide, not what a receiver would like.
func TestProbeOldTLS(t *testing.T) {
	t.Parallel()
	old := httptest.NewUnstartedServer(http.NotFoundHandler())
	old.Config.ErrorLog = log.New(io.Discard, "", 0)
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	old.StartTLS()
	defer old.Close()
	if _, err := subscription(old.URL).Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "TLS 1.2 or newer") {
		t.Errorf("error = %v", err)
	}
}

// TestProbeSendsNothing looks at the wire: after connecting to a plain receiver there is not one byte.
func TestProbeSendsNothing(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() //nolint:errcheck // a test's listener
	sent := make(chan []byte, 1)
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			sent <- []byte(err.Error())
			return
		}
		defer conn.Close() //nolint:errcheck // a test's connection
		all, _ := io.ReadAll(conn)
		sent <- all
	}()
	if _, err := subscription("http://" + ln.Addr().String() + "/events").Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := <-sent; !bytes.Equal(got, nil) {
		t.Errorf("%q was sent", got)
	}
}
