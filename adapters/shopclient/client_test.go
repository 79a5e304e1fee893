package shopclient

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/gateway/commerce"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// canary stands in every part of a request and an answer that an error must not repeat.
const canary = "canary-ada@example.com"

func call(t *testing.T, h http.HandlerFunc, method string, write bool, o Options) (Response, error) {
	t.Helper()
	srv := httptest.NewServer(h)
	defer srv.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	o.Transport = transport
	return New(o).Do(t.Context(), request(t, srv.URL, method, write))
}

func request(t *testing.T, base, method string, write bool) Request {
	t.Helper()
	u, err := url.Parse(base + "/orders/" + canary + "?email=" + canary)
	if err != nil {
		t.Fatal(err)
	}
	r := Request{Method: method, URL: u, Template: "/orders/{.id}", Header: http.Header{"X-Key": {canary}}, Write: write}
	if method != http.MethodGet {
		r.Body = []byte(`{"email":"` + canary + `"}`)
	}
	return r
}

func wantKind(t *testing.T, err error, want commerce.Kind) {
	t.Helper()
	if commerce.KindOf(err) != want {
		t.Errorf("kind %d, want %d: %v", commerce.KindOf(err), want, err)
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		if strings.Contains(e.Error(), canary) {
			t.Errorf("the error repeats what it must not: %v", e)
		}
	}
}

func answer(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if kind != "" {
			w.Header().Set("Content-Type", kind)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestAnswersAreReadExactly(t *testing.T) {
	t.Parallel()
	r, err := call(t, answer(200, "application/json; charset=utf-8", `{"n":49.2321,"i":7,"big":12345678901234567890,"list":[true,null,"x"]}`), http.MethodGet, false, Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, _ := r.Body.(map[string]any)
	if r.Content != JSON || m["n"] != json.Number("49.2321") || m["i"] != 7 || m["big"] != json.Number("12345678901234567890") {
		t.Errorf("read %#v", r.Body)
	}
	if r, err = call(t, answer(204, "", ""), http.MethodPost, true, Options{}); err != nil || r.Content != Empty || r.Body != nil {
		t.Errorf("204: %+v, %v", r, err)
	}
	if r, err = call(t, answer(200, "text/html", "<h1>Welcome</h1>"), http.MethodPost, true, Options{}); err != nil || r.Content != Other {
		t.Errorf("HTML: %+v, %v", r, err)
	}
	if r, err = call(t, answer(500, "application/json", `{"broken`), http.MethodGet, false, Options{}); err != nil || r.Content != Other || r.Status != 500 {
		t.Errorf("broken JSON with 500: %+v, %v", r, err)
	}
}

func TestUnusableAnswersLeaveAWriteUnknown(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		handler http.HandlerFunc
		o       Options
	}{
		"broken JSON":    {handler: answer(200, "application/json", `{"a":"`+canary)},
		"duplicate keys": {handler: answer(200, "application/json", `{"`+canary+`":1,"`+canary+`":2}`)},
		"bad UTF-8":      {handler: answer(200, "application/json", "{\"a\":\"\xff\"}")},
		"two values":     {handler: answer(200, "application/json", `{} {}`)},
		"too deep":       {handler: answer(200, "application/json", strings.Repeat("[", 200)+strings.Repeat("]", 200))},
		"too large":      {handler: answer(200, "application/json", `{"a":"`+strings.Repeat("x", 5000)+`"}`), o: Options{MaxBody: 4096}},
		"cut in the middle": {handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"email":"`+canary)
		}},
		"no answer in time": {handler: func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // or the server would not notice that the caller has left
			<-r.Context().Done()
		}, o: Options{Timeout: 50 * time.Millisecond}},
		"drip": {handler: func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, " ")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(5 * time.Millisecond)
			}
		}, o: Options{Timeout: 50 * time.Millisecond}},
		"connection cut": {handler: func(w http.ResponseWriter, _ *http.Request) {
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_ = conn.Close()
			}
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := call(t, c.handler, http.MethodPost, true, c.o)
			wantKind(t, err, commerce.Indeterminate)
			_, err = call(t, c.handler, http.MethodGet, false, c.o)
			wantKind(t, err, commerce.Temporary)
		})
	}
}

func TestStatusesMeanWhatTheyMayMean(t *testing.T) {
	t.Parallel()
	cases := []struct {
		status      int
		read, write commerce.Kind
	}{
		{401, commerce.Unauthorized, commerce.Unauthorized},
		{403, commerce.Unauthorized, commerce.Unauthorized},
		{404, commerce.Unexplained, commerce.Unexplained},
		{408, commerce.Temporary, commerce.Indeterminate},
		{409, commerce.Unexplained, commerce.Unexplained},
		{422, commerce.Unexplained, commerce.Unexplained},
		{429, commerce.RateLimited, commerce.RateLimited},
		{500, commerce.Temporary, commerce.Indeterminate},
		{503, commerce.Temporary, commerce.Indeterminate},
		{302, commerce.Temporary, commerce.Indeterminate},
		{202, commerce.Temporary, commerce.Indeterminate},
	}
	for _, c := range cases {
		h := func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/"+canary)
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, canary)
		}
		for write, want := range map[bool]commerce.Kind{false: c.read, true: c.write} {
			r, err := call(t, h, http.MethodPost, write, Options{})
			if err != nil {
				t.Fatalf("%d: %v", c.status, err)
			}
			f := r.Fault()
			wantKind(t, f, want)
			if c.status == 429 && f.RetryAfter != 7*time.Second {
				t.Errorf("429 says to wait %s", f.RetryAfter)
			}
		}
	}
}

