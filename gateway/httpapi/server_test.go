package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/httpapi"
)

// serve runs a server until the test ends and returns it.
func serve(t *testing.T, o httpapi.ServerOptions) *httpapi.Server {
	t.Helper()
	s, err := httpapi.NewServer(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

// certificate writes a certificate for 127.0.0.1 with its key and returns their files and the pool that trusts it.
func certificate(t *testing.T) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for name, data := range map[string][]byte{cert: chain, key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(chain)
	return cert, key, roots
}

func TestPlainHTTPStaysOnLoopback(t *testing.T) {
	t.Parallel()
	cert, key, _ := certificate(t)
	for _, c := range []struct {
		o  httpapi.ServerOptions
		ok bool
	}{
		{httpapi.ServerOptions{Listen: "127.0.0.1:0"}, true},
		{httpapi.ServerOptions{Listen: "localhost:0"}, true},
		{httpapi.ServerOptions{Listen: ":0"}, false},
		{httpapi.ServerOptions{Listen: "0.0.0.0:0"}, false},
		{httpapi.ServerOptions{Listen: "0.0.0.0:0", Proxied: true}, true},
		{httpapi.ServerOptions{Listen: "0.0.0.0:0", Cert: cert, Key: key}, true},
		{httpapi.ServerOptions{Listen: "127.0.0.1:0", Cert: cert}, false},
		{httpapi.ServerOptions{Listen: "127.0.0.1:0", Cert: key, Key: cert}, false},
		{httpapi.ServerOptions{Listen: "not an address"}, false},
	} {
		s, err := httpapi.NewServer(t.Context(), c.o)
		if (err == nil) != c.ok {
			t.Errorf("%+v: %v", c.o, err)
		}
		if err == nil {
			if err := s.Shutdown(t.Context()); err != nil { // a server that never ran leaves no listener
				t.Error(err)
			}
		}
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cert, key, roots := certificate(t)
	s := serve(t, httpapi.ServerOptions{Listen: "127.0.0.1:0", Handler: w.handler, Cert: cert, Key: key})
	if !s.TLS() {
		t.Error("the server says that it speaks no TLS")
	}
	for version, ok := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10, MaxVersion: version}, ForceAttemptHTTP2: true}
		client := &http.Client{Transport: transport}
		answer, err := client.Get("https://" + s.Addr().String() + "/healthz")
		if (err == nil) != ok {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil {
			if answer.StatusCode != http.StatusOK || answer.ProtoMajor != 2 {
				t.Errorf("%s: %s %s", tls.VersionName(version), answer.Proto, answer.Status)
			}
			answer.Body.Close() //nolint:errcheck // a read body
		}
		transport.CloseIdleConnections()
	}
	if !strings.Contains(w.log.String(), `"tls":"TLS 1.3"`) {
		t.Errorf("the log does not name the version: %s", w.log)
	}
}

// raw sends text over a connection and reads one answer.
func raw(t *testing.T, addr, text string) (status int, body string, closes bool) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // a test's connection
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%.80q: %v", text, err)
	}
	data, _ := io.ReadAll(answer.Body) // a server that refuses to read on may reset the connection behind its answer
	if err := answer.Body.Close(); err != nil {
		t.Log(err)
	}
	return answer.StatusCode, string(data), answer.Close
}

func TestRawRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := serve(t, httpapi.ServerOptions{Listen: "127.0.0.1:0", Handler: w.handler})
	head := "Host: main.example\r\nAuthorization: Bearer " + tokenA + "\r\nAPI-Version: " + newest + "\r\nContent-Type: application/json\r\nConnection: close\r\n"
	size := fmt.Sprintf("Content-Length: %d\r\n", len(lineItems))
	for _, c := range []struct {
		name, text string
		status     int
		flat       bool
	}{
		{"one length", "POST /checkout_sessions HTTP/1.1\r\n" + head + "Idempotency-Key: 1\r\n" + size + "\r\n" + lineItems, 201, false},
		{"two lengths", "POST /checkout_sessions HTTP/1.1\r\n" + head + "Idempotency-Key: 2\r\n" + size + "Content-Length: 1\r\n\r\n" + lineItems, 400, false},
		{"chunks", "POST /checkout_sessions HTTP/1.1\r\n" + head + "Idempotency-Key: 3\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(lineItems), lineItems), 201, false},
		{"broken chunks", "POST /checkout_sessions HTTP/1.1\r\n" + head + "Idempotency-Key: 4\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, true},
		{"no host", "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", 400, false},
		{"long header", "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("x", 40<<10) + "\r\nConnection: close\r\n\r\n", 431, false},
		{"options of everything", "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404, true},
		{"another origin", "GET http://evil.example/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200, false},
		{"too long, told at once", "POST /checkout_sessions HTTP/1.1\r\n" + head + "Idempotency-Key: 5\r\nContent-Length: 99999999\r\n\r\n{", 413, true},
	} {
		status, body, _ := raw(t, s.Addr().String(), c.text)
		if status != c.status || c.flat != strings.HasPrefix(body, `{"type":"invalid_request"`) {
			t.Errorf("%s: %d %s", c.name, status, body)
		}
	}
	if n := w.shelf.opened(); n != 2 {
		t.Errorf("%d sessions were opened, want 2", n)
	}
}

// TestRefusedByTheServer pins what net/http answers by itself, see the package's comment: a status and fixed words, the connection closed,
// nothing of the request in the answer or the log, and no handler called.
func TestRefusedByTheServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := serve(t, httpapi.ServerOptions{Listen: "127.0.0.1:0", Handler: w.handler, Log: slog.New(slog.NewJSONHandler(w.log, nil))})
	const secret = "tok_of_the_buyer"
	line, host, token := "POST /checkout_sessions HTTP/1.1\r\n", "Host: x\r\n", "Authorization: Bearer "+secret+"\r\n"
	for _, c := range []struct {
		name, text string
		status     int
	}{
		{"no request line", secret + "\r\n\r\n", 400},
		{"a method that is none", "PO(ST /" + secret + " HTTP/1.1\r\n" + host + "\r\n", 400},
		{"a path that is none", "POST :" + secret + " HTTP/1.1\r\n" + host + "\r\n", 400},
		{"a protocol that is none", "POST / HTTP/9 " + secret + "\r\n" + host + "\r\n", 400},
		{"a newer protocol", "POST /" + secret + " HTTP/3.0\r\n" + host + token + "\r\n", 505},
		{"no host", line + token + "\r\n", 400},
		{"two hosts", line + host + "Host: " + secret + "\r\n\r\n", 400},
		{"a header name with a blank", line + host + "X " + secret + ": 1\r\n\r\n", 400},
		{"a header with a control character", line + host + "X-Note: " + secret + "\x00\r\n\r\n", 400},
		{"a header without a colon", line + host + secret + "\r\n\r\n", 400},
		{"two lengths", line + host + token + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}" + secret, 400},
		{"a length that is no number", line + host + token + "Content-Length: two\r\n\r\n{}" + secret, 400},
		{"another transfer encoding", line + host + token + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
		{"headers over the limit", line + host + token + "X-Long: " + strings.Repeat(secret, 4<<10) + "\r\n\r\n", 431},
	} {
		status, body, closes := raw(t, s.Addr().String(), c.text)
		if status != c.status || !closes || strings.Contains(body, secret) || len(body) > 100 {
			t.Errorf("%s: %d %.200q, closes: %v; want %d and a few words", c.name, status, body, closes, c.status)
		}
	}
	if log := w.log.String(); log != "" {
		t.Errorf("the handler was called, or something was logged: %s", log)
	}
}

// TestSlowBody uses the handler behind a server with a short patience: 15 s would be a long test.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := httptest.NewUnstartedServer(w.handler)
	s.Config.ReadTimeout = 150 * time.Millisecond
	s.Start()
	defer s.Close()
	status, body, closes := raw(t, s.Listener.Addr().String(), "POST /checkout_sessions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+tokenA+"\r\nAPI-Version: "+newest+
		"\r\nIdempotency-Key: k\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	if status != http.StatusRequestTimeout || !strings.Contains(body, `"code":"request_timeout"`) || !closes {
		t.Errorf("%d %s, closes: %v", status, body, closes)
	}
}

func TestShutdownWaitsForCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	started, finish := make(chan struct{}), make(chan struct{})
	var once atomic.Bool
	w.shelf.before = func(context.Context, string) error {
		if once.CompareAndSwap(false, true) {
			close(started)
			<-finish
		}
		return nil
	}
	s, err := httpapi.NewServer(t.Context(), httpapi.ServerOptions{Listen: "127.0.0.1:0", Handler: w.handler})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	status := make(chan int, 1)
	go func() {
		q, err := http.NewRequest(http.MethodPost, "http://"+s.Addr().String()+"/checkout_sessions", bytes.NewReader([]byte(lineItems)))
		if err != nil {
			panic(err)
		}
		q.Header = http.Header{
			"Authorization": {"Bearer " + tokenA}, "Api-Version": {newest}, "Idempotency-Key": {"k"}, "Content-Type": {"application/json"},
		}
		answer, err := transport.RoundTrip(q)
		if err != nil {
			status <- 0
			return
		}
		answer.Body.Close() //nolint:errcheck // not read
		status <- answer.StatusCode
	}()
	<-started
	stopped := make(chan error, 1)
	go func() { stopped <- s.Shutdown(context.Background()) }()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if _, err := net.DialTimeout("tcp", s.Addr().String(), time.Second); err == nil {
		t.Error("the server takes connections while it stops")
	}
	close(finish)
	if got := <-status; got != http.StatusCreated {
		t.Errorf("the running call was answered %d", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Errorf("a second call: %v", err)
	}
}

func TestShutdownWithoutPatience(t *testing.T) {
	t.Parallel()
	started := make(chan struct{})
	s, err := httpapi.NewServer(t.Context(), httpapi.ServerOptions{Listen: "127.0.0.1:0", Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(started)
		<-r.Context().Done()
	})})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // a test's connection
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-started
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); err == nil {
		t.Error("calls were cut off and nobody was told")
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}
