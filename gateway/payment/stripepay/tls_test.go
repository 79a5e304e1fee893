package stripepay_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
)

// TestBrokenTLS breaks a real TLS connection. Once the request has gone out the outcome is open, whatever the error below looks like:
// Stripe may have acted before the record broke. Only a handshake that fails proves that nothing was sent.
func TestBrokenTLS(t *testing.T) {
	t.Parallel()
	forged := append([]byte{23, 3, 3, 0, 32}, make([]byte, 32)...) // application data whose tag cannot be right
	for name, c := range map[string]struct {
		handshake []byte // sent in place of the handshake
		reply     string // begins the answer, as it should be
		raw       []byte // then goes past the encryption, before the connection is closed
		want      payment.ErrorKind
		arrived   int32
	}{
		"a forged record":                 {nil, "", forged, payment.Unknown, 1},
		"half a record":                   {nil, "", forged[:20], payment.Unknown, 1},
		"half a record header":            {nil, "", forged[:3], payment.Unknown, 1},
		"plain text":                      {nil, "", []byte("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"), payment.Unknown, 1},
		"a fatal alert in plain text":     {nil, "", []byte{21, 3, 3, 0, 2, 2, 80}, payment.Unknown, 1},
		"a forged record in the header":   {nil, "HTTP/1.1 200 OK\r\nContent-Le", forged, payment.Unknown, 1},
		"a forged record in the body":     {nil, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", forged, payment.Unknown, 1},
		"a forged record in a refusal":    {nil, "HTTP/1.1 402 Payment Required\r\nContent-Length: 99\r\n\r\n{", forged, payment.Unknown, 1},
		"no handshake":                    {[]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), "", nil, payment.Unreachable, 0},
		"a fatal alert for the handshake": {[]byte{21, 3, 3, 0, 2, 2, 40}, "", nil, payment.Unreachable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var arrived atomic.Int32
			processor := behindTLS(t, func(raw net.Conn, config *tls.Config) error {
				if c.handshake != nil {
					_, err := raw.Write(c.handshake)
					_, _ = io.Copy(io.Discard, raw) // a close on unread bytes would reset the connection and take what was written with it
					return err
				}
				secure := tls.Server(raw, config)
				r, err := http.ReadRequest(bufio.NewReader(secure))
				if err != nil {
					return err
				}
				if _, err = io.Copy(io.Discard, r.Body); err != nil {
					return err
				}
				arrived.Add(1)
				if _, err = io.WriteString(secure, c.reply); err == nil {
					_, err = raw.Write(c.raw)
				}
				return err
			})
			_, err := processor.Authorize(t.Context(), payment.AuthorizeRequest{
				Key: "acp:cs_1:auth:1", Terms: processor.Terms(), Amount: commerce.Money{Minor: 1000, Currency: "usd"},
				Token: "spt_secret", SessionID: "cs_1", Attempt: 1, Gateway: "test",
			})
			typed, ok := errors.AsType[*payment.Error](err)
			if !ok || typed.Kind != c.want {
				t.Fatalf("error %v of kind %d, want kind %d", err, payment.KindOf(err), c.want)
			}
			if n := arrived.Load(); n != c.arrived {
				t.Errorf("%d requests arrived, want %d", n, c.arrived)
			}
			if strings.Contains(err.Error(), "spt_") || strings.Contains(err.Error(), "sk_test") {
				t.Errorf("an error shows a secret: %v", err)
			}
		})
	}
}

// behindTLS is a processor in front of a listener on loopback whose connections are in the hands of serve, one after the other.
func behindTLS(t *testing.T, serve func(net.Conn, *tls.Config) error) *stripepay.Processor {
	t.Helper()
	issuer := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	t.Cleanup(issuer.Close)
	roots := x509.NewCertPool()
	roots.AddCert(issuer.Certificate())
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			err = serve(conn, &tls.Config{Certificates: issuer.TLS.Certificates, MinVersion: tls.VersionTLS12})
			if err := errors.Join(err, conn.Close()); err != nil {
				t.Errorf("serve: %v", err)
			}
		}
	})
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		serving.Wait()
	})
	p, err := stripepay.New(stripepay.Settings{SecretKey: "sk_test_1", BaseURL: "https://" + listener.Addr().String()}, stripepay.Options{
		HTTP: &http.Client{Transport: transport}, Clock: clock.System(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}