func TestRefusedConnectionsAreDefinite(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	c := New(Options{Transport: transport})
	_, err = c.Do(t.Context(), request(t, "http://"+addr, http.MethodPost, true))
	wantKind(t, err, commerce.Temporary)
	_, err = c.Do(t.Context(), request(t, "https://"+addr, http.MethodPost, true))
	wantKind(t, err, commerce.Temporary)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Do(ctx, request(t, "http://"+addr, http.MethodPost, true))
	wantKind(t, err, commerce.Temporary)
}

func TestUntrustedCertificatesAndPlainHTTPAreDefinite(t *testing.T) {
	t.Parallel()
	secure := httptest.NewUnstartedServer(answer(200, "application/json", "{}"))
	secure.Config.ErrorLog = nil
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(answer(200, "application/json", "{}"))
	defer plain.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for _, base := range []string{secure.URL, strings.Replace(plain.URL, "http:", "https:", 1)} {
		_, err := New(Options{Transport: transport}).Do(t.Context(), request(t, base, http.MethodPost, true))
		wantKind(t, err, commerce.Temporary)
	}
}

// transportFunc is a transport that tells nothing about connections, as a wrapper might.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAnUnknownTransportErrorIsNeverDefinite(t *testing.T) {
	t.Parallel()
	c := New(Options{Transport: transportFunc(func(*http.Request) (*http.Response, error) { return nil, errors.New(canary) })})
	_, err := c.Do(t.Context(), request(t, "http://shop.example", http.MethodPost, true))
	wantKind(t, err, commerce.Indeterminate)
}

// deadConnections serves one answer on each connection, reads the next request whole, and then closes without a word: the moment at
// which net/http sends requests again that it believes to be repeatable.
func deadConnections(t *testing.T) (base string, arrivals *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	arrivals = new(atomic.Int32)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			in := bufio.NewReader(conn)
			for i := range 2 {
				req, err := http.ReadRequest(in)
				if err != nil {
					break
				}
				_, _ = io.Copy(io.Discard, req.Body)
				if req.Method != http.MethodGet {
					arrivals.Add(1)
				}
				if i == 0 && req.Method == http.MethodGet {
					_, _ = fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}")
					continue
				}
				break
			}
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return "http://" + l.Addr().String(), arrivals
}

func TestAWriteArrivesOnceOnADeadConnection(t *testing.T) {
	t.Parallel()
	for _, body := range [][]byte{[]byte(`{"a":1}`), {}, nil} {
		base, arrivals := deadConnections(t)
		transport := &http.Transport{}
		c := New(Options{Transport: transport})
		if _, err := c.Do(t.Context(), request(t, base, http.MethodGet, false)); err != nil {
			t.Fatal(err)
		}
		r := request(t, base, http.MethodPost, true)
		r.Body = body
		r.Header.Set("Idempotency-Key", "k1")
		_, err := c.Do(t.Context(), r)
		wantKind(t, err, commerce.Indeterminate)
		transport.CloseIdleConnections()
		if n := arrivals.Load(); n != 1 {
			t.Errorf("body %q: the shop saw the write %d times, want once", body, n)
		}
	}
}

// TestTheTransportResendsWithoutOurBody shows that the test above can fail: the same call by plain means arrives more than once.
func TestTheTransportResendsWithoutOurBody(t *testing.T) {
	t.Parallel()
	base, arrivals := deadConnections(t)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		req, err := http.NewRequestWithContext(t.Context(), method, base+"/x", strings.NewReader(`{"a":1}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Idempotency-Key", "k1")
		resp, err := transport.RoundTrip(req)
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	}
	if n := arrivals.Load(); n < 2 {
		t.Errorf("the shop saw the write %d times; the guard of this package may no longer be needed", n)
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":[1,2.50,-0,1e9,null,true,"x"]}`, `{"a":1,"a":2}`, "\"\xff\"", `[[[[`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Decode(data)
		if err != nil {
			return
		}
		again, err := json.Marshal(v)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if _, err := Decode(again); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	data := []byte(`{"cart":{"id":"C1","lines":[` + strings.TrimSuffix(strings.Repeat(`{"sku":"GRN-0250","price":"17.50","qty":2},`, 20), ",") + `]}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(data); err != nil {
			b.Fatal(err)
		}
	}
}
